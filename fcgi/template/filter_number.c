#include <errno.h>
#include <math.h>
#include <string.h>

#include "fcgi/template/date.h"
#include "fcgi/template/filter.h"
#include "fcgi/template/number.h"
#include "shared/buf.h"

/* Years -9999 to 9999, which a time_t and a struct tm hold anywhere. */
static const double max_moment = 253402300799;

int
filter_abs(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	double number;
	int r;

	(void)args;
	(void)n;
	r = value_to_number(budget, in, &number);
	if (r == 0)
		*ret = value_of_number(fabs(number));
	return r;
}

/* The function that round's second argument names, if it is another than round(). */
static int
rounding(struct budget *budget, const struct value *args, unsigned n, double (**ret)(double))
{
	struct span name = span_of("common");
	int r = filter_text_arg(budget, args, n, 1, &name);

	if (r < 0 || span_is(name, "common"))
		return r;
	if (span_is(name, "ceil"))
		*ret = ceil;
	else if (span_is(name, "floor"))
		*ret = floor;
	else
		return budget_fail(budget, -EINVAL, "expected 'common', 'ceil' or 'floor' for 'round'");
	return 0;
}

int
filter_round(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	double (*how)(double) = round;
	double number;
	int decimals = 0, r;

	r = value_to_number(budget, in, &number);
	if (r == 0)
		r = filter_int_arg(budget, args, n, -NUMBER_DECIMALS, NUMBER_DECIMALS, &decimals);
	if (r == 0)
		r = rounding(budget, args, n, &how);
	if (r == 0)
		*ret = value_of_number(number_round(number, decimals, how));
	return r;
}

/* Puts a separator after each three digits, counted from the point. */
static void
put_grouped(struct buf *buf, struct span digits, struct span separator)
{
	for (size_t i = 0; i < digits.len; i++) {
		text_put(buf, (struct span){ digits.data + i, 1 });
		if (digits.len - i > 1 && (digits.len - i) % 3 == 1)
			text_put(buf, separator);
	}
}

static void
put_number(struct buf *buf, struct span number, struct span point, struct span separator)
{
	size_t at = span_find(number, 0, span_of("."));

	if (number.data[0] == '-') {
		/* -0.001 is printed as -0 */
		if (strspn(number.data, "-0.") < number.len)
			text_put(buf, span_of("-"));
		number = span_from(number, 1);
		at--;
	}
	put_grouped(buf, (struct span){ number.data, at }, separator);
	if (at == number.len)
		return;
	text_put(buf, point);
	text_put(buf, span_from(number, at + 1));
}

int
filter_number_format(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct span point = span_of("."), separator = span_of(",");
	char printed[NUMBER_FIXED];
	struct buf buf = BUF_INIT;
	int decimals = 0, r;
	double number = 0;

	r = value_is_empty(in) ? 0 : value_to_number(budget, in, &number);
	if (r == 0)
		r = filter_int_arg(budget, args, n, 0, NUMBER_DECIMALS, &decimals);
	if (r == 0)
		r = filter_text_arg(budget, args, n, 1, &point);
	if (r == 0)
		r = filter_text_arg(budget, args, n, 2, &separator);
	if (r < 0)
		return r;
	put_number(&buf, number_print_fixed(number, decimals, printed), point, separator);
	return value_of_buf(budget, &buf, ret);
}

/* Seconds since 1970, or a date as date_parse() knows it. */
static int
to_moment(struct budget *budget, struct value in, time_t *ret)
{
	double seconds;

	if (value_is_numeric(in, &seconds) && fabs(seconds) <= max_moment)
		*ret = (time_t)floor(seconds);
	else if (in.kind != VALUE_TEXT || !date_parse(in.text, ret))
		return budget_fail(budget, -EINVAL, "expected a date, found %s%s", value_kind_name(in.kind),
		    in.kind == VALUE_TEXT || in.kind == VALUE_NUMBER ? " that is none" : "");
	return 0;
}

int
filter_date(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct span format = span_of("Y-m-d H:i");
	struct buf buf = BUF_INIT;
	time_t moment;
	int r;

	if (value_is_empty(in)) {
		*ret = value_of_text(span_of(""));
		return 0;
	}
	r = to_moment(budget, in, &moment);
	if (r == 0)
		r = filter_text_arg(budget, args, n, 0, &format);
	if (r < 0)
		return r;
	date_put(&buf, moment, format);
	return value_of_buf(budget, &buf, ret);
}
