/*
 * reload - takes over changed settings while the sidecar runs.
 */
#ifndef SIDECAR_RELOAD_H
#define SIDECAR_RELOAD_H

#include <stdint.h>

struct conf;

/*
 * Reads the settings anew, and takes over those that may change. The log has a
 * line for what has changed, for what needs a restart, and for each wrong
 * setting: with one of those, everything stays as it is. The limit of
 * connections cannot pass max_connections, which the file limit was made for.
 */
void reload(struct conf *conf, uint32_t max_connections);

#endif
