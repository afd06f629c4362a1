#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shared/address.h"
#include "shared/buf.h"
#include "shared/list.h"
#include "shared/log.h"
#include "shared/setting.h"

static void *
field_of(struct conf *conf, const struct setting *setting)
{
	return (char *)conf + setting->field;
}

static int
parse_size(const struct setting *setting, const char *text, uint64_t *ret)
{
	static const char units[] = "KMG";
	bool bytes = setting->type == SETTING_BYTES || setting->type == SETTING_SIZE;
	unsigned long long value;
	const char *unit;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	value = strtoull(text, &end, setting->type == SETTING_OCTAL ? 8 : 10);
	unit = bytes && *end != '\0' ? strchr(units, *end) : NULL;
	if (unit != NULL) {
		if (value > setting->max >> 10 * (unit - units + 1))
			return -EINVAL;
		value <<= 10 * (unit - units + 1);
		end++;
	}
	if (end == text || *end != '\0' || value < setting->min || value > setting->max)
		return -EINVAL;
	*ret = value;
	return 0;
}

/* Its maximum is one of 32 bits. */
static int
parse_number(const struct setting *setting, const char *text, uint32_t *ret)
{
	uint64_t value;
	int r = parse_size(setting, text, &value);

	if (r == 0)
		*ret = (uint32_t)value;
	return r;
}

static int
parse_bool(const char *text, bool *ret)
{
	bool is_true = strcmp(text, "true") == 0;

	if (!is_true && strcmp(text, "false") != 0)
		return -EINVAL;
	*ret = is_true;
	return 0;
}

static int
parse_level(const char *text, int *ret)
{
	int level = log_level_by_name(text);

	if (level < 0)
		return level;
	*ret = level;
	return 0;
}

static int
parse_networks(const char *text, struct address_list **ret, const char **ret_bad)
{
	struct address_list *list = NULL;
	int r = address_list_parse(text, &list, ret_bad);

	if (r < 0)
		return r;
	address_list_free(*ret);
	*ret = list;
	return 0;
}

static int
replace_text(const char *text, char **ret)
{
	char *copy = strdup(text);

	if (copy == NULL)
		return -ENOMEM;
	free(*ret);
	*ret = copy;
	return 0;
}

static int
parse_text(const struct setting *setting, const char *text, char **ret)
{
	if (setting->check != NULL && !setting->check(text, strlen(text)))
		return -EINVAL;
	return replace_text(text, ret);
}

static int
parse_list(const struct setting *setting, const char *text, char **ret, const char **ret_bad)
{
	const char *rest = text, *all = NULL;
	struct span item;
	size_t n = 0;

	while (list_next(&rest, &item)) {
		if (!setting->check(item.data, item.len)) {
			*ret_bad = item.data;
			return -EINVAL;
		}
		n++;
		if (span_is(item, "*"))
			all = item.data;
	}
	if (all != NULL && n > 1) { /* one of the two is not meant */
		*ret_bad = all;
		return -EINVAL;
	}
	return replace_text(text, ret);
}

int
setting_assign(const struct setting *setting, struct conf *conf, const char *text, const char **ret_bad)
{
	void *field = field_of(conf, setting);

	switch (setting->type) {
	case SETTING_TEXT:
	case SETTING_SECRET:
		return parse_text(setting, text, field);
	case SETTING_LIST:
		return parse_list(setting, text, field, ret_bad);
	case SETTING_NUMBER:
	case SETTING_BYTES:
	case SETTING_OCTAL:
		return parse_number(setting, text, field);
	case SETTING_SIZE:
		return parse_size(setting, text, field);
	case SETTING_BOOL:
		return parse_bool(text, field);
	case SETTING_LEVEL:
		return parse_level(text, field);
	case SETTING_NETWORKS:
		return parse_networks(text, field, ret_bad);
	}
	return -EINVAL;
}

void
setting_free(const struct setting *setting, struct conf *conf)
{
	void *field = field_of(conf, setting);

	switch (setting->type) {
	case SETTING_TEXT:
	case SETTING_SECRET:
	case SETTING_LIST:
		free(*(char **)field);
		return;
	case SETTING_NETWORKS:
		address_list_free(*(struct address_list **)field);
		return;
	case SETTING_NUMBER:
	case SETTING_BYTES:
	case SETTING_SIZE:
	case SETTING_OCTAL:
	case SETTING_BOOL:
	case SETTING_LEVEL:
		return;
	}
}

bool
setting_same(const struct setting *setting, const struct conf *a, const struct conf *b)
{
	const void *x = (const char *)a + setting->field, *y = (const char *)b + setting->field;

	switch (setting->type) {
	case SETTING_TEXT:
	case SETTING_SECRET:
	case SETTING_LIST:
		return strcmp(*(char *const *)x, *(char *const *)y) == 0;
	case SETTING_NUMBER:
	case SETTING_BYTES:
	case SETTING_OCTAL:
		return *(const uint32_t *)x == *(const uint32_t *)y;
	case SETTING_SIZE:
		return *(const uint64_t *)x == *(const uint64_t *)y;
	case SETTING_BOOL:
		return *(const bool *)x == *(const bool *)y;
	case SETTING_LEVEL:
		return *(const int *)x == *(const int *)y;
	case SETTING_NETWORKS:
		return address_list_same(*(struct address_list *const *)x, *(struct address_list *const *)y);
	}
	return true;
}

static size_t
size_of(enum setting_type type)
{
	switch (type) {
	case SETTING_TEXT:
	case SETTING_SECRET:
	case SETTING_LIST:
	case SETTING_NETWORKS:
		return sizeof(void *);
	case SETTING_NUMBER:
	case SETTING_BYTES:
	case SETTING_OCTAL:
		return sizeof(uint32_t);
	case SETTING_SIZE:
		return sizeof(uint64_t);
	case SETTING_BOOL:
		return sizeof(bool);
	case SETTING_LEVEL:
		return sizeof(int);
	}
	return 0;
}

void
setting_swap(const struct setting *setting, struct conf *a, struct conf *b)
{
	size_t size = size_of(setting->type);
	char kept[sizeof(uint64_t)];

	memcpy(kept, field_of(a, setting), size);
	memcpy(field_of(a, setting), field_of(b, setting), size);
	memcpy(field_of(b, setting), kept, size);
}

void
setting_put_allowed(const struct setting *setting, struct buf *buf)
{
	switch (setting->type) {
	case SETTING_TEXT:
	case SETTING_SECRET:
	case SETTING_LIST:
	case SETTING_BOOL:
	case SETTING_LEVEL:
	case SETTING_NETWORKS:
		buf_string(buf, setting->allowed != NULL ? setting->allowed : "any text");
		return;
	case SETTING_NUMBER:
		buf_printf(buf, "a number from %" PRIu64 " to %" PRIu64, setting->min, setting->max);
		return;
	case SETTING_BYTES:
	case SETTING_SIZE:
		buf_printf(buf, "a number of bytes from %" PRIu64 " to %" PRIu64 "; K, M or G may follow it",
		    setting->min, setting->max);
		return;
	case SETTING_OCTAL:
		buf_printf(buf, "an octal number from %" PRIo64 " to 0%" PRIo64, setting->min, setting->max);
		return;
	}
}
