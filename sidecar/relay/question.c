#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "sidecar/relay/question.h"
#include "sidecar/relay/state.h"
#include "sidecar/relay/tell.h"
#include "sidecar/relay/transport.h"

struct question {
	struct question_asker asker;
	uint64_t origin;   /* of the host that is asked */
	uint64_t sequence; /* ours, of the question */
	uint64_t until_ms;
	struct question *prev, *next;
};

static void
end_question(struct relay *relay, struct question *question, const struct wire_reply *reply)
{
	const struct question_asker asker = question->asker;

	DL_DELETE(relay->questions, question);
	relay->n_questions--;
	free(question);
	asker.answered(asker.context, asker.token, reply);
}

int
question_ask(
    struct relay *relay, uint32_t instance, const struct wire_command *command, const struct question_asker *asker)
{
	const struct host *host = hosts_find(&relay->hosts, instance);
	struct envelope envelope = { .type = ENVELOPE_QUESTION, .flags = ENVELOPE_ASKS, .command = *command };
	struct question *question;
	char name[RELAY_NAME_BYTES];

	if (host == NULL || !relay->transport->up)
		return -ENOTCONN;
	if (relay->n_questions >= RELAY_QUESTIONS)
		return -EBUSY;
	question = malloc(sizeof(*question));
	if (question == NULL)
		return -ENOMEM;
	*question = (struct question){ .asker = *asker,
		.origin = host->origin,
		.until_ms = relay_now_ms(relay) + RELAY_QUESTION_MS,
		.sequence = relay_tell(relay, relay_host_channel(relay, host->origin, name), &envelope) };
	DL_APPEND(relay->questions, question);
	relay->n_questions++;
	relay->waits = true;
	return 0;
}

void
question_take(struct relay *relay, const struct host *host, const struct envelope *question)
{
	struct envelope answer = { .type = ENVELOPE_ANSWER, .question = question->sequence };
	struct buf text = BUF_INIT;
	struct wire_reply reply = { .status = WIRE_INVALID };
	char name[RELAY_NAME_BYTES];

	if (relay->events != NULL)
		relay->events->asked(relay->context, &question->command, &text, &reply);
	answer.status = reply.status;
	answer.text = reply.text;
	relay_tell(relay, relay_host_channel(relay, host->origin, name), &answer);
	buf_free(&text);
}

static struct question *
find_question(const struct relay *relay, uint64_t sequence)
{
	struct question *question;

	DL_SEARCH_SCALAR(relay->questions, question, sequence, sequence);
	return question;
}

void
questions_take_answer(struct relay *relay, const struct host *host, const struct envelope *answer)
{
	struct question *question = find_question(relay, answer->question);
	const struct wire_reply reply = { .status = answer->status, .text = answer->text };

	if (question != NULL && question->origin == host->origin)
		end_question(relay, question, &reply);
}

bool
questions_told(struct relay *relay, uint64_t sequence, uint32_t receivers)
{
	struct question *question = find_question(relay, sequence);

	if (question != NULL && receivers == 0)
		end_question(relay, question, NULL);
	return question != NULL;
}

void
questions_host_gone(struct relay *relay, const struct host *host)
{
	struct question *question, *next;

	DL_FOREACH_SAFE(relay->questions, question, next)
		if (question->origin == host->origin)
			end_question(relay, question, NULL);
}

bool
questions_tick(struct relay *relay, uint64_t now_ms)
{
	while (relay->questions != NULL && now_ms >= relay->questions->until_ms)
		end_question(relay, relay->questions, NULL);
	return relay->questions != NULL;
}
