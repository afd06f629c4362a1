/*
 * roll - who is connected to this host, a page at a time.
 *
 * A page looks at ROLL_SLOTS slots and not at more, whatever it finds there: so a
 * hundred thousand connections are listed beside everything else that happens.
 */
#ifndef SIDECAR_ROLL_H
#define SIDECAR_ROLL_H

#include <stdint.h>

#include "shared/span.h"
#include "shared/wire.h"

struct buf;
struct client;
struct hub;

enum roll_limits {
	ROLL_SLOTS = 256,       /* that one page looks at */
	ROLL_BYTES = 64 << 10,  /* of a page, and what its last connection has more */
	ROLL_CURSOR_BYTES = 20, /* of a cursor's text, with its NUL */
};

/* Where a page begins: its text is HOST.SLOT, hexadecimal and decimal. */
struct roll_cursor {
	uint32_t host; /* the first 32 bits of the ids of its connections */
	uint32_t slot;
};

/* Returns 0, or -EINVAL for a text that is no cursor. Pure, as the next one. */
int roll_cursor_parse(struct span text, struct roll_cursor *ret);
void roll_cursor_format(struct roll_cursor cursor, char ret[static ROLL_CURSOR_BYTES]);

struct roll_asked {
	struct span path, user; /* empty for any */
	uint32_t max;           /* connections; 0 for as many as there may be */
	uint32_t slot;          /* where the page begins */
};

/*
 * Appends those that are asked for and have not left their path: wire_put_conn(). Returns
 * the slot of the next page, or SLOTS_NONE when this was the last.
 */
uint32_t roll_put(const struct hub *hub, const struct roll_asked *asked, struct buf *ret);

#endif
