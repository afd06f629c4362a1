/*
 * template - one parsed template, shared by whoever renders it.
 */
#ifndef FCGI_TEMPLATE_TEMPLATE_H
#define FCGI_TEMPLATE_TEMPLATE_H

#include "fcgi/template/text.h"

struct buf;
struct template;

/*
 * Parses a copy of the source. Returns 0 and *ret with one reference, -EINVAL
 * or -E2BIG when the template is wrong or too large, and error says where and
 * why, or -ENOMEM. Pure.
 */
int template_parse(const char *name, struct span source, struct template **ret, struct buf *error);

/* Adds a reference. */
struct template *template_ref(struct template *template);

/* Drops a reference, and the template with the last one. NULL is fine. */
void template_unref(struct template *template);

#endif
