#include <math.h>

#include "fcgi/template/json.h"
#include "fcgi/template/limits.h"
#include "fcgi/template/number.h"
#include "shared/buf.h"
#include "shared/numeral.h"

static void
put_number(struct buf *buf, double number)
{
	char printed[NUMERAL_TEXT];

	text_put(buf, isfinite(number) ? numeral_print(number, printed) : span_of("null"));
}

static void
put_string(struct buf *buf, struct span text)
{
	text_put(buf, span_of("\""));
	text_put_script(buf, text);
	text_put(buf, span_of("\""));
}

static int
put_items(struct budget *budget, struct buf *buf, struct value value)
{
	struct value_walk walk = value_walk(value);
	bool is_dict = value.kind == VALUE_DICT;
	struct value key, item;
	int r = 0;

	text_put(buf, span_of(is_dict ? "{" : "["));
	for (size_t i = 0; r == 0 && value_next(&walk, &key, &item); i++) {
		if (i > 0)
			text_put(buf, span_of(","));
		if (is_dict) {
			put_string(buf, key.text);
			text_put(buf, span_of(":"));
		}
		r = json_put(budget, buf, item);
	}
	text_put(buf, span_of(is_dict ? "}" : "]"));
	return r;
}

static int
put_nested(struct budget *budget, struct buf *buf, struct value value)
{
	int r = budget_enter(budget);

	if (r < 0)
		return r;
	r = put_items(budget, buf, value);
	budget_leave(budget);
	return r;
}

int
json_put(struct budget *budget, struct buf *buf, struct value value)
{
	switch (value.kind) {
	case VALUE_UNDEFINED:
	case VALUE_NULL:
	case VALUE_LOOP:
	case VALUE_MACROS:
	case VALUE_MACRO:
		text_put(buf, span_of("null"));
		break;
	case VALUE_BOOL:
		text_put(buf, span_of(value.boolean ? "true" : "false"));
		break;
	case VALUE_NUMBER:
		put_number(buf, value.number);
		break;
	case VALUE_TEXT:
		put_string(buf, value.text);
		return budget_spend(budget, 1 + value.text.len / TEMPLATE_STEP_BYTES);
	case VALUE_LIST:
	case VALUE_DICT:
		return put_nested(budget, buf, value);
	}
	return budget_spend(budget, 1);
}
