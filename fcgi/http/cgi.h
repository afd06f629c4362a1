/*
 * cgi - one request from the environment and standard input (RFC 3875).
 */
#ifndef FCGI_CGI_H
#define FCGI_CGI_H

struct tina4_app;

/* Answers it on standard output. Returns 0 or a negative errno. */
int cgi_serve(struct tina4_app *app);

#endif
