#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/bridge/guard.h"
#include "fcgi/bridge/program.h"
#include "shared/clock.h"

enum { READ_BYTES = 64 << 10 };

/* --- starting -------------------------------------------------------------------------- */

static int
never_wait(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

int
program_start(struct program *program, const char *command)
{
	int in[2], out[2], r;

	*program = (struct program){ .in = -1, .out = -1 };
	if (pipe2(in, O_CLOEXEC) < 0)
		return -errno;
	program->in = in[1];
	if (pipe2(out, O_CLOEXEC) < 0) {
		r = -errno;
		close(in[0]);
		return r;
	}
	program->out = out[0];
	r = never_wait(program->in);
	if (r == 0)
		r = never_wait(program->out);
	if (r == 0)
		r = guard_start(command, in[0], out[1], &program->pid);
	close(in[0]);
	close(out[1]);
	return r;
}

/* --- speaking ---------------------------------------------------------------------------- */

bool
program_has_unsent(const struct program *program)
{
	return program->n_sent < program->unsent.len;
}

int
program_write(struct program *program)
{
	while (program_has_unsent(program)) {
		ssize_t n =
		    write(program->in, program->unsent.data + program->n_sent, program->unsent.len - program->n_sent);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		program->n_sent += (size_t)n;
	}
	buf_clear(&program->unsent);
	program->n_sent = 0;
	return 0;
}

/* Forgets the lines that were taken. */
static void
compact(struct program *program)
{
	struct buf *heard = &program->heard;

	if (program->n_taken == 0)
		return;
	memmove(heard->data, heard->data + program->n_taken, heard->len - program->n_taken);
	heard->len -= (uint32_t)program->n_taken;
	program->n_searched -= program->n_taken;
	program->n_taken = 0;
}

int
program_read(struct program *program)
{
	ssize_t n;

	compact(program);
	if (buf_reserve(&program->heard, READ_BYTES) < 0)
		return -ENOMEM;
	n = read(program->out, program->heard.data + program->heard.len, READ_BYTES);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -EPIPE;
	program->heard.len += (uint32_t)n;
	return 0;
}

bool
program_take_line(struct program *program, struct span *ret)
{
	const struct buf *heard = &program->heard;
	const uint8_t *from, *end;

	if (heard->len == program->n_searched)
		return false;
	from = heard->data + program->n_searched;
	end = memchr(from, '\n', heard->len - program->n_searched);
	if (end == NULL) {
		program->n_searched = heard->len;
		return false;
	}
	from = heard->data + program->n_taken;
	*ret = (struct span){ (const char *)from, (size_t)(end - from) };
	program->n_taken = program->n_searched = (size_t)(end + 1 - heard->data);
	return true;
}

size_t
program_rest(const struct program *program)
{
	return program->heard.len - program->n_taken;
}

/* --- stopping ------------------------------------------------------------------------------ */

/* Waits for it to end, which it may do no sooner than what it still writes is read. Returns false when it does not. */
static bool
await_end(struct program *program)
{
	int64_t end_ms = clock_ms() + PROGRAM_STOP_MS, rest_ms;
	struct pollfd items[] = { { .fd = pidfd_open(program->pid, 0), .events = POLLIN },
		{ .fd = program->out, .events = POLLIN } };

	while ((rest_ms = end_ms - clock_ms()) > 0 && items[0].fd >= 0 && items[0].revents == 0) {
		poll(items, 2, (int)rest_ms);
		if (items[1].revents != 0 && program_read(program) < 0)
			items[1].fd = -1;
		program->n_taken = program->n_searched = program->heard.len;
	}
	if (items[0].fd >= 0)
		close(items[0].fd);
	return items[0].revents != 0;
}

struct program_end
program_stop(struct program *program, bool at_once)
{
	struct program_end end = { 0 };

	if (program->in >= 0)
		close(program->in);
	if (program->pid > 0) {
		end.killed = at_once || !await_end(program);
		kill(program->pid, SIGTERM); /* its guard kills it */
		waitpid(program->pid, &end.wait_status, 0);
	}
	if (program->out >= 0)
		close(program->out);
	buf_free(&program->unsent);
	buf_free(&program->heard);
	*program = (struct program){ .in = -1, .out = -1 };
	return end;
}
