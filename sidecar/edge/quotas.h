/*
 * quotas - what one address, and one connection, may ask for.
 *
 * Rates are off unless the settings say otherwise; connections of one address have
 * a limit from the start. A rate lets through so many a second on average, and
 * QUOTA_BURST_MS' worth of them at once. Addresses of IPv6 count by their network
 * of 64 bits, which is what one customer gets (address_network()). All
 * whom a proxy did not tell the address of (ADDRESS_UNKNOWN) count as one; who
 * comes through a Unix socket without X-Forwarded-For has no address, and no quota.
 */
#ifndef SIDECAR_QUOTAS_H
#define SIDECAR_QUOTAS_H

#include <stdbool.h>
#include <stdint.h>

#include "sidecar/edge/refusal.h"

struct conf;
struct quota; /* of one address */

enum quotas_limits {
	QUOTA_BURST_MS = 10000,
	QUOTAS_MAX = 65536, /* addresses that are counted at once: there is no quota for more */
};

struct quotas {
	const struct conf *conf;
	struct quota *by_address;
};

/* Borrows the settings. */
void quotas_open(struct quotas *quotas, const struct conf *conf);
void quotas_close(struct quotas *quotas);

/* An address asks for an upgrade. Returns why it does not get one, or REFUSAL_NONE. */
enum refusal quotas_refuse(struct quotas *quotas, const char *ip, uint64_t now_ms);

/* It got it: the quota is held until quotas_leave(). NULL, which is fine for that, when nothing is counted. */
struct quota *quotas_enter(struct quotas *quotas, const char *ip);
void quotas_leave(struct quota *quota);

/* Each second: forgets addresses that have nothing to be counted. */
void quotas_tick(struct quotas *quotas, uint64_t now_ms);

/*
 * One more at a rate a second, where 0 is no limit. *paid_us is what has been
 * let through, in time; it begins as 0. Returns false for one too many. Pure.
 */
bool quota_take(uint64_t *paid_us, uint32_t rate, uint64_t now_ms);

#endif
