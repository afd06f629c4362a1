#include <cjson/cJSON.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/template/limits.h"
#include "fcgi/template/render.h"
#include "fcgi/template/templates.h"
#include "shared/buf.h"
#include "tests/tap.h"

/* Each test runs in a fresh working directory, whose folder "t" has the templates. */

enum { THREADS = 4, CHANGES = 200 };

static char directory[] = "/tmp/test_template_XXXXXX";
static const struct render_input nothing;
static struct templates *templates;
static struct buf written, error;

static void
put_file(const char *path, const char *text)
{
	FILE *stream = fopen(path, "w");

	fputs(text, stream);
	fclose(stream);
}

/* As editors do it: nobody sees half a file. */
static void
swap_file(const char *path, const char *text)
{
	put_file("swap", text);
	rename("swap", path);
}

static int
render(const char *name)
{
	buf_clear(&written);
	buf_clear(&error);
	return templates_render(templates, name, &nothing, &written, &error);
}

static bool
renders(const char *name, const char *expected)
{
	return render(name) == 0 && strcmp(buf_cstr(&written), expected) == 0;
}

static bool
refuses(const char *name, int r, const char *message)
{
	if (render(name) == r && strcmp(buf_cstr(&error), message) == 0)
		return true;
	printf("# %s\n", buf_cstr(&error));
	return false;
}

static void
files_are_read(void)
{
	put_file("t/a.html", "A");
	put_file("t/sub/b.html", "B{% include 'a.html' %}");
	put_file("t/..dots", "");
	OK(renders("a.html", "A") && renders("sub/b.html", "BA"), "names are paths within the folder");
	OK(refuses("gone.html", -ENOENT, "no template 'gone.html'"), "a file that is not there");
	OK(refuses("sub", -ENOENT, "no template 'sub'") && refuses("a.html/x", -ENOENT, "no template 'a.html/x'"),
	    "a folder, or a file as one");
	put_file("t/wrong.html", "\n{% if %}");
	OK(refuses("wrong.html", -EINVAL, "wrong.html:2: expected a value, found '%}'"), "a file that is wrong");
	mkfifo("t/fifo", 0600);
	OK(refuses("fifo", -ENOENT, "no template 'fifo'"), "a fifo is no file, and holds nobody up");
	truncate("t/a.html", TEMPLATE_MAX_BYTES + 1);
	OK(refuses("a.html", -EFBIG, "'a.html' is larger than 1048576 bytes"), "a file that is too large");
}

static void
nothing_outside_is_read(void)
{
	static const char *const names[] = { "../secret", "/etc/passwd", "sub/../../secret", "./a.html", "sub//b.html",
		".hidden", "sub/.hidden", "", "/", "a.html/", "..", "sub/.." };

	put_file("secret", "SECRET");
	put_file("t/.hidden", "SECRET");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char message[64];

		snprintf(message, sizeof(message), "'%s' is not within the template folder", names[i]);
		OK(refuses(names[i], -EPERM, message), names[i][0] ? names[i] : "the empty name");
	}
	put_file("t/in.html", "{% include '../secret' ignore missing %}");
	OK(refuses("in.html", -EPERM, "in.html:1: '../secret' is not within the template folder"), "an include of ..");
	put_file("t/ex.html", "\n{% extends '/etc/passwd' %}");
	OK(refuses("ex.html", -EPERM, "ex.html:2: '/etc/passwd' is not within the template folder"),
	    "an absolute extends");
}

static void
links_stay_inside(void)
{
	put_file("t/a.html", "A");
	mkdir("t2", 0700);
	put_file("t2/near", "SECRET");
	symlink("../secret", "t/file");
	symlink("..", "t/up");
	symlink("/etc", "t/etc");
	symlink("../t2", "t/t2");
	symlink("a.html", "t/alias.html");
	OK(refuses("file", -EPERM, "'file' is not within the template folder"), "a link to a file outside");
	OK(refuses("up/secret", -EPERM, "'up/secret' is not within the template folder") &&
		refuses("etc/passwd", -EPERM, "'etc/passwd' is not within the template folder"),
	    "a link to a folder outside");
	OK(refuses("t2/near", -EPERM, "'t2/near' is not within the template folder"), "a folder of a similar name");
	OK(renders("alias.html", "A"), "a link that stays inside");
	OK(renders("alias.html", "A"), "again");
	unlink("t/alias.html");
	symlink("../secret", "t/alias.html");
	OK(refuses("alias.html", -EPERM, "'alias.html' is not within the template folder"), "which then leads out");
}

static void
the_folder_is_needed(void)
{
	struct templates *other = templates_new("nowhere"), *linked = templates_new("link");

	buf_clear(&error);
	OK(templates_render(other, "a.html", &nothing, &written, &error) == -ENOTDIR &&
		strcmp(buf_cstr(&error), "no template folder 'nowhere': No such file or directory") == 0,
	    "a folder that is not there is said");
	symlink("t", "link");
	buf_clear(&written);
	OK(templates_render(linked, "a.html", &nothing, &written, &error) == 0 && strcmp(buf_cstr(&written), "A") == 0,
	    "the folder may be a link");
	unlink("link");
	symlink("t2", "link");
	OK(templates_render(linked, "near", &nothing, &written, &error) == 0 &&
		strcmp(buf_cstr(&written), "ASECRET") == 0,
	    "and lead elsewhere later");
	templates_free(linked);
	templates_free(other);
}

static void
changes_are_seen(void)
{
	bool all = true;

	for (int i = 0; i < 50; i++) {
		char text[8];

		snprintf(text, sizeof(text), "%d", i % 10);
		put_file("t/change.html", text);
		all = all && renders("change.html", text);
	}
	OK(all, "files rewritten at once, of the same size");
	usleep(150 * 1000);
	OK(renders("change.html", "9") && renders("change.html", "9"), "one that rests is kept");
	usleep(20 * 1000);
	put_file("t/change.html", "N");
	OK(renders("change.html", "N"), "and read again when it changes");
	swap_file("t/change.html", "{% broken");
	OK(render("change.html") == -EINVAL, "a change for the worse is told");
	swap_file("t/change.html", "X");
	OK(renders("change.html", "X"), "and mended");
	unlink("t/change.html");
	OK(refuses("change.html", -ENOENT, "no template 'change.html'"), "a file that went away is gone");
}

static atomic_bool stop;
static atomic_int wrong, rendered;

/* A render sees one version of the part, whenever it is changed. */
static void *
render_until_told(void *unused)
{
	struct buf page = BUF_INIT, why = BUF_INIT;
	cJSON *data = cJSON_Parse("{\"list\": [1, 2, 3], \"name\": \"<&>\"}");
	struct render_input input = { .data = data };

	(void)unused;
	while (!stop) {
		buf_clear(&page);
		if (templates_render(templates, "page.html", &input, &page, &why) < 0) {
			printf("# %s\n", buf_cstr(&why));
			wrong++;
		} else if (strcmp(buf_cstr(&page), "[1:one 2:one 3:one ]&lt;&amp;&gt;") != 0 &&
		    strcmp(buf_cstr(&page), "[1:two2 2:two2 3:two2 ]&lt;&amp;&gt;") != 0) {
			printf("# %s\n", buf_cstr(&page));
			wrong++;
		}
		rendered++;
	}
	cJSON_Delete(data);
	buf_free(&why);
	buf_free(&page);
	return NULL;
}

static void
threads_render_while_files_change(void)
{
	pthread_t threads[THREADS];

	put_file("t/base.html", "[{% block all %}{% endblock %}]{{ name }}");
	put_file("t/page.html",
	    "{% extends 'base.html' %}{% block all %}{% for i in list %}{{ i }}:{% include 'part.html' %} {% endfor %}"
	    "{% endblock %}");
	put_file("t/part.html", "one");
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, render_until_told, NULL);
	for (int i = 0; i < CHANGES; i++) {
		swap_file("t/part.html", i % 2 == 0 ? "{{ 'two' }}2" : "one");
		usleep(1000);
	}
	stop = true;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("# %d pages\n", rendered);
	OK(wrong == 0 && rendered > 0, "each page is of one version");
}

static void
clean_up(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	if (system(command) != 0)
		printf("# %s is left\n", directory);
}

int
main(void)
{
	if (mkdtemp(directory) == NULL || chdir(directory) < 0)
		return 99;
	mkdir("t", 0700);
	mkdir("t/sub", 0700);
	templates = templates_new("t");
	files_are_read();
	nothing_outside_is_read();
	links_stay_inside();
	the_folder_is_needed();
	changes_are_seen();
	threads_render_while_files_change();
	templates_free(templates);
	buf_free(&written);
	buf_free(&error);
	clean_up();
	return tap_done();
}
