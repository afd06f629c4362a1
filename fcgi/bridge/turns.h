/*
 * turns - whose event is next: one of each connection at a time.
 *
 * Events of a connection stay in the order in which they came. A connection whose
 * first event is being answered waits; among the others the one that has waited
 * longest is next. Pure.
 */
#ifndef FCGI_BRIDGE_TURNS_H
#define FCGI_BRIDGE_TURNS_H

#include <stdint.h>

struct waiting;
struct wire_event;

struct turns; /* opaque; NULL knows no event */

/* Copies the event. Returns 0 or -ENOMEM. */
int turns_add(struct turns **turns, const struct wire_event *event);

/* The next event whose time has come, taken by the caller; or NULL. Its connection waits until turns_done() or
 * turns_again(). */
struct waiting *turns_next(struct turns *turns, int64_t now_ms);

/* The event has been answered, and is freed. */
void turns_done(struct turns *turns, struct waiting *waiting);

/* The event is to be tried again, at due_ms: before all others of its connection. */
void turns_again(struct turns *turns, struct waiting *waiting, int64_t due_ms);

/* When there is a next event: 0, now; INT64_MAX, not until something happens. */
int64_t turns_due_ms(const struct turns *turns);

/* Forgets all events. Those that are taken are marked. */
void turns_forget(struct turns *turns);

/* No event may be taken. NULL is fine. */
void turns_free(struct turns *turns);

#endif
