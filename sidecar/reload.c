#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shared/buf.h"
#include "shared/conf.h"
#include "shared/log.h"
#include "sidecar/reload.h"

static void
log_lines(struct buf *lines)
{
	char *rest = (char *)buf_cstr(lines), *line;

	while (rest != NULL && (line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			log_error("not reloaded why=%s", line);
}

static void
take_over(struct conf *conf, struct conf *fresh, uint32_t max_connections)
{
	struct buf changed = BUF_INIT, waiting = BUF_INIT;
	bool too_many = fresh->ws_max_connections > max_connections;

	if (too_many)
		fresh->ws_max_connections = max_connections;
	conf_renew(conf, fresh, &changed, &waiting);
	if (too_many)
		buf_string(&waiting, " TINA4_WS_MAX_CONNECTIONS");
	log_open("tina4-sidecar", (enum log_level)conf->log_level);
	log_info("reloaded changed=%s", changed.len > 0 ? buf_cstr(&changed) + 1 : "");
	if (waiting.len > 0)
		log_warn("a restart is needed for=%s", buf_cstr(&waiting) + 1);
	buf_free(&changed);
	buf_free(&waiting);
}

void
reload(struct conf *conf, uint32_t max_connections)
{
	struct buf errors = BUF_INIT;
	struct conf fresh = { 0 };
	int r = conf_load(&fresh, environ, &errors);

	if (r == 0)
		take_over(conf, &fresh, max_connections);
	else if (r == -EINVAL)
		log_lines(&errors);
	else
		log_error("not reloaded error=%s", strerror(-r));
	conf_free(&fresh);
	buf_free(&errors);
}
