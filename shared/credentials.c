#include <string.h>
#include <strings.h>

#include "shared/credentials.h"
#include "shared/url.h"

static const char blanks[] = " \t";
static const struct span none = { "", 0 };

static struct span
trim(const char *at, const char *end)
{
	while (at < end && strchr(blanks, *at) != NULL)
		at++;
	while (at < end && strchr(blanks, end[-1]) != NULL)
		end--;
	return (struct span){ at, (size_t)(end - at) };
}

/* RFC 6750 section 2.1; the scheme's case does not matter, RFC 9110 section 11.1. */
struct span
credentials_bearer(const char *authorization)
{
	static const char scheme[] = "Bearer ";

	if (authorization == NULL || strncasecmp(authorization, scheme, strlen(scheme)) != 0)
		return none;
	authorization += strlen(scheme);
	return trim(authorization, authorization + strlen(authorization));
}

static struct span
find_in_query(const char *query)
{
	struct span name, value;

	while (url_next_pair(&query, &name, &value))
		if (span_is(name, "token") && value.len > 0)
			return value;
	return none;
}

/* RFC 6265 section 4.2.1. */
static struct span
find_in_cookies(const char *cookies, const char *name)
{
	size_t name_len = strlen(name);

	while (*cookies != '\0') {
		const char *end = strchrnul(cookies, ';');
		struct span pair = trim(cookies, end);

		if (pair.len > name_len + 1 && memcmp(pair.data, name, name_len) == 0 && pair.data[name_len] == '=')
			return (struct span){ pair.data + name_len + 1, pair.len - name_len - 1 };
		cookies = *end == ';' ? end + 1 : end;
	}
	return none;
}

struct span
credentials_token(const struct credentials *credentials)
{
	struct span token = credentials_bearer(credentials->authorization);

	if (token.len == 0 && credentials->offered != NULL)
		token = span_of(credentials->offered);
	if (token.len == 0 && credentials->query != NULL)
		token = find_in_query(credentials->query);
	if (token.len == 0 && credentials->cookies != NULL && credentials->cookie_name != NULL &&
	    credentials->cookie_name[0] != '\0')
		token = find_in_cookies(credentials->cookies, credentials->cookie_name);
	return token;
}
