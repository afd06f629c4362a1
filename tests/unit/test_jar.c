#include <errno.h>
#include <string.h>

#include "fcgi/test/jar.h"
#include "tests/tap.h"

static bool
sends(const struct jar *jar, const char *path, bool https, const char *header)
{
	struct buf text = BUF_INIT;
	bool same;

	jar_put(jar, path, https, &text);
	same = strcmp(buf_cstr(&text), header) == 0;
	buf_free(&text);
	return same;
}

static void
cookies_are_kept(void)
{
	struct jar jar = { 0 };

	OK(sends(&jar, "/", false, "") && jar_get(&jar, "a") == NULL, "an empty jar sends nothing");
	OK(jar_take(&jar, "a=1; Path=/; HttpOnly; SameSite=Lax") == 0, "a cookie is taken");
	OK(jar_take(&jar, "b=x=y") == 0 && strcmp(jar_get(&jar, "b"), "x=y") == 0, "an equals sign is part of a value");
	OK(sends(&jar, "/any", false, "b=x=y; a=1"), "both are sent");
	OK(jar_take(&jar, "a=2; Path=/") == 0 && strcmp(jar_get(&jar, "a"), "2") == 0, "another value replaces one");
	OK(jar_take(&jar, "a=; Path=/; Max-Age=0; HttpOnly") == 0 && jar_get(&jar, "a") == NULL,
	    "no age takes it away");
	OK(jar_take(&jar, "c=3; Max-Age=60") == 0 && jar_get(&jar, "c") != NULL, "some age does not");
	OK(jar_set(&jar, "b", NULL) == 0 && jar_set(&jar, "c", "4") == 0 && sends(&jar, "/", false, "c=4"),
	    "a program changes them, too");
	OK(jar_take(&jar, "nothing; Path=/") == -EINVAL && jar_take(&jar, "=x") == -EINVAL, "what has no name is none");
	jar_free(&jar);
}

static void
cookies_go_where_they_belong(void)
{
	struct jar jar = { 0 };

	jar_take(&jar, "s=1; Secure");
	jar_take(&jar, "p=2; path=/shop");
	OK(sends(&jar, "/", false, ""), "neither without https nor on another path");
	OK(sends(&jar, "/", true, "s=1"), "a secure one by https");
	OK(sends(&jar, "/shop", false, "p=2") && sends(&jar, "/shop/cart", false, "p=2"),
	    "one of a path there and below");
	OK(sends(&jar, "/shopping", false, ""), "which ends at a slash");
	OK(jar_take(&jar, "p=; Max-Age=-1; Path=/") == 0 && jar_get(&jar, "p") != NULL,
	    "another path is another cookie");
	jar_free(&jar);
}

int
main(void)
{
	cookies_are_kept();
	cookies_go_where_they_belong();
	return tap_done();
}
