#include <cjson/cJSON.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "shared/jsonprint.h"
#include "shared/numeral.h"

enum {
	CJSON_DIGITS = 15,  /* cJSON may print no more of a number */
	CJSON_TYPES = 0xff, /* the bits of cJSON.type that are a type */
};

/* True for a number of which cJSON would print something else. */
static bool
is_long(const cJSON *item)
{
	char text[NUMERAL_TEXT];
	struct span printed;

	if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble) || item->valuedouble == item->valueint)
		return false;
	printed = numeral_print(item->valuedouble, text);
	return printed.len > CJSON_DIGITS;
}

static bool
has_long(const cJSON *item)
{
	const cJSON *child;

	if (is_long(item))
		return true;
	cJSON_ArrayForEach(child, item)
		if (has_long(child))
			return true;
	return false;
}

/* Makes such numbers texts that are printed as they are. Returns false when out of memory. */
static bool
spell_long(cJSON *item)
{
	char text[NUMERAL_TEXT];
	cJSON *child;

	if (is_long(item)) {
		size_t bytes = numeral_print(item->valuedouble, text).len + 1;

		item->valuestring = cJSON_malloc(bytes);
		if (item->valuestring == NULL)
			return false;
		memcpy(item->valuestring, text, bytes);
		item->type = (item->type & ~CJSON_TYPES) | cJSON_Raw;
	}
	cJSON_ArrayForEach(child, item)
		if (!spell_long(child))
			return false;
	return true;
}

char *
jsonprint(const cJSON *json)
{
	char *text = NULL;
	cJSON *copy;

	if (json == NULL || !has_long(json))
		return cJSON_PrintUnformatted(json);
	copy = cJSON_Duplicate(json, true);
	if (copy != NULL && spell_long(copy))
		text = cJSON_PrintUnformatted(copy);
	cJSON_Delete(copy);
	return text;
}
