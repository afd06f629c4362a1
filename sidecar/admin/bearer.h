/*
 * bearer - who may do more than look at the admin listener: RFC 6750 section 2.1.
 */
#ifndef SIDECAR_BEARER_H
#define SIDECAR_BEARER_H

struct conf;
struct head;

/* Returns 200, or the status of the refusal, and then why in *ret_why. Pure. */
int bearer_check(const struct head *head, const struct conf *conf, const char **ret_why);

#endif
