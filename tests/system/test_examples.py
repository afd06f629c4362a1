"""fcgi/examples/push: programs in other languages, run by their real servers, push to a browser."""

import glob
import os
import socket

import pytest

from stack import BUILD, free_ports
from web import TOP

EXAMPLES = TOP / "fcgi" / "examples" / "push"
TOKEN = "a token of the tests, with more than 32 bytes"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

SITES = {
    "apache": """
<VirtualHost @LISTEN@>
	ScriptAlias "/" "@EXAMPLES@/"
	<Location "/">
		Require all granted
	</Location>
	@SETTINGS@
</VirtualHost>
""",
    "lighttpd": """
server.modules += ( "mod_alias", "mod_cgi", "mod_setenv" )
alias.url = ( "/" => "@EXAMPLES@/" )
cgi.assign = ( "" => "" )
setenv.add-environment = ( @SETTINGS@ )
""",
    "nginx": r"""
server {
	listen @LISTEN@;
	location ~ \.php$ {
		include /etc/nginx/fastcgi_params;
		fastcgi_param SCRIPT_FILENAME @EXAMPLES@$fastcgi_script_name;
		fastcgi_pass unix:@DIR@/php.sock;
	}
}
""",
    "apache-php": r"""
<VirtualHost @LISTEN@>
	ProxyPassMatch "^/(.*\.php)$" "unix:@DIR@/php.sock|fcgi://localhost@EXAMPLES@/$1"
</VirtualHost>
""",
}
SETTING = {"apache": 'SetEnv {} "{}"\n', "lighttpd": '"{}" => "{}",\n'}  # PHP-FPM has its own
POOL = """
[global]
daemonize = no
error_log = /dev/stderr
[www]
user = {user}
listen = {dir}/php.sock
listen.mode = 0666
pm = static
pm.max_children = 2
catch_workers_output = yes
{settings}
"""


def php_fpm(stack, settings):
    """A PHP-FPM of the stack's own."""
    pool = stack.dir / "pool.conf"
    pool.write_text(POOL.format(dir=stack.dir, user="root" if os.geteuid() == 0 else "",
                                settings="".join(f'env[{name}] = "{value}"\n' for name, value in settings.items())))
    program = sorted(glob.glob("/usr/sbin/php-fpm*"))[-1]

    def ready(_):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(f"{stack.dir}/php.sock") == 0

    return stack.new_process("php", [program, "--nodaemonize", "--allow-to-run-as-root", "-n", "-y", pool], ready)


@pytest.fixture
def shop(request, make_stack):
    """The sidecar, the demo's worker, and a web server that runs the examples."""
    site, _ = request.param
    port = free_ports()
    stack = make_stack(program="fcgi/examples/demo", web=site.split("-")[0], admin=f"127.0.0.1:{port}",
                       admin_token=TOKEN)
    stack.admin = port
    settings = {name: stack.env[name] for name in ("TINA4_BUS", "TINA4_ADMIN", "TINA4_ADMIN_TOKEN")}
    settings["PATH"] = f"{BUILD}:/usr/bin:/bin"
    settings |= {"TINA4_PHP": f"{TOP}/fcgi/bridge/tina4.php", "PERL5LIB": f"{TOP}/fcgi/bridge",
                 "PYTHONPATH": f"{TOP}/fcgi/bridge"}
    settings |= {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
    stack.way.site = SITES[site].replace("@EXAMPLES@", str(EXAMPLES)).replace("@SETTINGS@", "".join(
        SETTING[site].format(name, value) for name, value in settings.items()) if site in SETTING else "")
    if site not in SETTING:
        php_fpm(stack, settings)
    return stack.start(*(process.name for process in stack.processes if process is not stack.app))


EVERYWHERE = pytest.mark.parametrize(
    "shop, script", [((site, script), script) for site, script in (
        ("apache", "ship.sh"), ("apache", "ship.pl"), ("apache", "ship.py"),
        ("lighttpd", "ship.sh"), ("lighttpd", "ship.pl"), ("lighttpd", "ship.py"),
        ("nginx", "ship.php"), ("apache-php", "ship.php"))],
    indirect=["shop"], ids=lambda value: value[0] if isinstance(value, tuple) else value)


@EVERYWHERE
def test_an_order_that_ships_tells_the_users_browsers(shop, script):
    with shop.ws("/ws/notifications/42", direct=True) as one, shop.ws("/ws/notifications/42", direct=True) as two, \
            shop.ws("/ws/notifications/43", direct=True) as other:
        for client in (one, two, other):
            client.receive()
        answer = shop.http("POST", f"/{script}", FORM, "user_id=42&order=7")
        assert (answer.status, answer.json) == (200, {"message": "Order shipped, user notified"}), shop.web_server.tail()
        for client in (one, two):
            assert client.receive_json() == {
                "type": "notification", "title": "Order Shipped", "action_url": "/orders/7"}
        other.nothing_for(0.1)

    for form in ("", "user_id=42", "user_id=42&order=x", "user_id=../1&order=7", "user_id=42;id&order=7",
                 "user_id=42%0Aorder=7", "user_id=&order="):
        assert shop.http("POST", f"/{script}", FORM, form).status == 400, form
    assert shop.http("GET", f"/{script}?user_id=42&order=7").status == 405

    shop.sidecar.term()
    answer = shop.http("POST", f"/{script}", FORM, "user_id=42&order=7")
    assert (answer.status, answer.json) == (503, {"error": "not pushed"})
