#include <errno.h>
#include <string.h>

#include "fcgi/tina4.h"

const char *
tina4_strerror(int error)
{
	switch (error) {
	case -EILSEQ:
		return "text that is not UTF-8";
	case -EMSGSIZE:
		return "more than TINA4_WS_MAX_MESSAGE";
	case -ENOENT:
		return "no such route, connection, file or field";
	case -ERANGE:
		return "a number outside of its range";
	case -ENOTCONN:
		return "no sidecar answers";
	case -ETIMEDOUT:
		return "no receipt in time";
	case -EAGAIN:
		return "the sidecar has started anew, and no app has announced this path yet";
	case -EBUSY:
		return "the sidecar is at a limit";
	case -ENETDOWN:
		return "sent on this host, but the relay to the others is full";
	case -EPROTO:
		return "the sidecar does not understand us";
	case -ENOBUFS:
		return "more than an event or a list may have";
	case -ENOMSG:
		return "a reply to no request";
	case -EALREADY:
		return "the answer is on its way already";
	case -EUSERS:
		return "as many streams as TINA4_STREAMS allows";
	case -EFBIG:
		return "more than TINA4_SESSION_MAX_BYTES";
	case -EHOSTDOWN:
		return "the session store does not answer";
	case -EREMOTEIO:
		return "the session store refuses";
	case -ESTALE:
		return "the session has ended";
	case -ENOKEY:
		return "no key for tokens: see TINA4_SECRET";
	case -EKEYEXPIRED:
		return "the token has expired";
	case -EKEYREJECTED:
		return "the token is not valid";
	case -EDEADLK:
		return "a WebSocket handler cannot wait for the sidecar";
	default:
		return strerror(error < 0 ? -error : error);
	}
}
