#include <errno.h>
#include <netdb.h>
#include <string.h>

#include "shared/endpoint.h"

enum { HOST_MAX = 256 };

int
endpoint_unix(struct sockaddr_un *ret, const char *path)
{
	if (strlen(path) >= sizeof(ret->sun_path))
		return -ENAMETOOLONG;
	ret->sun_family = AF_UNIX;
	strcpy(ret->sun_path, path);
	return 0;
}

/* Splits host:port and [v6]:port. Without a host it is loopback: whoever reaches the port can be anyone. */
static int
split_tcp(const char *address, char host[static HOST_MAX], const char **ret_port)
{
	const char *colon = strrchr(address, ':');
	size_t len;

	if (colon == NULL || colon[1] == '\0')
		return -EINVAL;
	len = (size_t)(colon - address);
	if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
		address++;
		len -= 2;
	} else if (memchr(address, ':', len) != NULL) {
		return -EINVAL;
	}
	if (len >= HOST_MAX)
		return -EINVAL;
	memcpy(host, address, len);
	host[len] = '\0';
	if (len == 0)
		strcpy(host, "127.0.0.1");
	*ret_port = colon + 1;
	return 0;
}

static int
find_tcp(struct endpoint *ret, const char *text, bool passive)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0) };
	struct addrinfo *info;
	char host[HOST_MAX];
	const char *port;
	int r;

	r = split_tcp(text, host, &port);
	if (r < 0)
		return r;
	r = getaddrinfo(host, port, &hints, &info);
	if (r != 0)
		return r == EAI_SYSTEM ? -errno : -EINVAL;
	memcpy(&ret->address, info->ai_addr, info->ai_addrlen);
	ret->len = info->ai_addrlen;
	freeaddrinfo(info);
	return 0;
}

int
endpoint_find(struct endpoint *ret, const char *text, bool passive)
{
	*ret = (struct endpoint){ 0 };
	if (strncmp(text, "unix:/", 6) == 0)
		text += 5;
	if (*text != '/')
		return find_tcp(ret, text, passive);
	ret->len = sizeof(struct sockaddr_un);
	return endpoint_unix((struct sockaddr_un *)&ret->address, text);
}
