/*
 * conns - who is connected, and ending that, for a program that has no ZeroMQ.
 *
 *     GET /conns          ?path=&user=&host=&cursor=&max=: a page of connections, of any host
 *     DELETE /conns/ID    ?code=&reason=: closes one, on any host
 *     DELETE /path/PATH   ?code=&reason=: closes all of a path, on all hosts
 *     DELETE /user/NAME   ?code=&reason=: the same of a user
 *
 * All of them need TINA4_ADMIN_TOKEN, as a push does.
 */
#ifndef SIDECAR_ADMIN_CONNS_H
#define SIDECAR_ADMIN_CONNS_H

struct conf;
struct guest;
struct requests;
struct rolls;

#define CONNS_PAGE "/conns"
#define CONNS_PREFIX "/conns/"
#define CONNS_USER_PREFIX "/user/"
#define CONNS_PATH_PREFIX "/path/" /* its last slash is the first of the WebSocket's path */

/* To GET and HEAD; the guest may wait for another host. */
void conns_answer(const struct conf *conf, struct rolls *rolls, struct guest *guest);

/* To DELETE of a connection, of a path, or of a user. */
void conns_close(const struct conf *conf, struct requests *requests, struct guest *guest);
void conns_close_path(const struct conf *conf, struct requests *requests, struct guest *guest);
void conns_close_user(const struct conf *conf, struct requests *requests, struct guest *guest);

#endif
