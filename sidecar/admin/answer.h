/*
 * answer - what a guest of the administrators' listener is told.
 *
 * Each answers and closes, to HEAD without the body: the guest must not be used
 * after it.
 */
#ifndef SIDECAR_ANSWER_H
#define SIDECAR_ANSWER_H

#include "shared/span.h"

struct guest;

void answer(struct guest *guest, int status, const char *type, struct span body);
void answer_json(struct guest *guest, int status, struct span json);

/* See reply_put_error(). allow is for 405: the methods that there are, and else NULL. */
void answer_error(struct guest *guest, int status, const char *why, const char *allow);

#endif
