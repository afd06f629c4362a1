/*
 * bare - the least that a FastCGI application does.
 *
 *     bare SOCKET THREADS
 *
 * Each thread answers "Hello, world!" to what FCGX_Accept_r() brings.
 */
#include <fcgiapp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static int listener;

static void *
serve(void *unused)
{
	FCGX_Request request;

	(void)unused;
	FCGX_InitRequest(&request, listener, 0);
	while (FCGX_Accept_r(&request) == 0) {
		FCGX_PutS("Content-Type: text/plain; charset=utf-8\r\n\r\nHello, world!\n", request.out);
		FCGX_Finish_r(&request);
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	unsigned threads = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	pthread_t thread;

	if (threads == 0 || FCGX_Init() != 0 || (listener = FCGX_OpenSocket(argv[1], 1024)) < 0) {
		fputs("usage: bare SOCKET THREADS\n", stderr);
		return 2;
	}
	while (--threads > 0)
		pthread_create(&thread, NULL, serve, NULL);
	puts("ready");
	fflush(stdout);
	serve(NULL);
	return 1;
}
