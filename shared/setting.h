/*
 * setting - a row of the table in conf.c, and what its types have in common.
 *
 * A value lies in struct conf, where the row says. Pure.
 */
#ifndef SHARED_SETTING_H
#define SHARED_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/valid.h"

struct buf;
struct conf;

enum setting_type {
	SETTING_TEXT,
	SETTING_SECRET, /* text that is never shown */
	SETTING_LIST,   /* text of comma-separated items */
	SETTING_NUMBER,
	SETTING_BYTES, /* a number that K, M or G may follow */
	SETTING_SIZE,  /* the same of 64 bits */
	SETTING_OCTAL,
	SETTING_BOOL,
	SETTING_LEVEL,
	SETTING_NETWORKS,
};

struct setting {
	const char *name;
	enum setting_type type;
	size_t field;             /* its offset in struct conf */
	const char *default_text; /* as one would write it */
	uint64_t min, max;        /* of the four kinds of number */
	valid_text *check;        /* of text, and of each item of a list; NULL is anything */
	const char *allowed;      /* what is no number must be that */
	const char *meaning;
	const char *group; /* that begins with this one, or NULL */
	bool reload;       /* the sidecar looks at it anew each time: it may change while it runs */
};

/*
 * Replaces the value in conf by what a text says. Returns 0, -ENOMEM, or
 * -EINVAL for a text that is not allowed; then *ret_bad may point at the wrong
 * item within it.
 */
int setting_assign(const struct setting *setting, struct conf *conf, const char *text, const char **ret_bad);

/* Frees what the value points to. */
void setting_free(const struct setting *setting, struct conf *conf);

bool setting_same(const struct setting *setting, const struct conf *a, const struct conf *b);
void setting_swap(const struct setting *setting, struct conf *a, struct conf *b);

/* Appends what is allowed, for a complaint or a description. */
void setting_put_allowed(const struct setting *setting, struct buf *buf);

#endif
