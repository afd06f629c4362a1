#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fcgi/template/loader.h"
#include "fcgi/template/render.h"
#include "fcgi/template/template.h"
#include "fcgi/template/templates.h"
#include "shared/buf.h"
#include "shared/hash.h"

struct entry {
	char *name;
	struct template *template;
	struct loader_version version;
	struct timespec looked; /* at the file, last */
	UT_hash_handle hh;
};

struct templates {
	char *folder;
	pthread_mutex_t lock; /* over entries; files are read and parsed without it */
	struct entry *entries;
};

const char *
templates_folder(const struct templates *templates)
{
	return templates->folder;
}

struct templates *
templates_new(const char *folder)
{
	struct templates *templates = calloc(1, sizeof(*templates));

	if (templates == NULL)
		return NULL;
	templates->folder = strdup(folder);
	if (templates->folder == NULL) {
		free(templates);
		return NULL;
	}
	pthread_mutex_init(&templates->lock, NULL);
	return templates;
}

static void
remove_entry(struct templates *templates, struct entry *entry)
{
	HASH_DEL(templates->entries, entry);
	template_unref(entry->template);
	free(entry->name);
	free(entry);
}

void
templates_free(struct templates *templates)
{
	if (templates == NULL)
		return;
	while (templates->entries != NULL)
		remove_entry(templates, templates->entries);
	pthread_mutex_destroy(&templates->lock);
	free(templates->folder);
	free(templates);
}

/* --- the cache ------------------------------------------------------------------------ */

/*
 * The tick of the clock that also gives files their times. Two looks at a file
 * within one would tell the same.
 */
static struct timespec
tick(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now;
}

static bool
was_looked_at(const struct entry *entry)
{
	struct timespec now = tick();

	return !entry->version.unsettled && entry->looked.tv_sec == now.tv_sec && entry->looked.tv_nsec == now.tv_nsec;
}

/*
 * What is kept of a name, with a reference; NULL when nothing is. *ret_current
 * tells that there is no need to look at the file.
 */
static struct template *
kept(struct templates *templates, const char *name, struct loader_version *ret_version, bool *ret_current)
{
	struct template *template = NULL;
	struct entry *entry;

	pthread_mutex_lock(&templates->lock);
	HASH_FIND_STR(templates->entries, name, entry);
	if (entry != NULL) {
		template = template_ref(entry->template);
		*ret_version = entry->version;
		*ret_current = was_looked_at(entry);
	}
	pthread_mutex_unlock(&templates->lock);
	return template;
}

/* Returns NULL when out of memory. */
static struct entry *
add_entry(struct templates *templates, const char *name)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return NULL;
	entry->name = strdup(name);
	if (entry->name == NULL) {
		free(entry);
		return NULL;
	}
	HASH_ADD_KEYPTR(hh, templates->entries, entry->name, strlen(entry->name), entry);
	if (!HASH_ADDED(entry)) {
		free(entry->name);
		free(entry);
		return NULL;
	}
	return entry;
}

/* Remembers that the file of this template was looked at. */
static void
note_look(struct templates *templates, const char *name, const struct template *template)
{
	struct entry *entry;

	pthread_mutex_lock(&templates->lock);
	HASH_FIND_STR(templates->entries, name, entry);
	if (entry != NULL && entry->template == template)
		entry->looked = tick();
	pthread_mutex_unlock(&templates->lock);
}

/* Keeps a template in place of an older version. Without memory it is not kept, and that is no failure. */
static void
keep(struct templates *templates, const char *name, struct template *template, const struct loader_version *version)
{
	struct entry *entry;

	pthread_mutex_lock(&templates->lock);
	HASH_FIND_STR(templates->entries, name, entry);
	if (entry == NULL)
		entry = add_entry(templates, name);
	if (entry != NULL) {
		template_unref(entry->template);
		entry->template = template_ref(template);
		entry->version = *version;
	}
	pthread_mutex_unlock(&templates->lock);
}

static void
forget(struct templates *templates, const char *name)
{
	struct entry *entry;

	pthread_mutex_lock(&templates->lock);
	HASH_FIND_STR(templates->entries, name, entry);
	if (entry != NULL)
		remove_entry(templates, entry);
	pthread_mutex_unlock(&templates->lock);
}

/* --- finding ------------------------------------------------------------------------------ */

static int
load(struct templates *templates, const char *name, struct template **ret, struct buf *error)
{
	struct loader_version version;
	struct buf source = BUF_INIT;
	int r;

	r = loader_read(templates->folder, name, &source, &version, error);
	if (r == 0)
		r = template_parse(name, (struct span){ (const char *)source.data, source.len }, ret, error);
	if (r == 0)
		keep(templates, name, *ret, &version);
	else
		forget(templates, name);
	buf_free(&source);
	return r;
}

/* A template_find. */
static int
find(void *context, const char *name, struct template **ret, struct buf *error)
{
	struct templates *templates = context;
	struct loader_version version;
	bool current = false;
	struct template *template = kept(templates, name, &version, &current);

	if (template != NULL && !current) {
		current = loader_is_current(templates->folder, name, &version);
		if (current)
			note_look(templates, name, template);
	}
	if (current) {
		*ret = template;
		return 0;
	}
	template_unref(template);
	return load(templates, name, ret, error);
}

int
templates_render(
    struct templates *templates, const char *name, const struct render_input *input, struct buf *out, struct buf *error)
{
	return render_template(find, templates, name, input, out, error);
}
