/*
 * value - what an expression can be worth.
 *
 * Data comes as cJSON, is borrowed and never copied; what a template makes
 * lies in the budget's arena. Values are small and passed by copy.
 */
#ifndef FCGI_TEMPLATE_VALUE_H
#define FCGI_TEMPLATE_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "fcgi/template/text.h"
#include "fcgi/template/budget.h"

struct buf;
struct cJSON;

/* In the order in which they sort. */
enum value_kind {
	VALUE_UNDEFINED, /* nothing has that name */
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_NUMBER,
	VALUE_TEXT,
	VALUE_LIST,
	VALUE_DICT,
	VALUE_LOOP,   /* the variable `loop` */
	VALUE_MACROS, /* of a template that was imported */
	VALUE_MACRO,  /* one of them */
};

/* The state of a {% for %}. */
struct loop {
	size_t index0;
	size_t length;
	const struct loop *parent; /* the loop around it, or NULL */
};

struct imported; /* a macro with its template */
struct template;

struct value {
	enum value_kind kind;
	bool safe;    /* of text: it is HTML already */
	bool is_json; /* of a list or dict: it is in json, else in items */
	union {
		bool boolean;
		double number;
		struct span text;
		const struct cJSON *json;
		const struct value_items *items;
		const struct loop *loop;
		const struct template *macros;
		const struct imported *macro;
	};
};

/* A list or dict that a template made. */
struct value_items {
	size_t n;
	struct value_pair *pairs; /* NULL: numbers from first, each step more than the one before */
	double first, step;
};

struct value_pair {
	struct value key; /* text in a dict, a number in a list */
	struct value item;
};

struct value value_of_bool(bool boolean);
struct value value_of_number(double number);
struct value value_of_text(struct span text);
/* NULL is undefined. */
struct value value_of_json(const struct cJSON *json);
/* kind is VALUE_LIST or VALUE_DICT. Returns 0 or a failure. */
int value_of_pairs(struct budget *budget, enum value_kind kind, struct value_pair *pairs, size_t n, struct value *ret);
/* Takes the bytes of a buffer that was written, also on failure. */
int value_of_buf(struct budget *budget, struct buf *buf, struct value *ret);

/* "a string", as it is said in messages. */
const char *value_kind_name(enum value_kind kind);

bool value_is_missing(struct value value);  /* undefined or null */
bool value_is_iterable(struct value value); /* a list or a dict */
/* Missing, false, "" or without items. */
bool value_is_empty(struct value value);
/* Not empty, and neither 0 nor "0". */
bool value_is_true(struct value value);

/* A number, or text that is all a number. */
bool value_is_numeric(struct value value, double *ret);
/* As value_is_numeric(), but also missing (0) and booleans. Returns 0 or a failure. */
int value_to_number(struct budget *budget, struct value value, double *ret);

/* Items of a list or dict; 0 of others. */
size_t value_count(struct value value);

struct value_walk {
	struct value of;
	size_t i;
	const struct cJSON *json; /* the next item */
};

/* Steps through the items of a list or dict; others have none. */
struct value_walk value_walk(struct value of);
bool value_next(struct value_walk *walk, struct value *ret_key, struct value *ret_item);

/* All items, copied. Returns 0 or a failure. */
int value_to_pairs(struct budget *budget, struct value value, struct value_pair **ret, size_t *ret_n);

/* The item of a key, undefined when there is none. Returns 0 or a failure. */
int value_member(struct budget *budget, struct value of, struct value key, struct value *ret);
/* The same for a dict and a key that is text. */
int value_named(struct budget *budget, struct value of, struct span name, struct value *ret);

/* An order of all values, by kind first. Lists and dicts are all alike in it. */
int value_order(struct value a, struct value b);
/*
 * What < and > go by: as value_order(), but text that is a number is one beside a number.
 * *ret_order is less than, equal to or greater than 0. Returns 0 or a failure.
 */
int value_compare(struct budget *budget, struct value a, struct value b, int *ret_order);
/* What == goes by: a boolean asks whether the other is true, lists and dicts item by item. */
int value_equal(struct budget *budget, struct value a, struct value b, bool *ret);

#endif
