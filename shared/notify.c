#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/log.h"
#include "shared/notify.h"

enum { DATAGRAM_BYTES = 512 };

/* Connects to a path, or to an abstract name that begins with '@'. Returns a descriptor or a negative errno. */
static int
connect_to(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd;

	if (len >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, name, len);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	len += offsetof(struct sockaddr_un, sun_path);
	if (connect(fd, (struct sockaddr *)&address, (socklen_t)len) == 0)
		return fd;
	close(fd);
	return -errno;
}

/* sd_watchdog_enabled(3). It is told twice as often as is asked for. */
static uint64_t
watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (usec == NULL || (pid != NULL && atol(pid) != (long)getpid()))
		return 0;
	return strtoull(usec, NULL, 10) / 1000 / 2;
}

void
notify_open(struct notify *notify)
{
	const char *name = getenv("NOTIFY_SOCKET");

	*notify = (struct notify){ .fd = -1 };
	if (name == NULL)
		return;
	notify->fd = connect_to(name);
	if (notify->fd < 0) {
		log_warn("systemd is not told NOTIFY_SOCKET=%s error=%s", name, strerror(-notify->fd));
		notify->fd = -1;
		return;
	}
	notify->watchdog_ms = watchdog_ms();
}

void
notify_close(struct notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

/* A datagram that is not taken is no reason to wait. */
static void
tell(const struct notify *notify, const char *fact, const char *text)
{
	char datagram[DATAGRAM_BYTES];
	int len = snprintf(
	    datagram, sizeof(datagram), "%s%s%s", fact, text == NULL ? "" : "\nSTATUS=", text == NULL ? "" : text);

	if (notify->fd >= 0 && len < (int)sizeof(datagram))
		send(notify->fd, datagram, (size_t)len, MSG_NOSIGNAL);
}

void
notify_ready(const struct notify *notify, const char *text)
{
	tell(notify, "READY=1", text);
}

void
notify_reloading(const struct notify *notify)
{
	char fact[64];

	snprintf(fact, sizeof(fact), "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_ns() / 1000);
	tell(notify, fact, NULL);
}

void
notify_stopping(const struct notify *notify, const char *text)
{
	tell(notify, "STOPPING=1", text);
}

void
notify_tick(struct notify *notify, uint64_t now_ms)
{
	if (notify->watchdog_ms == 0 || now_ms - notify->told_ms < notify->watchdog_ms)
		return;
	notify->told_ms = now_ms;
	tell(notify, "WATCHDOG=1", NULL);
}
