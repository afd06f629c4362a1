/*
 * How long a page of a chat takes to render from the cache, and how long an
 * snprintf() of the same bytes. Prints both and their ratio.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fcgi/template/render.h"
#include "fcgi/template/templates.h"
#include "shared/buf.h"

enum { ROUNDS = 20000, REPEATS = 9 };

/* clang-format off */
#define HEAD \
	"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" \
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>"
#define STYLE \
	"</title>\n<link rel=\"stylesheet\" href=\"/css/site.css\">\n</head>\n<body>\n<nav aria-label=\"Rooms\">\n"
#define NAV_END "</nav>\n"
#define BODY \
	"    <p id=\"status\">Connecting...</p>\n    <p id=\"online\">Online: 0</p>\n\n" \
	"    <div id=\"messages\" style=\"border: 1px solid #ddd; height: 400px; overflow-y: scroll;\"></div>\n" \
	"    <div id=\"typing\" style=\"height: 20px; color: #888; font-style: italic;\"></div>\n\n" \
	"    <form id=\"chat-form\" style=\"display: flex; gap: 8px;\">\n" \
	"        <input type=\"text\" id=\"message-input\" placeholder=\"Type a message...\"\n" \
	"               style=\"flex: 1; padding: 8px; border: 1px solid #ddd; border-radius: 4px;\">\n" \
	"        <button type=\"submit\" style=\"padding: 8px 16px; background: #333; color: white;\">Send</button>\n" \
	"    </form>\n\n    <script src=\"/js/frond.js\"></script>\n    <script>\n        const room = "
#define SCRIPT \
	";\n        const ws = frond.ws(\"/ws/livechat/\" + room);\n" \
	"        const messages = document.getElementById(\"messages\");\n" \
	"        const status = document.getElementById(\"status\");\n\n" \
	"        ws.on(\"open\", function () {\n            status.textContent = \"Connected\";\n        });\n\n" \
	"        ws.on(\"message\", function (data) {\n            const msg = JSON.parse(data);\n" \
	"            const div = document.createElement(\"div\");\n" \
	"            div.textContent = msg.from + \": \" + msg.text;\n" \
	"            messages.appendChild(div);\n" \
	"            messages.scrollTop = messages.scrollHeight;\n        });\n\n" \
	"        ws.on(\"close\", function () {\n" \
	"            status.textContent = \"Disconnected. Reconnecting...\";\n        });\n    </script>\n"
#define TAIL "</body>\n</html>\n"
/* clang-format on */

static const char base[] =
    HEAD "{% block title %}Site{% endblock %}" STYLE
	 "{% for item in rooms %}<a href=\"/chat/{{ item }}\">{{ item }}</a>\n{% endfor %}" NAV_END
	 "{% block content %}{% endblock %}" TAIL;
static const char chat[] =
    "{% extends \"base.html\" %}\n\n{% block title %}Chat - {{ room }}{% endblock %}\n\n"
    "{% block content %}<h1>Chat Room: {{ room }}</h1>\n" BODY "{{ room|to_json }}" SCRIPT "{% endblock %}\n";
static const char by_hand[] =
    HEAD "Chat - %s" STYLE "<a href=\"/chat/%s\">%s</a>\n<a href=\"/chat/%s\">%s</a>\n"
	 "<a href=\"/chat/%s\">%s</a>\n" NAV_END "<h1>Chat Room: %s</h1>\n" BODY "\"%s\"" SCRIPT TAIL;

static void
put_file(const char *path, const char *text)
{
	FILE *stream = fopen(path, "w");

	if (stream == NULL || fputs(text, stream) < 0 || fclose(stream) != 0) {
		perror(path);
		exit(1);
	}
}

static double
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void
print_page(char *page, size_t size)
{
	snprintf(page, size, by_hand, "general", "general", "general", "random", "random", "dev-team", "dev-team",
	    "general", "general");
}

static double
time_template(struct templates *templates, const cJSON *data, struct buf *page, struct buf *error)
{
	struct render_input input = { .data = data };
	double start = now_ns();

	for (int i = 0; i < ROUNDS; i++) {
		buf_clear(page);
		if (templates_render(templates, "chat.html", &input, page, error) < 0) {
			fprintf(stderr, "%s\n", buf_cstr(error));
			exit(1);
		}
	}
	return (now_ns() - start) / ROUNDS;
}

static double
time_snprintf(char *page, size_t size)
{
	double start = now_ns();

	for (int i = 0; i < ROUNDS; i++) {
		print_page(page, size);
		__asm__ volatile("" : : "r"(page) : "memory");
	}
	return (now_ns() - start) / ROUNDS;
}

int
main(void)
{
	char directory[] = "/tmp/bench_template_XXXXXX", page[8192];
	struct buf rendered = BUF_INIT, error = BUF_INIT;
	double best_template = 1e18, best_snprintf = 1e18;
	struct templates *templates;
	cJSON *data = cJSON_Parse("{\"room\": \"general\", \"rooms\": [\"general\", \"random\", \"dev-team\"]}");

	if (mkdtemp(directory) == NULL || chdir(directory) < 0)
		return 1;
	put_file("base.html", base);
	put_file("chat.html", chat);
	usleep(200 * 1000); /* a file that was just written is not kept */
	templates = templates_new(directory);

	for (int i = 0; i < REPEATS; i++) {
		double template_ns = time_template(templates, data, &rendered, &error);
		double snprintf_ns = time_snprintf(page, sizeof(page));

		best_template = template_ns < best_template ? template_ns : best_template;
		best_snprintf = snprintf_ns < best_snprintf ? snprintf_ns : best_snprintf;
	}
	printf("bytes=%zu same=%s template_ns=%.0f snprintf_ns=%.0f ratio=%.2f\n", rendered.len,
	    strcmp(buf_cstr(&rendered), page) == 0 ? "yes" : "no", best_template, best_snprintf,
	    best_template / best_snprintf);

	unlink("base.html");
	unlink("chat.html");
	rmdir(directory);
	templates_free(templates);
	cJSON_Delete(data);
	buf_free(&error);
	buf_free(&rendered);
	return 0;
}
