/*
 * question - a client's request whose record is being applied, and who hears the
 * answer.
 */
#ifndef SIDECAR_QUESTION_H
#define SIDECAR_QUESTION_H

#include <stdint.h>

struct client;
struct frame;
struct hub;
struct outcome;

struct question {
	uint64_t number;         /* the client's; 0 when nobody asks */
	struct client *client;   /* who waits for the answer; NULL for nobody any more */
	struct outcome *outcome; /* the feed's: where the answer is remembered; or NULL */
	struct frame *answer;    /* ours; NULL until there is one */
};

/*
 * Takes the frame, which may be NULL for want of memory, as the answer, and sends it.
 * Returns 0, or -ENOMEM when there is none.
 */
int question_answer(struct hub *hub, struct question *question, struct frame *answer);

/*
 * Says something about its requests to a client, or to NULL: now, if it is on its path,
 * and also if it is to be closed, before the close frame. Takes the frame, which may be
 * NULL. Without memory that one is dropped, so that it asks again when it comes back.
 */
void question_tell(struct hub *hub, struct client *client, struct frame *frame);

#endif
