/*
 * page - answers that are rendered from a template.
 */
#ifndef FCGI_PAGE_H
#define FCGI_PAGE_H

struct tina4_response;

/*
 * Answers 500 with a page that says why a template was not rendered, for the
 * one who writes it. Returns 0 or a negative errno.
 */
int page_explain(struct tina4_response *res, const char *why);

#endif
