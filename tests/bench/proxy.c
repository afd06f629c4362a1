/*
 * proxy - the least that a proxy does.
 *
 *     proxy SOCKET
 *
 * It hands on what it reads, from TCP to a unix socket and back, by one recv(2)
 * and one send(2). It looks at nothing, and a connection whose peer does not
 * take all at once is over. It prints "port N" when it listens on the loopback
 * address.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/listener.h"

enum { BUFFER_BYTES = 4096, EVENTS = 512, MAX_FDS = 65536 };

static int epoll;
static int peer_of[MAX_FDS];
static struct sockaddr_un server = { .sun_family = AF_UNIX };

static void
watch(int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void
take(int listener)
{
	int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC), on = 1;
	int upstream = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (client < 0 || upstream < 0 || client >= MAX_FDS || upstream >= MAX_FDS ||
	    connect(upstream, (struct sockaddr *)&server, sizeof(server)) < 0) {
		perror("proxy: connection");
		exit(1);
	}
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	peer_of[client] = upstream;
	peer_of[upstream] = client;
	watch(client, EPOLLIN | EPOLLRDHUP | EPOLLET);
	watch(upstream, EPOLLIN | EPOLLRDHUP | EPOLLET);
}

static void
hand_on(int fd)
{
	static char buffer[BUFFER_BYTES];
	int peer = peer_of[fd];
	ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);

	if (n > 0 && send(peer, buffer, (size_t)n, MSG_DONTWAIT) == n)
		return;
	shutdown(fd, SHUT_RDWR); /* neither number is used again: no event is for another connection */
	shutdown(peer, SHUT_RDWR);
}

int
main(int argc, char **argv)
{
	char name[LISTENER_NAME_MAX];
	struct listener listener;

	if (argc != 2 || strlen(argv[1]) >= sizeof(server.sun_path) || listener_open(&listener, "127.0.0.1:0") < 0) {
		fputs("usage: proxy SOCKET\n", stderr);
		return 2;
	}
	strcpy(server.sun_path, argv[1]);
	signal(SIGPIPE, SIG_IGN);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	watch(listener.fd, EPOLLIN);
	listener_name(listener.fd, name);
	printf("port %s\n", strrchr(name, ':') + 1);
	fflush(stdout);
	for (;;) {
		struct epoll_event events[EVENTS];
		int n = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++)
			if (events[i].data.fd == listener.fd)
				take(listener.fd);
			else
				hand_on(events[i].data.fd);
	}
}
