#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "fcgi/app.h"
#include "fcgi/http/dispatch.h"
#include "fcgi/http/fastcgi.h"
#include "fcgi/hooks.h"
#include "fcgi/http/request.h"
#include "fcgi/http/response.h"
#include "fcgi/signals.h"
#include "shared/listener.h"
#include "shared/log.h"

enum {
	BODY_CHUNK = 8 << 10, /* what libfcgi reads at once */
	PUT_MAX = 1 << 30,    /* libfcgi counts in ints */
	RETRY_MS = 100,       /* when the process has no descriptor left */
};

struct server {
	struct tina4_app *app;
	int listen_fd;
	int stop_fd;          /* an eventfd, readable for all threads once they are to stop ... */
	atomic_bool stopping; /* ... which those that have no need to wait see here */
	int signal_fd;        /* readable when a signal asks for the stop */
	pthread_t *threads;
	unsigned n_threads;
	sem_t ready; /* counts the threads whose start hook has returned ... */
	sem_t go;    /* ... which then all may serve, or none */
	sem_t left;  /* counts the threads that have served their last request */
	atomic_int error;
};

/* Waits until fd is readable, if it is one, or for so long. Returns false when it is time to stop. */
static bool
wait_for(const struct server *server, int fd, int timeout_ms)
{
	struct pollfd polled[2] = { { .fd = server->stop_fd, .events = POLLIN }, { .fd = fd, .events = POLLIN } };

	while (poll(polled, 2, timeout_ms) < 0)
		if (errno != EINTR)
			return false;
	return polled[0].revents == 0;
}

/* Stops the whole server: its socket is of no use any more. */
static void
give_up(struct server *server, int error)
{
	atomic_store(&server->error, -error);
	kill(getpid(), SIGTERM); /* to the process: a thread's own signal would stay with it */
}

/* The same for connections: of all threads and processes that wait for one, the kernel wakes one. */
static bool
wait_for_connection(struct server *server, int epoll_fd)
{
	struct epoll_event events[2];
	int n;

	do
		n = epoll_wait(epoll_fd, events, 2, -1);
	while (n < 0 && errno == EINTR);
	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == server->stop_fd)
			return false;
		if (events[i].events & EPOLLHUP) { /* another process has shut it down */
			give_up(server, EPIPE);
			return false;
		}
	}
	return n > 0;
}

static void
set_timeouts(int fd)
{
	struct timeval timeout = { .tv_sec = FASTCGI_PEER_SECONDS };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

static bool
is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* Returns a connection that has said something, or -1 when there is none yet. */
static int
accept_one(const struct server *server)
{
	struct pollfd polled = { .events = POLLIN };

	polled.fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (polled.fd < 0) {
		if (is_shortage(errno)) {
			log_limited(LOG_LEVEL_WARN, "connection not accepted error=%s", strerror(errno));
			wait_for(server, -1, RETRY_MS);
		}
		return -1; /* or the web server has gone, or another process was faster */
	}
	if (poll(&polled, 1, FASTCGI_FIRST_MS) <= 0) {
		close(polled.fd);
		return -1;
	}
	set_timeouts(polled.fd);
	return polled.fd;
}

/* Begins the next request. Returns false when it is time to stop. */
static bool
next_request(struct server *server, int epoll_fd, FCGX_Request *fcgi)
{
	do {
		if (fcgi->ipcFd >= 0) { /* the web server keeps it */
			if (!wait_for(server, fcgi->ipcFd, -1))
				return false;
		} else {
			if (atomic_load(&server->stopping))
				return false;
			fcgi->ipcFd = accept_one(server);
			if (fcgi->ipcFd < 0 && !wait_for_connection(server, epoll_fd))
				return false;
		}
		/* FCGX_Accept_r() would close it as the rest of a request before. */
		fcgi->keepConnection = 1;
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

static int
put(void *context, const void *data, size_t len)
{
	FCGX_Request *fcgi = context;

	while (len > 0) {
		int n = len < PUT_MAX ? (int)len : PUT_MAX;

		if (FCGX_PutStr(data, n, fcgi->out) != n)
			return -EPIPE;
		data = (const char *)data + n;
		len -= (size_t)n;
	}
	return 0;
}

static void
serve_one(struct tina4_app *app, FCGX_Request *fcgi)
{
	struct tina4_response res;
	struct buf body = BUF_INIT;
	int r;

	response_init(&res);
	r = read_body(fcgi, app->conf.max_body, &body);
	if (r < 0)
		fcgi->keepConnection = 0; /* the rest of the body is in the way */
	/* With nothing left to read, no reset can overtake the answer: it is closed without a wait for the peer. */
	fcgi->detached = r == 0;
	dispatch(app, fcgi->envp, r, &body, &res);
	r = response_write(&res, request_is_head(fcgi->envp), put, fcgi);
	if (r < 0)
		fcgi->keepConnection = 0;
	if (r < 0 && r != -EPIPE)
		log_limited(LOG_LEVEL_ERROR, "response cut short error=%s", tina4_strerror(r));
	buf_free(&body);
	response_free(&res);
	FCGX_Finish_r(fcgi);
}

/* Returns a descriptor to wait for the stop and for connections, or a negative errno. */
static int
open_epoll(const struct server *server)
{
	struct epoll_event stop = { .events = EPOLLIN, .data.fd = server->stop_fd };
	struct epoll_event connection = { .events = EPOLLIN | EPOLLEXCLUSIVE, .data.fd = server->listen_fd };
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (epoll_ctl(fd, EPOLL_CTL_ADD, server->stop_fd, &stop) < 0 ||
	    epoll_ctl(fd, EPOLL_CTL_ADD, server->listen_fd, &connection) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
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
	int epoll_fd = open_epoll(server);
	FCGX_Request fcgi;

	FCGX_InitRequest(&fcgi, -1, 0);
	if (epoll_fd < 0)
		give_up(server, -epoll_fd);
	else
		while (next_request(server, epoll_fd, &fcgi))
			serve_one(server->app, &fcgi);
	FCGX_Free(&fcgi, 1);
	if (epoll_fd >= 0)
		close(epoll_fd);
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
	atomic_store(&server->stopping, r < 0);
	for (unsigned i = 0; i < server->n_threads; i++)
		sem_post(&server->go);
	return r;
}

/* Waits for the threads to finish what they serve. Returns -EBUSY when that takes too long. */
static int
stop_threads(struct server *server)
{
	struct timespec deadline;

	atomic_store(&server->stopping, true);
	eventfd_write(server->stop_fd, 1);
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
	if (server->stop_fd >= 0)
		close(server->stop_fd);
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
	server->app = app;
	server->listen_fd = listen_fd;
	server->signal_fd = -1;
	sem_init(&server->ready, 0, 0);
	sem_init(&server->go, 0, 0);
	sem_init(&server->left, 0, 0);
	server->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (server->stop_fd < 0) {
		r = -errno;
		goto fail;
	}
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
