/*
 * text - how text is written into HTML, scripts and URLs.
 *
 * Writers never let a buffer grow past TEMPLATE_MAX_OUTPUT: they set its
 * `failed` instead. Pure.
 */
#ifndef FCGI_TEMPLATE_TEXT_H
#define FCGI_TEMPLATE_TEXT_H

#include "shared/span.h"

struct buf;

/* As it is. */
void text_put(struct buf *buf, struct span text);

/* For HTML, in an element or a quoted attribute. What is not UTF-8 becomes U+FFFD. */
void text_put_html(struct buf *buf, struct span text);

/* For a string of JavaScript or JSON, in a script element or out of it. What is not UTF-8 becomes U+FFFD. */
void text_put_script(struct buf *buf, struct span text);

/*
 * For a string of JavaScript in any quotes, backticks too, for a value of CSS, and for an attribute of HTML without
 * quotes: only letters and digits of ASCII stay, and a few marks. What is not UTF-8 becomes U+FFFD.
 */
void text_put_js(struct buf *buf, struct span text);
void text_put_css(struct buf *buf, struct span text);
void text_put_attribute(struct buf *buf, struct span text);

/* For one part of a URL: all but the unreserved bytes of RFC 3986 is percent-encoded. */
void text_put_url(struct buf *buf, struct span text);

#endif
