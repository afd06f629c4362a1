#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fcgi/app.h"
#include "fcgi/session/auth.h"
#include "fcgi/prepare.h"
#include "fcgi/session/session.h"
#include "shared/buf.h"
#include "shared/log.h"

/* Says what is wrong with the settings, if something is, and frees it. */
static void
tell(struct buf *errors, int r)
{
	if (r == -EINVAL)
		fwrite(errors->data, errors->len, 1, stderr);
	else if (r < 0)
		fprintf(stderr, "%s: settings: %s\n", program_invocation_short_name, strerror(-r));
	buf_free(errors);
}

int
prepare_settings(struct tina4_app *app, char *const *environment)
{
	struct buf errors = BUF_INIT;
	int r = conf_load(&app->conf, environment, &errors);

	if (r == 0 && (app->templates == NULL || app->conf.templates[0] != '\0'))
		r = tina4_app_templates(app, app->conf.templates[0] != '\0' ? app->conf.templates : "templates");
	tell(&errors, r);
	if (r < 0)
		return r;
	if (app->conf.app[0] != '\0')
		app->name = app->conf.app;
	log_open(program_invocation_short_name, (enum log_level)app->conf.log_level);
	return 0;
}

int
prepare_parts(struct tina4_app *app)
{
	struct buf errors = BUF_INIT;
	int r = auth_open(app, &errors);

	if (r == 0)
		r = sessions_open(app);
	tell(&errors, r);
	return r;
}
