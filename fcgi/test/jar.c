#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#include "fcgi/test/jar.h"
#include "shared/span.h"

struct jar_cookie {
	struct jar_cookie *next; /* an older one */
	char *name;
	char *value;
	char *path;
	bool secure;
};

static void
cookie_free(struct jar_cookie *cookie)
{
	if (cookie == NULL)
		return;
	free(cookie->name);
	free(cookie->value);
	free(cookie->path);
	free(cookie);
}

void
jar_free(struct jar *jar)
{
	struct jar_cookie *cookie;

	while ((cookie = jar->cookies) != NULL) {
		LL_DELETE(jar->cookies, cookie);
		cookie_free(cookie);
	}
}

static struct jar_cookie *
cookie_new(struct span name, struct span value, struct span path, bool secure)
{
	struct jar_cookie *cookie = calloc(1, sizeof(*cookie));

	if (cookie == NULL)
		return NULL;
	cookie->name = strndup(name.data, name.len);
	cookie->value = strndup(value.data, value.len);
	cookie->path = strndup(path.data, path.len);
	cookie->secure = secure;
	if (cookie->name != NULL && cookie->value != NULL && cookie->path != NULL)
		return cookie;
	cookie_free(cookie);
	return NULL;
}

/* RFC 6265 section 5.3: name and path tell which cookie it is. */
static void
take_away(struct jar *jar, const struct jar_cookie *like)
{
	struct jar_cookie *cookie, *next;

	LL_FOREACH_SAFE(jar->cookies, cookie, next)
	{
		if (cookie == like || strcmp(cookie->name, like->name) != 0 || strcmp(cookie->path, like->path) != 0)
			continue;
		LL_DELETE(jar->cookies, cookie);
		cookie_free(cookie);
	}
}

/* Takes the cookie, NULL is out of memory; one that is over only takes away another. */
static int
put(struct jar *jar, struct jar_cookie *cookie, bool over)
{
	if (cookie == NULL)
		return -ENOMEM;
	take_away(jar, cookie);
	if (over)
		cookie_free(cookie);
	else
		LL_PREPEND(jar->cookies, cookie);
	return 0;
}

int
jar_set(struct jar *jar, const char *name, const char *value)
{
	struct jar_cookie *cookie = cookie_new(span_of(name), span_of(value != NULL ? value : ""), span_of("/"), false);

	return put(jar, cookie, value == NULL);
}

/* Cuts off what stands before a separator, and steps over that. */
static struct span
cut(const char **rest, const char *separators)
{
	struct span part = { *rest, strcspn(*rest, separators) };

	*rest += part.len;
	if (**rest != '\0')
		(*rest)++;
	return part;
}

static bool
is_name(struct span span, const char *name)
{
	return span.len == strlen(name) && strncasecmp(span.data, name, span.len) == 0;
}

int
jar_take(struct jar *jar, const char *rest)
{
	struct span pair = cut(&rest, ";"), path = span_of("/");
	const char *equals = memchr(pair.data, '=', pair.len);
	bool secure = false, over = false;
	struct span name, value;

	if (equals == NULL || equals == pair.data)
		return -EINVAL;
	name = (struct span){ pair.data, (size_t)(equals - pair.data) };
	value = span_from(pair, name.len + 1);

	while (*rest != '\0') {
		const char *at = rest + strspn(rest, " ");
		struct span attribute = cut(&at, "=;"), setting = { "", 0 };

		if (attribute.data[attribute.len] == '=')
			setting = cut(&at, ";");
		rest = at;
		if (is_name(attribute, "Path") && setting.len > 0)
			path = setting;
		if (is_name(attribute, "Max-Age"))
			over = atoll(setting.data) <= 0;
		secure |= is_name(attribute, "Secure");
	}
	return put(jar, cookie_new(name, value, path, secure), over);
}

const char *
jar_get(const struct jar *jar, const char *name)
{
	const struct jar_cookie *cookie;

	LL_FOREACH(jar->cookies, cookie)
	if (strcmp(cookie->name, name) == 0)
		return cookie->value;
	return NULL;
}

/* RFC 6265 section 5.1.4. */
static bool
is_for(const struct jar_cookie *cookie, const char *path)
{
	size_t len = strlen(cookie->path);

	if (strncmp(path, cookie->path, len) != 0)
		return false;
	return path[len] == '\0' || path[len] == '/' || cookie->path[len - 1] == '/';
}

void
jar_put(const struct jar *jar, const char *path, bool https, struct buf *ret)
{
	const struct jar_cookie *cookie;
	const char *between = "";

	LL_FOREACH(jar->cookies, cookie)
	{
		if (!is_for(cookie, path) || (cookie->secure && !https))
			continue;
		buf_printf(ret, "%s%s=%s", between, cookie->name, cookie->value);
		between = "; ";
	}
}
