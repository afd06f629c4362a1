#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "shared/buf.h"
#include "shared/conf.h"
#include "shared/keys.h"
#include "shared/log.h"
#include "sidecar/sidecar.h"

static const char usage[] = "usage: tina4-sidecar [--check | --settings | --help | --version]\n"
			    "Holds the WebSocket connections of this host. Settings come from TINA4_* variables\n"
			    "and a .env file; --check only tells whether it could start with them,\n"
			    "--settings prints them all, with what they mean, as such a file.\n";

static int
print_settings(void)
{
	struct buf settings = BUF_INIT;
	int status = 1;

	conf_describe(&settings);
	if (!settings.failed && fwrite(settings.data, 1, settings.len, stdout) == settings.len)
		status = 0;
	buf_free(&settings);
	return status;
}

/* Says all that is wrong with the settings, and with the keys that they name. */
static int
load(struct conf *conf, struct keys **ret_keys)
{
	struct buf errors = BUF_INIT;
	int r = conf_load(conf, environ, &errors);

	if (r == 0)
		r = keys_new(ret_keys, conf, &errors);
	if (r < 0 && errors.len > 0)
		fwrite(errors.data, 1, errors.len, stderr);
	else if (r < 0)
		fprintf(stderr, "tina4-sidecar: settings: %s\n", strerror(-r));
	buf_free(&errors);
	return r;
}

int
main(int argc, char **argv)
{
	struct conf conf = { 0 };
	struct keys *keys = NULL;
	int status = 2;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts(PACKAGE_STRING);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--settings") == 0)
		return print_settings();
	if (argc > 1 && (argc > 2 || strcmp(argv[1], "--check") != 0)) {
		fprintf(stderr, "tina4-sidecar: unknown argument \"%s\"\n%s", argv[argc - 1], usage);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN); /* who is gone is an error of the write */
	if (load(&conf, &keys) == 0) {
		log_open("tina4-sidecar", (enum log_level)conf.log_level);
		status = argc == 2 ? sidecar_check() : sidecar_run(&conf, keys);
	}
	keys_free(keys);
	conf_free(&conf);
	return status;
}
