#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "shared/address.h"
#include "shared/buf.h"
#include "shared/conf.h"
#include "shared/setting.h"
#include "tests/tap.h"

/* A row of each kind, of members that fit. */
static const struct setting text = { .type = SETTING_TEXT, .field = offsetof(struct conf, app) };
static const struct setting list = {
	.type = SETTING_LIST, .field = offsetof(struct conf, listen), .check = valid_listener, .allowed = "listeners"
};
static const struct setting bytes = {
	.type = SETTING_BYTES, .field = offsetof(struct conf, max_body), .min = 10, .max = 1 << 20
};
static const struct setting mode = { .type = SETTING_OCTAL, .field = offsetof(struct conf, bus_mode), .max = 0777 };
static const struct setting debug = { .type = SETTING_BOOL, .field = offsetof(struct conf, debug) };
static const struct setting level = { .type = SETTING_LEVEL, .field = offsetof(struct conf, log_level) };
static const struct setting networks = { .type = SETTING_NETWORKS, .field = offsetof(struct conf, trusted_proxies) };
static const struct setting *const rows[] = { &text, &list, &bytes, &mode, &debug, &level, &networks };

enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

static void
forget(struct conf *conf)
{
	for (size_t i = 0; i < N_ROWS; i++)
		setting_free(rows[i], conf);
}

static int
assign(struct conf *conf, const struct setting *setting, const char *value)
{
	const char *bad = NULL;

	return setting_assign(setting, conf, value, &bad);
}

static void
a_text_becomes_a_value(void)
{
	struct conf conf = { 0 };

	OK(assign(&conf, &text, "a") == 0 && assign(&conf, &text, "b") == 0 && strcmp(conf.app, "b") == 0,
	    "a text is copied, in place of one before");
	OK(assign(&conf, &bytes, "2K") == 0 && conf.max_body == 2048, "bytes have units");
	OK(assign(&conf, &mode, "0640") == 0 && conf.bus_mode == 0640, "a mode is octal");
	OK(assign(&conf, &debug, "true") == 0 && conf.debug, "true is true");
	OK(assign(&conf, &level, "warn") == 0, "a level has a name");
	OK(assign(&conf, &networks, "10.0.0.0/8") == 0 && address_list_contains(conf.trusted_proxies, "10.1.2.3"),
	    "networks are a list of addresses");
	forget(&conf);
}

static void
a_wrong_text_changes_nothing(void)
{
	const char *wrong = "a:1,b", *bad = NULL;
	struct conf conf = { .max_body = 7, .debug = true };

	OK(setting_assign(&list, &conf, wrong, &bad) == -EINVAL && bad == wrong + 4 && conf.listen == NULL,
	    "the wrong item of a list is pointed at");
	OK(assign(&conf, &bytes, "9") == -EINVAL && assign(&conf, &bytes, "2M") == -EINVAL &&
		assign(&conf, &bytes, "10x") == -EINVAL && conf.max_body == 7,
	    "a number has a range");
	OK(assign(&conf, &mode, "8") == -EINVAL && assign(&conf, &mode, "1K") == -EINVAL, "8 is not octal");
	OK(assign(&conf, &debug, "yes") == -EINVAL && conf.debug, "yes is not true");
	OK(assign(&conf, &level, "loud") == -EINVAL && assign(&conf, &networks, "10.0.0.0/99") == -EINVAL, "and so on");
	forget(&conf);
}

static void
values_are_compared_and_swapped(void)
{
	static const char *const values[][2] = { { "a", "b" }, { "a:1", "b:1" }, { "1K", "2K" }, { "0600", "0660" },
		{ "true", "false" }, { "info", "debug" }, { "10.0.0.0/8", "::1" } };
	bool same = true, differ = true, swapped = true;

	for (size_t i = 0; i < N_ROWS; i++) {
		struct conf a = { 0 }, b = { 0 }, c = { 0 };

		assign(&a, rows[i], values[i][0]);
		assign(&b, rows[i], values[i][1]);
		assign(&c, rows[i], values[i][0]);
		same &= setting_same(rows[i], &a, &c);
		differ &= !setting_same(rows[i], &a, &b);
		setting_swap(rows[i], &a, &b);
		swapped &= setting_same(rows[i], &b, &c) && !setting_same(rows[i], &a, &c);
		setting_free(rows[i], &a);
		setting_free(rows[i], &b);
		setting_free(rows[i], &c);
	}
	OK(same && differ, "values of each kind are alike or not");
	OK(swapped, "and change their places");
}

static bool
allows(const struct setting *setting, const char *expected)
{
	struct buf buf = BUF_INIT;
	bool same;

	setting_put_allowed(setting, &buf);
	same = strcmp(buf_cstr(&buf), expected) == 0;
	buf_free(&buf);
	return same;
}

static void
what_is_allowed_is_told(void)
{
	OK(allows(&text, "any text") && allows(&list, "listeners"), "texts have words for it");
	OK(allows(&bytes, "a number of bytes from 10 to 1048576; K, M or G may follow it"), "numbers their range");
	OK(allows(&mode, "an octal number from 0 to 0777"), "in the way they are written");
}

int
main(void)
{
	a_text_becomes_a_value();
	a_wrong_text_changes_nothing();
	values_are_compared_and_swapped();
	what_is_allowed_is_told();
	return tap_done();
}
