#include "fcgi/ws/reach.h"

enum reach_advice
reach_advise(struct reach *reach, int64_t now_ms)
{
	int64_t due_ms = atomic_load(&reach->next_probe_ms);

	if (!atomic_load(&reach->away))
		return REACH_ASK;
	if (now_ms < due_ms)
		return REACH_FAIL;
	/* Of several that find it due one is the first. */
	return atomic_compare_exchange_strong(&reach->next_probe_ms, &due_ms, now_ms + REACH_PROBE_EVERY_MS)
	    ? REACH_PROBE
	    : REACH_FAIL;
}

void
reach_answered(struct reach *reach, int64_t now_ms)
{
	atomic_store(&reach->answered_ms, now_ms);
	atomic_store(&reach->silent_since_ms, 0);
	atomic_store(&reach->away, false);
}

void
reach_failed(struct reach *reach, int64_t begun_ms, int64_t now_ms)
{
	int64_t answered_ms = atomic_load(&reach->answered_ms), since_ms = 0;

	if (begun_ms < answered_ms)
		begun_ms = answered_ms; /* another thread's question was answered meanwhile */
	if (atomic_compare_exchange_strong(&reach->silent_since_ms, &since_ms, begun_ms))
		since_ms = begun_ms;
	if (now_ms - since_ms >= REACH_PATIENCE_MS)
		atomic_store(&reach->away, true);
}
