/*
 * csrf - tells a request that a page of ours sent from one that another site
 * made a browser send.
 *
 * The visitor's cookie holds a secret of 256 random bits, and the page's form
 * the same secret under a mask: another site makes the browser send the cookie,
 * but cannot read either of them (OWASP, "Cross-Site Request Forgery
 * Prevention", double submit). Behind https the cookie's name begins with
 * __Host-, so that no other host of the domain can set it. The mask is another
 * one for each request, since an answer that is compressed would tell a
 * constant bit by bit (BREACH, CVE-2013-3587).
 */
#ifndef FCGI_CSRF_H
#define FCGI_CSRF_H

#include <stdbool.h>

#include "fcgi/tina4.h"

#define CSRF_FIELD "formToken"
#define CSRF_HEADER "X-Form-Token"

enum { CSRF_COOKIE_CHARS = 43, CSRF_TOKEN_CHARS = 86 };

/* Whether a request of that method is to come from a page of ours. */
bool csrf_is_checked(const char *method);

/* A secret as the cookie has it, and under a new mask as a page has it. Return 0 or a negative errno. */
int csrf_make_cookie(char ret[static CSRF_COOKIE_CHARS + 1]);
int csrf_mask(const char *cookie, char ret[static CSRF_TOKEN_CHARS + 1]);

/* Whether a token came of that cookie. NULL is none. Pure. */
bool csrf_belongs(const char *token, const char *cookie);

/* The name of the cookie. */
const char *csrf_cookie_name(bool https);

#endif
