/*
 * Input: what may be JSON. Blanks around it change nothing, what is whole is an item
 * of a list, and what passes the check is JSON for cJSON, too.
 */
#include <assert.h>
#include <cjson/cJSON.h>
#include <string.h>

#include "shared/jsontext.h"
#include "shared/buf.h"
#include "tests/fuzz/fuzz.h"

static bool
is_whole_between(const char *before, const uint8_t *data, size_t len, const char *after)
{
	struct buf buf = BUF_INIT;
	bool whole;

	buf_string(&buf, before);
	buf_bytes(&buf, data, len);
	buf_string(&buf, after);
	whole = jsontext_is_whole(buf.data, buf.len);
	buf_free(&buf);
	return whole;
}

/* Brackets in it, which are at least as many as it is deep. */
static size_t
count_brackets(const uint8_t *data, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += data[i] == '[' || data[i] == '{';
	return n;
}

static void
check(const uint8_t *data, size_t len, bool whole)
{
	struct jsontext_fault fault;
	cJSON *json;

	if (!jsontext_check(data, len, &fault)) {
		assert(fault.at <= len);
		return;
	}
	assert(whole);
	json = cJSON_ParseWithLength((const char *)data, len);
	assert(json != NULL);
	cJSON_Delete(json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	bool whole = is_whole_between("", data, len, "");

	check(data, len, whole);
	assert(is_whole_between(" \t", data, len, "\r\n") == whole);
	assert(!whole || !is_whole_between("", data, len, "]"));
	if (whole && count_brackets(data, len) < JSONTEXT_MAX_DEPTH) {
		assert(is_whole_between("[0,", data, len, ",{}]"));
		assert(is_whole_between("{\"a\":", data, len, "}"));
	}
	return 0;
}
