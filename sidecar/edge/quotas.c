#include <stdlib.h>
#include <string.h>

#include "shared/address.h"
#include "shared/conf.h"
#include "shared/hash.h"
#include "sidecar/edge/quotas.h"

struct quota {
	UT_hash_handle hh;
	uint8_t network[ADDRESS_NETWORK_BYTES];
	uint32_t n;       /* connections */
	uint64_t paid_us; /* upgrades, see quota_take() */
};

bool
quota_take(uint64_t *paid_us, uint32_t rate, uint64_t now_ms)
{
	uint64_t now_us = 1000 * now_ms, paid;

	if (rate == 0)
		return true;
	paid = (*paid_us > now_us ? *paid_us : now_us) + 1000000 / rate;
	if (paid - now_us > 1000ull * QUOTA_BURST_MS)
		return false;
	*paid_us = paid;
	return true;
}

void
quotas_open(struct quotas *quotas, const struct conf *conf)
{
	*quotas = (struct quotas){ .conf = conf };
}

static void
forget(struct quotas *quotas, struct quota *quota)
{
	HASH_DELETE(hh, quotas->by_address, quota);
	free(quota);
}

void
quotas_close(struct quotas *quotas)
{
	struct quota *quota, *next;

	HASH_ITER(hh, quotas->by_address, quota, next)
		forget(quotas, quota);
}

static bool
parse(const char *ip, uint8_t ret[static ADDRESS_NETWORK_BYTES])
{
	if (strcmp(ip, ADDRESS_UNKNOWN) != 0)
		return address_network(ip, ret);
	memset(ret, 0, ADDRESS_NETWORK_BYTES); /* nobody's: RFC 4291 section 2.5.2 */
	return true;
}

static struct quota *
add(struct quotas *quotas, const uint8_t network[static ADDRESS_NETWORK_BYTES])
{
	struct quota *quota;

	if (HASH_COUNT(quotas->by_address) >= QUOTAS_MAX)
		return NULL;
	quota = calloc(1, sizeof(*quota));
	if (quota == NULL)
		return NULL;
	memcpy(quota->network, network, sizeof(quota->network));
	HASH_ADD(hh, quotas->by_address, network, sizeof(quota->network), quota);
	if (!HASH_ADDED(quota)) {
		free(quota);
		return NULL;
	}
	return quota;
}

/* The address's quota, made if need be; NULL when it is not counted. */
static struct quota *
find(struct quotas *quotas, const char *ip)
{
	const struct conf *conf = quotas->conf;
	uint8_t network[ADDRESS_NETWORK_BYTES];
	struct quota *quota;

	if ((conf->ws_max_per_address == 0 && conf->ws_upgrade_rate == 0) || !parse(ip, network))
		return NULL;
	HASH_FIND(hh, quotas->by_address, network, sizeof(network), quota);
	return quota != NULL ? quota : add(quotas, network);
}

enum refusal
quotas_refuse(struct quotas *quotas, const char *ip, uint64_t now_ms)
{
	const struct conf *conf = quotas->conf;
	struct quota *quota = find(quotas, ip);

	if (quota == NULL)
		return REFUSAL_NONE;
	if (!quota_take(&quota->paid_us, conf->ws_upgrade_rate, now_ms))
		return REFUSAL_ADDRESS_RATE;
	if (conf->ws_max_per_address > 0 && quota->n >= conf->ws_max_per_address)
		return REFUSAL_ADDRESS_FULL;
	return REFUSAL_NONE;
}

struct quota *
quotas_enter(struct quotas *quotas, const char *ip)
{
	struct quota *quota = find(quotas, ip);

	if (quota != NULL)
		quota->n++;
	return quota;
}

void
quotas_leave(struct quota *quota)
{
	if (quota != NULL)
		quota->n--;
}

void
quotas_tick(struct quotas *quotas, uint64_t now_ms)
{
	struct quota *quota, *next;

	HASH_ITER(hh, quotas->by_address, quota, next)
		if (quota->n == 0 && quota->paid_us <= 1000 * now_ms)
			forget(quotas, quota);
}
