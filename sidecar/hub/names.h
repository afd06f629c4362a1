/*
 * names - what clients were called on earlier connections.
 *
 * What a client said there, to all others of its path, may come from the host where
 * it was only after it has come to this one. It is found by the name of who said it,
 * so that it does not get its own words.
 */
#ifndef SIDECAR_NAMES_H
#define SIDECAR_NAMES_H

#include <stdint.h>

struct client;
struct coming;
struct name;

/* Notes what a member was called, as it says. Returns 0 or -ENOMEM. */
int names_add(struct name **names, struct client *client, const struct coming *coming);

/* Forgets that; one that was called nothing is fine. */
void names_remove(struct name **names, struct client *client);

/* The member that was called so, and said so last; NULL for none. */
struct client *names_find(struct name *names, uint64_t name);

/* Writes the names of a client: what it is called, and what it was called. Returns how many, at most COMING_NAMES. */
uint32_t names_of(const struct client *client, uint64_t ret[]);

#endif
