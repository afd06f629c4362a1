/*
 * relay_question - a command that only asks, to one other host, and what that answers.
 *
 * It is said once: where the question or its answer is lost, or the host does not
 * answer in time, who asks is told that and may ask again.
 */
#ifndef SIDECAR_RELAY_QUESTION_H
#define SIDECAR_RELAY_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

struct envelope;
struct host;
struct question;
struct relay;
struct wire_command;
struct wire_reply;

/* Who asks. */
struct question_asker {
	/* Called once, in a later turn; reply has a status and a text, borrowed, and is NULL without an answer. */
	void (*answered)(void *context, uint64_t token, const struct wire_reply *reply);
	void *context;
	uint64_t token;
};

/*
 * Asks the host of this number; what the command borrows is borrowed for this call. Returns 0,
 * -ENOTCONN when it is not there or not to be reached, -EBUSY when too many questions wait,
 * or -ENOMEM.
 */
int question_ask(
    struct relay *relay, uint32_t instance, const struct wire_command *command, const struct question_asker *asker);

/* A host asks us. */
void question_take(struct relay *relay, const struct host *host, const struct envelope *question);

/* Takes a host's answer to one of ours. */
void questions_take_answer(struct relay *relay, const struct host *host, const struct envelope *answer);

/* The transport says how many hosts have got the question. Returns false when it is none of ours. */
bool questions_told(struct relay *relay, uint64_t question, uint32_t receivers);

/* The host is gone, and does not answer any more. */
void questions_host_gone(struct relay *relay, const struct host *host);

/* Ends those whose time is up. Returns true while there are others. */
bool questions_tick(struct relay *relay, uint64_t now_ms);

#endif
