/* Input: the text of a .env file. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/conf.h"
#include "shared/list.h"
#include "tests/fuzz/fuzz.h"

/* Every complaint is one line of printable text. */
static void
check_lines(const struct buf *errors)
{
	assert(errors->len == 0 || errors->data[errors->len - 1] == '\n');
	for (size_t i = 0; i < errors->len; i++)
		assert(errors->data[i] >= 0x20 || errors->data[i] == '\n');
}

static void
check_lists(const struct conf *conf)
{
	const char *rest = conf->listen;
	struct span item;

	while (list_next(&rest, &item))
		assert(item.len > 0 && item.data + item.len <= rest);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = strndup((const char *)data, len);
	struct buf errors = BUF_INIT;
	struct conf conf;
	int r;

	r = conf_parse(&conf, NULL, text, ".env", &errors);
	assert(r == 0 ? errors.len == 0 : r == -EINVAL && errors.len > 0);
	assert(r < 0 || conf.ws_queue_bytes >= 2 * conf.ws_max_message);
	check_lines(&errors);
	check_lists(&conf);
	conf_free(&conf);
	buf_free(&errors);
	free(text);
	return 0;
}
