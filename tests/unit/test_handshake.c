#include <cjson/cJSON.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/conf.h"
#include "shared/credentials.h"
#include "shared/keys.h"
#include "shared/token.h"
#include "sidecar/edge/handshake.h"
#include "sidecar/feed/registration.h"
#include "sidecar/edge/request_line.h"
#include "sidecar/feed/routes.h"
#include "tests/tap.h"

/* Each test changes one thing of a request that would be accepted. */

static struct routes routes;

static struct request_line
line_of(const char *path)
{
	struct request_line line = { .is_get = true, .path_len = strlen(path) };

	strcpy(line.path, path);
	return line;
}

static struct upgrade
upgrade_of(const struct request_line *line)
{
	return (struct upgrade){ .line = line,
		.host = "example.org:7146",
		.origin = "http://example.org:7146",
		.key = "dGhlIHNhbXBsZSBub25jZQ==",
		.version = "13" };
}

static struct verdict
check(const struct upgrade *upgrade)
{
	return handshake_check(upgrade, &routes, "", false);
}

static void
test_accepted(void)
{
	struct request_line line = line_of("/chat/general");
	struct upgrade upgrade = upgrade_of(&line);
	struct verdict verdict = check(&upgrade);

	OK(verdict.status == 101 && verdict.route != NULL && verdict.why == NULL, "a good request is accepted");
	upgrade.protocols = "other, frond.1";
	OK(check(&upgrade).status == 101, "so is one that offers the subprotocol");
}

static void
test_request_line(void)
{
	struct request_line line = line_of("/chat/general");
	struct upgrade upgrade = upgrade_of(&line);
	struct verdict verdict;

	line.is_get = false;
	verdict = check(&upgrade);
	OK(verdict.status == 405 && verdict.why != NULL && verdict.route == NULL, "another method than GET is 405");
	line = line_of("/nowhere");
	routes.settled = true;
	OK(check(&upgrade).status == 404, "a path without a route is 404");
	routes.settled = false;
	OK(check(&upgrade).status == 503, "and 503 while its app may still come");
}

static void
test_headers(void)
{
	struct request_line line = line_of("/chat/general");
	struct upgrade upgrade = upgrade_of(&line);
	static const char *const bad_keys[] = { "",
		"dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25jZQAA",
		"dGhlIHNhbXBsZSBub25j*Q==" };

	upgrade.version = "8";
	OK(check(&upgrade).status == 426, "another version is 426");
	upgrade.version = NULL;
	OK(check(&upgrade).status == 426, "none as well");
	upgrade = upgrade_of(&line);
	upgrade.key = NULL;
	OK(check(&upgrade).status == 400, "no key is 400");
	for (size_t i = 0; i < sizeof(bad_keys) / sizeof(bad_keys[0]); i++) {
		upgrade.key = bad_keys[i];
		OK(check(&upgrade).status == 400, "a key that is not 16 bytes in base64 is 400");
	}
	upgrade = upgrade_of(&line);
	upgrade.protocols = "soap, frond.11";
	OK(check(&upgrade).status == 400, "only unknown subprotocols are 400");
	upgrade.protocols = "";
	OK(check(&upgrade).status == 400, "an offer of none as well");
}

static void
test_limits(void)
{
	struct request_line line = line_of("/chat/general");
	struct upgrade upgrade = upgrade_of(&line);
	struct routes empty = { 0 };

	OK(handshake_check(&upgrade, &routes, "", true).status == 503, "at the limit of connections it is 503");
	OK(handshake_check(&upgrade, &empty, "", false).status == 503, "and before any route has been announced");
}

static int
status_for(const char *origin, const char *host, const char *allowed)
{
	struct request_line line = line_of("/chat/general");
	struct upgrade upgrade = upgrade_of(&line);

	upgrade.origin = origin;
	upgrade.host = host;
	return handshake_check(&upgrade, &routes, allowed, false).status;
}

static void
test_origins(void)
{
	OK(status_for(NULL, "a.org", "") == 101, "no origin comes from no browser");
	OK(status_for("https://a.org", "a.org", "") == 101, "the same host is the same origin");
	OK(status_for("https://A.org", "a.ORG", "") == 101, "in any case");
	OK(status_for("https://b.org", "a.org", "") == 403, "another host is refused");
	OK(status_for("https://a.org:8443", "a.org", "") == 403, "so is another port");
	OK(status_for("https://a.org.b.org", "a.org", "") == 403, "and a host that only begins alike");
	OK(status_for("null", "a.org", "") == 403, "a document without an origin is foreign");
	OK(status_for("", "", "") == 403, "an origin that could not be read as well");
	OK(status_for("https://a.org", NULL, "") == 403, "without a host nothing is the same");
	OK(status_for("https://b.org", "a.org", "https://c.org, https://b.org") == 101, "a listed origin is allowed");
	OK(status_for("https://a.org", "a.org", "https://b.org") == 403, "then even the same origin must be listed");
	OK(status_for("http://b.org", "a.org", "https://b.org") == 403, "with its scheme");
	OK(status_for("null", "a.org", "*") == 101, "a star allows all");
}

static void
test_offers(void)
{
	OK(handshake_offers("a,b , c", "b") && handshake_offers("a", "a"), "an offer is found in its list");
	OK(!handshake_offers("ab, ba", "a") && !handshake_offers("", "a"), "by its whole name");
	OK(!handshake_offers(NULL, "a"), "no header offers nothing");
}

static void
test_tokens(void)
{
	struct conf conf = { .secret = "a secret with more than thirty-two bytes", .jwt_algorithm = "HS256" };
	struct credentials none = { 0 }, wrong = { .query = "token=a.b.c" }, right = { 0 };
	struct buf errors = BUF_INIT, text = BUF_INIT;
	cJSON *claims = cJSON_CreateObject();
	struct keys *keys = NULL;
	struct token token = { 0 };

	conf.jwt_expiry = "required";
	OK(keys_new(&keys, &conf, &errors) == 0 && token_issue(keys, claims, 1000, 60, &text) == 0, "a token is made");
	OK(handshake_check_token(keys, &none, 1000, &token).status == 401, "without a token it is 401");
	OK(strcmp(handshake_check_token(keys, &none, 1000, &token).why, "missing") == 0, "whose reason says so");
	OK(handshake_check_token(keys, &wrong, 1000, &token).status == 401, "what is no token is 401");
	buf_clear(&errors);
	buf_printf(&errors, "Bearer %s", buf_cstr(&text));
	right.authorization = buf_cstr(&errors);
	OK(handshake_check_token(keys, &right, 1000, &token).status == 101 && token.claims != NULL,
	    "a valid one brings its claims");
	token_free(&token);
	token = (struct token){ 0 };
	OK(handshake_check_token(keys, &right, 1060, &token).status == 401, "until it has expired");
	keys_free(keys);
	keys = NULL;
	conf.secret = "";
	OK(keys_new(&keys, &conf, &errors) == 0 && handshake_check_token(keys, &right, 1000, &token).status == 503,
	    "without a key nobody can tell: 503, and not 101");
	keys_free(keys);
	cJSON_Delete(claims);
	buf_free(&errors);
	buf_free(&text);
}

int
main(void)
{
	test_tokens();
	registration_static(&routes, "/chat/{room}");
	test_accepted();
	test_request_line();
	test_headers();
	test_limits();
	test_origins();
	test_offers();
	routes_close(&routes);
	return tap_done();
}
