/*
 * members - GET /members/PATH: who is on a path, for a program that has no ZeroMQ, in
 * any language. The answer is JSON, and that of tina4_members(3).
 */
#ifndef SIDECAR_MEMBERS_H
#define SIDECAR_MEMBERS_H

struct conf;
struct guest;
struct recalls;

#define MEMBERS_PREFIX "/members/"

/* Answers it, now or later: see recalls_forget(). */
void members_answer(const struct conf *conf, struct recalls *recalls, struct guest *guest);

#endif
