#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"

static int
send_time(struct tina4_conn *conn)
{
	char now[DEMO_TIMESTAMP_BYTES];

	demo_timestamp(now);
	return tina4_conn_send_jsonf(conn, 0, "{'type':'time','server_time':%s,'timezone':'UTC'}", now);
}

/* What of this worker is in memory, proc(5). */
static double
memory_mb(void)
{
	long size, resident = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	if (statm == NULL)
		return 0;
	if (fscanf(statm, "%ld %ld", &size, &resident) != 2)
		resident = 0;
	fclose(statm);
	return (double)(resident * sysconf(_SC_PAGESIZE) * 100 / 1024 / 1024) / 100;
}

static int
send_status(struct tina4_conn *conn)
{
	return tina4_conn_send_jsonf(conn, 0, "{'type':'status','uptime':%ld,'connections':%u,'memory_mb':%f}",
	    demo_uptime(), tina4_conn_count(conn), memory_mb());
}

/* Only the sender gets the answer. */
int
demo_single_client(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	cJSON *json;
	const char *action;
	int r = 0;

	if (event != TINA4_MESSAGE)
		return 0;
	json = demo_parse(conn, data, len);
	action = demo_field(json, "action", "");
	if (action != NULL && strcmp(action, "get-time") == 0)
		r = send_time(conn);
	else if (action != NULL && strcmp(action, "get-status") == 0)
		r = send_status(conn);
	cJSON_Delete(json);
	return r;
}
