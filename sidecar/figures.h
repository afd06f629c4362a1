/*
 * figures - where the sidecar's figures are.
 *
 * The parts count in plain fields where something happens; only those who are
 * asked, stats and metrics, look at them and add them up.
 */
#ifndef SIDECAR_FIGURES_H
#define SIDECAR_FIGURES_H

#include <stdint.h>

struct feed;
struct greetings;
struct hub;
struct intake;
struct relay;
struct routes;
struct turn;
struct workers;
struct ws;

/* All borrowed. */
struct figures {
	const struct ws *ws;
	const struct greetings *browsers;
	const struct hub *hub;
	const struct feed *feed;
	const struct routes *routes;
	const struct workers *workers;
	const struct intake *intake;
	const struct relay *relay; /* NULL while there is only this host */
	const struct turn *turn;
	uint64_t started_ms; /* in loop ms */
	int64_t started;     /* the same in Unix time */
};

#endif
