/*
 * connjson - a connection as a JSON object, as `tina4 conns --json` and GET /conns tell it. Pure.
 */
#ifndef SHARED_CONNJSON_H
#define SHARED_CONNJSON_H

struct buf;
struct wire_conn;

/* {"id":...,"host":...,"path":...,"user":...,"address":...,"since_ms":...,"queued":...,"messages":...} */
void connjson_put(struct buf *buf, const struct wire_conn *conn);

#endif
