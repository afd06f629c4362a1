/*
 * meta - what stays the same while a connection lives.
 *
 * Terminated strings made from the metadata of an OPEN or ATTACH: path,
 * address, parameters, headers, cookies and the claims of its token. Pure.
 */
#ifndef FCGI_META_H
#define FCGI_META_H

#include <stdint.h>

#include "shared/wire.h"

struct cJSON;
struct fields;
struct meta; /* opaque */
struct path_pattern;

/*
 * Copies from wire, whose path has to match the pattern (borrowed). Returns 0,
 * -EPROTO for what a sidecar would not say, -EINVAL for a NUL byte within a
 * name or value, -ENOBUFS for too many of them, or -ENOMEM.
 */
int meta_new(struct meta **ret, const struct path_pattern *pattern, const struct wire_meta *wire);

/* NULL is fine. */
void meta_free(struct meta *meta);

/* These borrow from meta; NULL when there is none. Of several with one name, the i-th from 0. */
const char *meta_path(const struct meta *meta);
const char *meta_ip(const struct meta *meta);
const char *meta_param(const struct meta *meta, const char *name, size_t i);
const char *meta_header_at(const struct meta *meta, const char *name, size_t i);
const char *meta_cookie(struct meta *meta, const char *name, size_t i);
/* Of all parameters, the path's first, and of all headers. */
const struct fields *meta_params(const struct meta *meta);
const struct fields *meta_headers(const struct meta *meta);
/* All of a name as one: see joined.h. */
const char *meta_header(struct meta *meta, const char *name);
/* Those that the first request came with. */
const struct fields *meta_cookies(struct meta *meta);
/* The route's subprotocol that was agreed on. */
const char *meta_protocol(const struct meta *meta);
const struct cJSON *meta_user(const struct meta *meta);
/* The route's. */
const struct path_pattern *meta_pattern(const struct meta *meta);

#endif
