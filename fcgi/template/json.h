/*
 * json - values as JSON that may stand inside a script element.
 *
 * Strings have nothing in them that ends a script, an attribute in single
 * quotes or a line of JavaScript: see text_put_script().
 */
#ifndef FCGI_TEMPLATE_JSON_H
#define FCGI_TEMPLATE_JSON_H

#include "fcgi/template/value.h"

struct buf;

/* Missing values and numbers that are not finite are null. Returns 0 or a failure. */
int json_put(struct budget *budget, struct buf *buf, struct value value);

#endif
