#include "fcgi/template/json.h"
#include "fcgi/template/limits.h"
#include "fcgi/template/number.h"
#include "fcgi/template/print.h"
#include "fcgi/template/text.h"
#include "shared/buf.h"
#include "shared/numeral.h"

static void
put_number(struct buf *buf, double number)
{
	char printed[NUMERAL_TEXT];

	text_put(buf, numeral_print(number, printed));
}

int
print_value(struct budget *budget, struct buf *buf, struct value value)
{
	switch (value.kind) {
	case VALUE_UNDEFINED:
	case VALUE_NULL:
	case VALUE_LOOP:
	case VALUE_MACROS:
	case VALUE_MACRO:
		return 0;
	case VALUE_BOOL:
		if (value.boolean)
			text_put(buf, span_of("1"));
		return 0;
	case VALUE_NUMBER:
		put_number(buf, value.number);
		return 0;
	case VALUE_TEXT:
		text_put(buf, value.text);
		return 0;
	case VALUE_LIST:
	case VALUE_DICT:
		return json_put(budget, buf, value);
	}
	return 0;
}

int
print_to_text(struct budget *budget, struct value value, struct span *ret)
{
	struct buf buf = BUF_INIT;
	int r;

	if (value.kind == VALUE_TEXT) {
		*ret = value.text;
		return budget_spend(budget, value.text.len / TEMPLATE_STEP_BYTES);
	}
	r = print_value(budget, &buf, value);
	if (r < 0)
		buf_free(&buf);
	else
		r = value_of_buf(budget, &buf, &value);
	if (r == 0)
		*ret = value.text;
	return r;
}
