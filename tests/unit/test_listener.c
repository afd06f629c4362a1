#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/listener.h"
#include "tests/tap.h"

/* Each test listens on `path`, a unix socket in a fresh directory, or on loopback. */

static char directory[] = "/tmp/test_listener.XXXXXX";
static char path[64];
static struct listener listener;

static bool
is_there(const char *file)
{
	struct stat stat;

	return lstat(file, &stat) == 0;
}

static void
others_can_be_let_in(void)
{
	const struct group *group = getgrgid(getgid());
	struct stat stat;

	listener_open(&listener, path);
	OK(listener_grant(&listener, 0666, "") == 0 && lstat(path, &stat) == 0 && (stat.st_mode & 0777) == 0666,
	    "a socket can be given a mode");
	OK(group != NULL && listener_grant(&listener, 0660, group->gr_name) == 0 && lstat(path, &stat) == 0 &&
		stat.st_gid == group->gr_gid && (stat.st_mode & 0777) == 0660,
	    "and a group");
	OK(listener_grant(&listener, 0660, "no such group") == -ENOENT, "which must be there");
	listener_close(&listener);
	OK(listener_open(&listener, ":0") == 0 && listener_grant(&listener, 0600, "no such group") == 0,
	    "a TCP socket needs none");
	listener_close(&listener);
}

static void
a_unix_socket_comes_and_goes(void)
{
	char address[80], name[LISTENER_NAME_MAX];
	struct stat stat;

	snprintf(address, sizeof(address), "unix:%s", path);
	OK(listener_open(&listener, address) == 0 && listener_is(listener.fd), "unix:/path listens");
	OK(lstat(path, &stat) == 0 && (stat.st_mode & 0777) == 0660, "its mode is 0660");
	listener_name(listener.fd, name);
	OK(strcmp(name, address) == 0, "its name is its address");
	listener_close(&listener);
	OK(!is_there(path), "its file goes with it");
	OK(listener_open(&listener, path) == 0, "the path alone will do");
	listener_close(&listener);
}

static void
one_that_listens_is_left_alone(void)
{
	struct listener second;

	OK(listener_open(&listener, path) == 0 && listener_open(&second, path) == -EADDRINUSE,
	    "a live socket is refused");
	OK(is_there(path), "and still there");
	listener_close(&listener);
}

static void
a_stale_one_is_replaced(void)
{
	listener_open(&listener, path);
	close(listener.fd);
	listener.fd = -1;
	OK(is_there(path) && listener_open(&listener, path) == 0, "a socket that nobody listens on is replaced");
	listener_close(&listener);
}

static void
only_our_own_file_is_removed(void)
{
	struct listener second;

	listener_open(&listener, path);
	unlink(path);
	listener_open(&second, path);
	listener_close(&listener);
	OK(is_there(path), "the file of who came after us stays");
	listener_close(&second);

	fclose(fopen(path, "w"));
	OK(listener_open(&listener, path) == -EEXIST && is_there(path), "so does a file that is no socket");
	unlink(path);
}

static bool
listens_as(const char *address, const char *host)
{
	char name[LISTENER_NAME_MAX];
	bool same;

	if (listener_open(&listener, address) < 0)
		return false;
	listener_name(listener.fd, name);
	same = strncmp(name, host, strlen(host)) == 0;
	listener_close(&listener);
	return same;
}

static void
tcp_is_loopback_unless_said(void)
{
	OK(listens_as(":0", "127.0.0.1:"), "a port alone is on loopback");
	OK(listens_as("0.0.0.0:0", "0.0.0.0:"), "an address is taken at its word");
	if (listener_open(&listener, "[::1]:0") == -EADDRNOTAVAIL) {
		printf("# no IPv6 here\n");
		return;
	}
	listener_close(&listener);
	OK(listens_as("[::1]:0", "[::1]:"), "one with colons stands in brackets");
}

static void
other_forms_are_refused(void)
{
	char longest[200] = "unix:/";

	OK(listener_open(&listener, "") == -EINVAL && listener_open(&listener, "name") == -EINVAL &&
		listener_open(&listener, "127.0.0.1:") == -EINVAL &&
		listener_open(&listener, "127.0.0.1:http") == -EINVAL &&
		listener_open(&listener, "::1:80") == -EINVAL && listener_open(&listener, "unix:path") == -EINVAL,
	    "what is no address is refused");
	memset(longest + 6, 'a', sizeof(longest) - 7);
	OK(listener_open(&listener, longest) == -ENAMETOOLONG, "and a path that does not fit");
	OK(!listener_is(-1) && !listener_is(STDOUT_FILENO), "what does not listen is no listener");
}

int
main(void)
{
	if (mkdtemp(directory) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/socket", directory);

	a_unix_socket_comes_and_goes();
	others_can_be_let_in();
	one_that_listens_is_left_alone();
	a_stale_one_is_replaced();
	only_our_own_file_is_removed();
	tcp_is_loopback_unless_said();
	other_forms_are_refused();

	rmdir(directory);
	return tap_done();
}
