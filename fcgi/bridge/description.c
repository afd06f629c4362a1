#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "fcgi/bridge/description.h"
#include "shared/jsonput.h"
#include "fcgi/bridge/merged.h"
#include "fcgi/fields.h"
#include "fcgi/ws/meta.h"
#include "shared/buf.h"
#include "shared/jsonprint.h"
#include "shared/path.h"

static void
put_pair(struct buf *buf, const struct merged_pair *pair)
{
	jsonput_name(buf, pair->name);
	jsonput_string(buf, span_of_buf(&pair->value));
}

/* An object of all pairs. */
static int
put_fields(struct buf *buf, const struct fields *fields, bool join)
{
	struct merged *merged = NULL;
	int r = merged_add(&merged, fields, join);

	buf_u8(buf, '{');
	for (const struct merged_pair *pair = merged_first(merged); pair != NULL; pair = pair->next) {
		put_pair(buf, pair);
		if (pair->next != NULL)
			buf_u8(buf, ',');
	}
	buf_u8(buf, '}');
	merged_free(merged);
	return r;
}

/* A number when the pattern says that it is one. Digits are taken as they are: "+007" would be no JSON. */
static void
put_typed(struct buf *buf, const struct path_param *param)
{
	cJSON *number;
	char *text;

	if (param->type == PATH_INT) {
		buf_printf(buf, "%" PRId64, param->integer);
	} else if (param->type == PATH_FLOAT) {
		number = cJSON_CreateNumber(param->real);
		text = number != NULL ? jsonprint(number) : NULL;
		buf_string(buf, text != NULL ? text : "null");
		cJSON_free(text);
		cJSON_Delete(number);
	} else {
		jsonput_string(buf, (struct span){ param->value, param->len });
	}
}

int
description_params(struct buf *buf, const struct meta *meta)
{
	struct path_match match = { 0 };
	const struct merged_pair *pair;
	struct merged *merged = NULL;
	int r = merged_add(&merged, meta_params(meta), false);

	path_match(meta_pattern(meta), meta_path(meta), strlen(meta_path(meta)), &match);
	pair = merged_first(merged);
	buf_u8(buf, '{');
	for (size_t i = 0; pair != NULL; i++, pair = pair->next) {
		if (i > 0)
			buf_u8(buf, ',');
		if (i < match.n) { /* the path's come first, and no name twice */
			jsonput_name(buf, match.params[i].name);
			put_typed(buf, &match.params[i]);
		} else {
			put_pair(buf, pair);
		}
	}
	buf_u8(buf, '}');
	merged_free(merged);
	return r;
}

static int
put_user(struct buf *buf, const struct cJSON *user)
{
	char *text = user != NULL ? jsonprint(user) : NULL;

	if (user != NULL && text == NULL)
		return -ENOMEM;
	buf_string(buf, text != NULL ? text : "null");
	cJSON_free(text);
	return 0;
}

int
description_put(struct buf *buf, struct meta *meta)
{
	int r;

	jsonput_name(buf, "path");
	jsonput_string(buf, span_of(meta_path(meta)));
	buf_string(buf, ",\"route\":");
	jsonput_string(buf, span_of(path_pattern_text(meta_pattern(meta))));
	buf_string(buf, ",\"ip\":");
	jsonput_string(buf, span_of(meta_ip(meta)));
	buf_string(buf, ",\"protocol\":");
	if (meta_protocol(meta) != NULL)
		jsonput_string(buf, span_of(meta_protocol(meta)));
	else
		buf_string(buf, "null");
	buf_string(buf, ",\"params\":");
	r = description_params(buf, meta);
	buf_string(buf, ",\"headers\":");
	if (r == 0)
		r = put_fields(buf, meta_headers(meta), true);
	buf_string(buf, ",\"cookies\":");
	if (r == 0)
		r = put_fields(buf, meta_cookies(meta), false);
	buf_string(buf, ",\"user\":");
	if (r == 0)
		r = put_user(buf, meta_user(meta));
	return r < 0 ? r : buf->failed ? -ENOMEM : 0;
}
