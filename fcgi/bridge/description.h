/*
 * description - what does not change while a connection lives, as JSON. Pure.
 *
 * tina4-handler(7) lists the members.
 */
#ifndef FCGI_BRIDGE_DESCRIPTION_H
#define FCGI_BRIDGE_DESCRIPTION_H

struct buf;
struct meta;

/* An object of the path's parameters, those of a type as numbers, and then of the query's. Returns 0 or -ENOMEM. */
int description_params(struct buf *buf, const struct meta *meta);

/* All members, without braces: "path":... Returns 0 or -ENOMEM. */
int description_put(struct buf *buf, struct meta *meta);

#endif
