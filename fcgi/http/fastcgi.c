#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fcgi/app.h"
#include "fcgi/http/connections.h"
#include "fcgi/http/dispatch.h"
#include "fcgi/http/fastcgi.h"
#include "fcgi/hooks.h"
#include "fcgi/http/management.h"
#include "fcgi/http/outlet.h"
#include "fcgi/http/request.h"
#include "fcgi/http/response.h"
#include "fcgi/signals.h"
#include "shared/listener.h"
#include "shared/log.h"

enum {
	BODY_CHUNK = 8 << 10, /* what libfcgi reads at once */
	PUT_MAX = 1 << 30,    /* libfcgi counts in ints */
};

struct server {
	struct tina4_app *app;
	struct connections connections;
	struct management_values values;
	int signal_fd; /* readable when a signal asks for the stop */
	pthread_t *threads;
	unsigned n_threads;
	sem_t ready; /* counts the threads whose start hook has returned ... */
	sem_t go;    /* ... which then all may serve, or none */
	sem_t left;  /* counts the threads that have served their last request */
	atomic_int error;
};

/* Stops the whole server: its socket is of no use any more. */
static void
give_up(struct server *server, int error)
{
	atomic_store(&server->error, -error);
	kill(getpid(), SIGTERM); /* to the process: a thread's own signal would stay with it */
}

/* Begins the next request. Returns false when it is time to stop. */
static bool
next_request(struct server *server, struct seat *seat, FCGX_Request *fcgi)
{
	int fd, r, kept = fcgi->ipcFd;

	do {
		fd = seat_wait(seat, kept);
		fcgi->ipcFd = -1;
		if (fd < 0) {
			if (fd != -ECANCELED)
				give_up(server, -fd);
			return false;
		}
		kept = -1;
		r = management_answer(fd, &server->values);
		if (r < 0) {
			close(fd);
		} else if (r > 0) {
			kept = fd; /* the request is still to come */
		} else {
			fcgi->ipcFd = fd;
			/* FCGX_Accept_r() would close it as the rest of a request before. */
			fcgi->keepConnection = 1;
		}
	} while (fcgi->ipcFd < 0 || FCGX_Accept_r(fcgi) < 0);
	return true;
}

/*
 * Reads the body to the end of its stream, so that a kept connection is ready
 * for the next request. Returns 0, -EFBIG, -EINVAL for a wrong length, -EPIPE
 * when it was cut short, or -ENOMEM.
 */
static int
read_body(FCGX_Request *fcgi, size_t max_bytes, struct buf *body)
{
	size_t bytes = max_bytes, want, n;
	char chunk[BODY_CHUNK]; /* most requests have no body, and should not cost an allocation */
	bool announced;
	int r;

	r = request_body_bytes(fcgi->envp, max_bytes, &bytes);
	announced = r == 0;
	if (r < 0 && r != -ENOENT)
		return r;
	do {
		want = bytes + 1 - body->len; /* one too many, to see the end */
		if (want > sizeof(chunk))
			want = sizeof(chunk);
		n = (size_t)FCGX_GetStr(chunk, (int)want, fcgi->in);
		buf_bytes(body, chunk, n);
		if (body->failed)
			return -ENOMEM;
		if (body->len > bytes)
			return announced ? -EINVAL : -EFBIG;
	} while (n == want);
	if (FCGX_GetError(fcgi->in) != 0 || (announced && body->len < bytes))
		return -EPIPE;
	return 0;
}

/* A request that is being answered. */
struct call {
	struct server *server;
	FCGX_Request *fcgi;
};

static int
put(void *context, const void *data, size_t len)
{
	const struct call *call = context;
	FCGX_Request *fcgi = call->fcgi;

	while (len > 0) {
		int n = len < PUT_MAX ? (int)len : PUT_MAX;

		if (FCGX_PutStr(data, n, fcgi->out) != n)
			return -EPIPE;
		data = (const char *)data + n;
		len -= (size_t)n;
	}
	return 0;
}

static int
flush(void *context)
{
	const struct call *call = context;

	return FCGX_FFlush(call->fcgi->out) == 0 ? 0 : -EPIPE;
}

/* All of the request has been read, so that only the end of the connection, or of the request, is left to come. */
static int
wait_for_end(void *context, int ms)
{
	const struct call *call = context;

	return connections_wait(&call->server->connections, call->fcgi->ipcFd, ms);
}

/*
 * An end without FCGI_END_REQUEST is one in the middle, to all but nginx that does
 * not buffer: it needs a record that breaks the protocol. FastCGI 1.0 section 3.3.
 */
static void
break_off(FCGX_Request *fcgi)
{
	static const char record[] = "\0\0\0\0\0\0\0"; /* of version 0, which there is not */

	send(fcgi->ipcFd, record, sizeof(record), MSG_NOSIGNAL);
	shutdown(fcgi->ipcFd, SHUT_RDWR);
}

static void
serve_one(struct server *server, FCGX_Request *fcgi)
{
	struct tina4_app *app = server->app;
	struct call call = { server, fcgi };
	const struct outlet outlet = { put, flush, wait_for_end, &call };
	struct tina4_response res;
	struct buf body = BUF_INIT;
	int r;

	response_init(&res);
	res.outlet = &outlet;
	r = read_body(fcgi, app->conf.max_body, &body);
	if (r < 0)
		fcgi->keepConnection = 0; /* the rest of the body is in the way */
	/* With nothing left to read, no reset can overtake the answer: it is closed without a wait for the peer. */
	fcgi->detached = r == 0;
	r = dispatch(app, fcgi->envp, r, &body, &res);
	if (r < 0)
		break_off(fcgi);
	else
		r = response_write(&res, put, &call);
	if (r < 0)
		fcgi->keepConnection = 0;
	if (r < 0 && r != -EPIPE)
		log_limited(LOG_LEVEL_ERROR, "response cut short error=%s", tina4_strerror(r));
	buf_free(&body);
	response_free(&res);
	FCGX_Finish_r(fcgi);
}

/*
 * Lets what wakes this thread go on first, see sched(7). On a busy core a
 * connection would otherwise wake it before the web server has written the
 * request, which would wake it again. Who chose a policy for the process keeps it.
 */
static void
give_way(void)
{
	struct sched_param param;
	int policy;

	if (pthread_getschedparam(pthread_self(), &policy, &param) == 0 && policy == SCHED_OTHER)
		pthread_setschedparam(pthread_self(), SCHED_BATCH, &param);
}

static void
serve_requests(struct server *server)
{
	FCGX_Request fcgi;
	struct seat seat;
	int r;

	r = seat_open(&seat, &server->connections);
	if (r < 0) {
		give_up(server, -r);
		return;
	}
	FCGX_InitRequest(&fcgi, -1, 0);
	while (next_request(server, &seat, &fcgi))
		serve_one(server, &fcgi);
	FCGX_Free(&fcgi, 1);
	seat_close(&seat);
}

static void
wait_sem(sem_t *sem)
{
	while (sem_wait(sem) < 0)
		if (errno != EINTR)
			abort();
}

static void *
run_thread(void *argument)
{
	struct server *server = argument;
	int r = hooks_start_thread(server->app);

	if (r < 0)
		atomic_store(&server->error, r);
	sem_post(&server->ready);
	wait_sem(&server->go);
	if (r == 0) {
		give_way();
		serve_requests(server);
		hooks_stop_thread(server->app);
	}
	sem_post(&server->left);
	return NULL;
}

/* Returns once all are ready, or what kept one from it; then none of them serves. */
static int
start_threads(struct server *server)
{
	unsigned n = server->app->conf.threads;
	int r = 0;

	server->threads = calloc(n, sizeof(*server->threads));
	if (server->threads == NULL)
		return -ENOMEM;
	while (r == 0 && server->n_threads < n) {
		r = -pthread_create(&server->threads[server->n_threads], NULL, run_thread, server);
		server->n_threads += r == 0;
	}
	for (unsigned i = 0; i < server->n_threads; i++)
		wait_sem(&server->ready);
	if (r == 0)
		r = atomic_load(&server->error);
	if (r < 0)
		connections_stop(&server->connections);
	for (unsigned i = 0; i < server->n_threads; i++)
		sem_post(&server->go);
	return r;
}

/* Waits for the threads to finish what they serve. Returns -EBUSY when that takes too long. */
static int
stop_threads(struct server *server)
{
	struct timespec deadline;

	connections_stop(&server->connections);
	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += server->app->conf.stop_seconds;
	for (unsigned i = 0; i < server->n_threads; i++)
		while (sem_timedwait(&server->left, &deadline) < 0)
			if (errno != EINTR)
				return -EBUSY;
	for (unsigned i = 0; i < server->n_threads; i++)
		pthread_join(server->threads[i], NULL);
	return 0;
}

static void
server_free(struct server *server)
{
	if (server->signal_fd >= 0)
		close(server->signal_fd);
	connections_close(&server->connections);
	sem_destroy(&server->left);
	sem_destroy(&server->go);
	sem_destroy(&server->ready);
	free(server->threads);
	free(server);
}

static int
set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	return fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

static int
server_new(struct server **ret, struct tina4_app *app, int listen_fd)
{
	struct server *server = calloc(1, sizeof(*server));
	int r;

	if (server == NULL)
		return -ENOMEM;
	r = connections_open(&server->connections, listen_fd);
	if (r < 0) {
		free(server);
		return r;
	}
	server->app = app;
	server->values = (struct management_values){ CONNECTIONS_LEFT, app->conf.threads };
	server->signal_fd = -1;
	sem_init(&server->ready, 0, 0);
	sem_init(&server->go, 0, 0);
	sem_init(&server->left, 0, 0);
	server->signal_fd = r = signals_open();
	if (r < 0)
		goto fail;
	r = set_nonblocking(listen_fd);
	if (r < 0)
		goto fail;
	if (FCGX_Init() != 0) {
		r = -ENOMEM; /* all it asks for */
		goto fail;
	}
	*ret = server;
	return 0;
fail:
	server_free(server);
	return r;
}

int
fastcgi_serve(struct tina4_app *app, int listen_fd, int (*meanwhile)(struct tina4_app *app, int stop_fd))
{
	char name[LISTENER_NAME_MAX];
	struct server *server = NULL;
	int r, stopped;

	r = server_new(&server, app, listen_fd);
	if (r < 0)
		return r;
	r = start_threads(server);
	if (r == 0) {
		listener_name(listen_fd, name);
		log_info("fastcgi started listen=%s threads=%u", name, server->n_threads);
		r = meanwhile(app, server->signal_fd);
		log_info("fastcgi stopping");
	}
	stopped = stop_threads(server);
	if (stopped < 0)
		return stopped; /* the threads that are left use the server */
	if (r == 0)
		r = atomic_load(&server->error);
	if (r == 0)
		log_info("fastcgi stopped");
	server_free(server);
	return r;
}
