<?php
/**
 * tina4.php - WebSocket handlers, routes and pushes in PHP, without an extension.
 *
 *     require '/usr/local/share/tina4/php/tina4.php';
 *
 *     use Tina4\Router;
 *
 *     Router::websocket('/ws/echo', function ($connection, $event, $data) {
 *         if ($event === 'message')
 *             $connection->send("Echo: $data");
 *     });
 *
 * The same file runs behind a web server and PHP-FPM, where it answers requests, and
 * for `tina4 worker`, which runs its handlers. tina4-languages(7) is its manual.
 */
declare(strict_types=1);

namespace Tina4;

/** A push that the sidecar refused, or did not answer. */
final class PushFailed extends \RuntimeException
{
	/**
	 * @param int    $status as tina4-sidecar(8) has it: 404 when no route matches; 0 when there was no answer
	 * @param string $id     to try again with, should it have been sent: it is applied once
	 */
	public function __construct(string $why, public readonly int $status, public readonly string $id)
	{
		parent::__construct($why, $status);
	}
}

/** What there is to say what a path looks like: "/orders/{id:int}". tina4_route(3) has the types. */
final class Pattern
{
	private const TYPES = [
		'' => '[^/]+',
		'int' => '[+-]?[0-9]+',
		'float' => '[+-]?[0-9]+(?:\.[0-9]+)?',
		'alpha' => '[A-Za-z]+',
		'alnum' => '[A-Za-z0-9]+',
		'slug' => '[a-z0-9]+(?:-[a-z0-9]+)*',
		'uuid' => '[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}',
		'path' => '(?:[^/]+/)*[^/]*',
	];

	private string $regex = '';
	/** @var array<string, string> a parameter's name, and its type */
	private array $types = [];

	public function __construct(public readonly string $text)
	{
		if (!str_starts_with($text, '/'))
			throw new \InvalidArgumentException("a route begins with a slash, and not as \"$text\"");
		foreach (explode('/', substr($text, 1)) as $segment)
			$this->regex .= '/' . $this->compile($segment);
	}

	private function compile(string $segment): string
	{
		if (!preg_match('/\A\{([A-Za-z_]\w*)(?::(\w+))?\}\z/', $segment, $found))
			return preg_quote($segment, '~');
		$type = $found[2] ?? '';
		if (!isset(self::TYPES[$type]) || isset($this->types[$found[1]]))
			throw new \InvalidArgumentException("a route cannot have \"$segment\" there: $this->text");
		$this->types[$found[1]] = $type;
		return "(?<$found[1]>" . self::TYPES[$type] . ')';
	}

	/** @return ?array<string, string|int|float> the parameters of a decoded path; null when it does not match */
	public function match(string $path): ?array
	{
		if (!preg_match("~\A$this->regex\z~u", $path, $found))
			return null;
		$params = [];
		foreach ($this->types as $name => $type) {
			$params[$name] = match ($type) {
				'int' => self::integer($found[$name]),
				'float' => (float) $found[$name],
				default => $found[$name],
			};
			if ($params[$name] === null)
				return null;
		}
		return $params;
	}

	/** Null for one of more than 64 bits. */
	private static function integer(string $digits): ?int
	{
		$number = (int) $digits;

		return ltrim($digits, '+-0') === ltrim((string) $number, '-0') ? $number : null;
	}
}

/** A WebSocket connection, as the handler of one of its events sees it. */
final class Connection
{
	/** @var list<array<string, mixed>> what the handler wants */
	private array $commands = [];

	/** @param array<string, mixed> $event as tina4-handler(7) has it */
	public function __construct(private array $event)
	{
	}

	/** @return mixed id, path, route, ip, protocol, params, headers, cookies, userId: whose it is, user: the claims of its token, or null */
	public function __get(string $name): mixed
	{
		return match ($name) {
			'id' => $this->event['connection'],
			'path', 'route', 'ip', 'params', 'headers', 'cookies', 'user' => $this->event[$name],
			'protocol' => $this->event['protocol'] ?? null,
			'userId' => $this->event['user_id'] ?? null,
			default => throw new \Error("a connection has no \"$name\""),
		};
	}

	public function __isset(string $name): bool
	{
		return in_array($name, ['id', 'path', 'route', 'ip', 'protocol', 'params', 'headers', 'cookies', 'userId', 'user'], true);
	}

	/** To this client. */
	public function send(string $data, bool $binary = false): void
	{
		$this->command('send', self::message($data, $binary));
	}

	/** The answer to a request: see asks(). */
	public function reply(string $data, bool $binary = false): void
	{
		$this->command('reply', self::message($data, $binary));
	}

	/** To all on its path, or to all others. */
	public function broadcast(
		string $data,
		bool $excludeSender = false,
		bool $binary = false,
		bool $transient = false,
	): void {
		$this->command('broadcast', self::message($data, $binary)
			+ ['exclude_sender' => $excludeSender, 'transient' => $transient]);
	}

	/** The last messages that are kept of its path, to this client: when it opens, before anything newer. */
	public function replay(int $max): void
	{
		$this->command('replay', ['max' => $max]);
	}

	/**
	 * What the others on its path may see of it, at most 4 KiB of JSON: it is a member from then on; null: no more.
	 *
	 * @param array<string, mixed>|null $data
	 */
	public function present(?array $data): void
	{
		$this->command('present', ['data' => $data === null ? null : (object) $data]);
	}

	/** Ends this connection, with a code of RFC 6455 section 7.4 and a reason of at most 123 bytes. */
	public function close(int $code = 1000, string $reason = ''): void
	{
		$this->command('close', ['code' => $code, 'reason' => $reason]);
	}

	/** Connections on its path when the event happened. */
	public function connectionCount(): int
	{
		return $this->event['count'];
	}

	/** Remembers something of this connection, whichever process handles its next event; null forgets it. */
	public function set(string $name, ?string $value): void
	{
		$this->command('set', ['name' => $name, 'value' => $value]);
		$this->event['attributes'][$name] = $value;
	}

	public function get(string $name): ?string
	{
		return $this->event['attributes'][$name] ?? null;
	}

	/** A header of its upgrade. */
	public function header(string $name): ?string
	{
		return $this->event['headers'][strtolower($name)] ?? null;
	}

	public function cookie(string $name): ?string
	{
		return $this->event['cookies'][$name] ?? null;
	}

	/** True when the message is binary. */
	public function isBinary(): bool
	{
		return $this->event['binary'] ?? false;
	}

	/** True when the message is a request, whose client waits for an answer. */
	public function asks(): bool
	{
		return $this->event['asks'] ?? false;
	}

	/** In close: the status of RFC 6455 section 7.4; else 0. */
	public function closeCode(): int
	{
		return $this->event['code'] ?? 0;
	}

	/** The same when the same event comes again, and never else. */
	public function eventId(): string
	{
		return $this->event['id'];
	}

	/** To another connection, by its id. */
	public function sendTo(string $id, string $data, bool $binary = false): void
	{
		$this->command('send_to', ['connection' => $id] + self::message($data, $binary));
	}

	/** Ends another connection. */
	public function disconnect(string $id, int $code = 1000, string $reason = ''): void
	{
		$this->command('disconnect', ['connection' => $id, 'code' => $code, 'reason' => $reason]);
	}

	/** Ends all connections on a path. */
	public function closePath(string $path, int $code = 1000, string $reason = ''): void
	{
		$this->command('close_path', ['path' => $path, 'code' => $code, 'reason' => $reason]);
	}

	/** Makes it that user's, as of his session say; null makes it nobody's. */
	public function setUser(?string $user): void
	{
		$this->command('user', ['user' => $user]);
		$this->event['user_id'] = $user;
	}

	/** To all connections of a user. */
	public function pushToUser(string $user, string $data, bool $binary = false): void
	{
		$this->command('push_user', ['user' => $user] + self::message($data, $binary));
	}

	/** Ends all connections of a user. */
	public function closeUser(string $user, int $code = 1000, string $reason = ''): void
	{
		$this->command('close_user', ['user' => $user, 'code' => $code, 'reason' => $reason]);
	}

	/** To all on another path. */
	public function push(string $path, string $data, bool $binary = false): void
	{
		$this->command('push', ['path' => $path] + self::message($data, $binary));
	}

	/** @internal */
	public function commands(): array
	{
		return $this->commands;
	}

	private function command(string $name, array $members): void
	{
		$this->commands[] = ['command' => $name] + $members;
	}

	/** A text with a NUL is said in base64, as tina4-handler(7) wants it. */
	private static function message(string $data, bool $binary): array
	{
		if (!$binary && !preg_match('//u', $data))
			throw new \InvalidArgumentException('a text message must be UTF-8; others are binary');
		if (!$binary && !str_contains($data, "\0"))
			return ['text' => $data];
		return ['base64' => base64_encode($data), 'binary' => $binary];
	}
}

/** An HTTP request. */
final class Request
{
	public readonly string $method;
	public readonly string $path;
	/** @var array<string, mixed> the path's parameters, and then the query's */
	public readonly array $params;
	/** @var array<string, mixed> the query's parameters */
	public readonly array $query;
	/** @var mixed JSON as arrays, a form as an array, else a string */
	public readonly mixed $body;
	/** @var array<string, string> names in lower case */
	public readonly array $headers;
	/** @var array<string, string> */
	public readonly array $cookies;
	public readonly string $ip;

	/** @internal */
	public function __construct(string $path, array $params)
	{
		$this->method = $_SERVER['REQUEST_METHOD'] ?? 'GET';
		$this->path = $path;
		$this->query = $_GET;
		$this->params = $params + $_GET;
		$this->headers = Environment::headers();
		$this->cookies = $_COOKIE;
		$this->ip = $_SERVER['REMOTE_ADDR'] ?? '';
		$this->body = $this->readBody();
	}

	private function readBody(): mixed
	{
		$type = strtolower(trim(explode(';', $_SERVER['CONTENT_TYPE'] ?? '')[0]));
		if ($type === 'application/x-www-form-urlencoded' || $type === 'multipart/form-data')
			return $_POST;
		$body = (string) file_get_contents('php://input');
		if ($type !== 'application/json' && !str_ends_with($type, '+json'))
			return $body;
		$json = json_decode($body, true);
		if ($json === null && json_last_error() !== JSON_ERROR_NONE)
			throw new BadRequest('The body is not JSON.');
		return $json;
	}
}

/** @internal What a client gets 400 for. */
final class BadRequest extends \RuntimeException
{
}

/** What an HTTP handler answers; each of these may be returned. */
final class Response
{
	private int $status = 200;
	/** @var array<string, string> */
	private array $headers = ['Content-Type' => 'text/html; charset=utf-8'];
	private string $body = '';

	public function status(int $status): self
	{
		$this->status = $status;
		return $this;
	}

	public function header(string $name, string $value): self
	{
		$this->headers[$name] = $value;
		return $this;
	}

	public function json(mixed $data, int $status = 200): self
	{
		$flags = JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE;
		return $this->as('application/json', json_encode($data, $flags), $status);
	}

	public function html(string $html, int $status = 200): self
	{
		return $this->as('text/html; charset=utf-8', $html, $status);
	}

	public function text(string $text, int $status = 200): self
	{
		return $this->as('text/plain; charset=utf-8', $text, $status);
	}

	public function redirect(string $url, int $status = 302): self
	{
		return $this->header('Location', $url)->status($status);
	}

	/** A template of Twig's, from src/templates or templates beside the script, or TINA4_TEMPLATES. */
	public function render(string $template, array $data = [], int $status = 200): self
	{
		return $this->html(Environment::twig()->render($template, $data), $status);
	}

	private function as(string $type, string $body, int $status): self
	{
		$this->body = $body;
		return $this->header('Content-Type', $type)->status($status);
	}

	/** @internal */
	public function emit(bool $withBody): void
	{
		http_response_code($this->status);
		foreach ($this->headers as $name => $value)
			header("$name: $value");
		if ($withBody)
			echo $this->body;
	}
}

/** Tokens, HS256 with TINA4_SECRET, as the sidecar and libtina4 know them. */
final class Auth
{
	private const MIN_SECRET_BYTES = 32;

	/** @return array<string, mixed>|false the claims of a token that is valid now */
	public static function validToken(string $token): array|false
	{
		$parts = explode('.', $token);
		$secret = Environment::setting('TINA4_SECRET');
		if (count($parts) !== 3 || strlen($secret) < self::MIN_SECRET_BYTES)
			return false;
		[$head, $claims, $signature] = array_map(self::decode(...), $parts);
		$head = json_decode($head, true);
		$claims = json_decode($claims, true);
		if (!is_array($head) || ($head['alg'] ?? null) !== 'HS256' || isset($head['crit']) || !is_array($claims))
			return false;
		if (!hash_equals(hash_hmac('sha256', "$parts[0].$parts[1]", $secret, true), $signature))
			return false;
		return self::isTimely($claims) && self::isForUs($claims) ? $claims : false;
	}

	private static function decode(string $part): string
	{
		return preg_match('/\A[\w-]*\z/', $part) ? (string) base64_decode(strtr($part, '-_', '+/')) : '';
	}

	private static function isTimely(array $claims): bool
	{
		$now = time();
		$expires = $claims['exp'] ?? null;
		if ($expires === null ? Environment::setting('TINA4_JWT_EXPIRY', 'required') !== 'optional'
			: !is_numeric($expires) || $now >= $expires)
			return false;
		return !isset($claims['nbf']) || (is_numeric($claims['nbf']) && $now >= $claims['nbf']);
	}

	private static function isForUs(array $claims): bool
	{
		$audience = Environment::setting('TINA4_JWT_AUDIENCE');
		$issuer = Environment::setting('TINA4_JWT_ISSUER');
		return ($audience === '' || in_array($audience, (array) ($claims['aud'] ?? []), true))
			&& ($issuer === '' || ($claims['iss'] ?? null) === $issuer);
	}
}

/** @internal What surrounds the script. */
final class Environment
{
	public static function setting(string $name, string $default = ''): string
	{
		$value = getenv($name);

		return $value === false || $value === '' ? $default : $value;
	}

	/** @return array<string, string> the headers of a request, names in lower case */
	public static function headers(): array
	{
		$headers = [];
		foreach ($_SERVER as $name => $value)
			if (str_starts_with((string) $name, 'HTTP_'))
				$headers[strtolower(strtr(substr($name, 5), '_', '-'))] = (string) $value;
		return $headers;
	}

	public static function twig(): \Twig\Environment
	{
		static $twig = null;

		if ($twig === null) {
			if (!class_exists(\Twig\Environment::class))
				@include_once 'Twig/autoload.php'; // Debian's php-twig
			if (!class_exists(\Twig\Environment::class))
				throw new \RuntimeException('render() needs Twig: install php-twig, or twig/twig with Composer');
			$twig = new \Twig\Environment(new \Twig\Loader\FilesystemLoader(self::templates()));
		}
		return $twig;
	}

	private static function templates(): string
	{
		$script = dirname((string) realpath($_SERVER['SCRIPT_FILENAME'] ?? '.'));
		foreach ([self::setting('TINA4_TEMPLATES'), "$script/src/templates", "$script/templates"] as $folder)
			if ($folder !== '' && is_dir($folder))
				return $folder;
		throw new \RuntimeException("there is no folder of templates: $script/src/templates");
	}
}

/** The routes of the program, and pushes. */
final class Router
{
	/** Seconds that a push waits for its receipt. */
	public static float $timeout = 5.0;

	/** @internal The connection whose handler runs. */
	public static ?Connection $connection = null;

	private const MAX_ANSWER = 65536;

	/** @var array<string, array{handler: ?callable, secure: bool, history: int, history_seconds: int, protocols: string}> */
	private static array $webSockets = [];
	/** @var list<array{method: string, pattern: Pattern, handler: callable}> */
	private static array $routes = [];

	/**
	 * A WebSocket route. The handler gets the connection, 'open', 'message' or 'close', and the message.
	 *
	 * @param ?callable(Connection, string, ?string): mixed $handler null: nobody but pushes is heard there
	 * @param bool $secure only for clients with a valid token
	 * @param int $history how many of the last messages are kept of each path, for clients that come back
	 * @param int $historySeconds how long; 0 is an hour
	 * @param string $protocols the subprotocols that it speaks, between blanks or commas
	 */
	public static function websocket(
		string $route,
		?callable $handler,
		bool $secure = false,
		int $history = 0,
		int $historySeconds = 0,
		string $protocols = '',
	): void {
		if (isset(self::$webSockets[$route]))
			throw new \InvalidArgumentException("the route $route is declared twice");
		new Pattern($route);
		self::$webSockets[$route] = ['handler' => $handler, 'secure' => $secure, 'history' => $history,
			'history_seconds' => $historySeconds, 'protocols' => $protocols];
		Program::begin();
	}

	/** Routes of HTTP. The handler gets a Request and a Response. */
	public static function get(string $route, callable $handler): void
	{
		self::add('GET', $route, $handler);
	}

	public static function post(string $route, callable $handler): void
	{
		self::add('POST', $route, $handler);
	}

	public static function put(string $route, callable $handler): void
	{
		self::add('PUT', $route, $handler);
	}

	public static function patch(string $route, callable $handler): void
	{
		self::add('PATCH', $route, $handler);
	}

	public static function delete(string $route, callable $handler): void
	{
		self::add('DELETE', $route, $handler);
	}

	private static function add(string $method, string $route, callable $handler): void
	{
		self::$routes[] = ['method' => $method, 'pattern' => new Pattern($route), 'handler' => $handler];
		Program::begin();
	}

	/** @internal @return array<string, array{handler: ?callable, secure: bool, history: int, history_seconds: int, protocols: string}> */
	public static function webSockets(): array
	{
		return self::$webSockets;
	}

	/** @internal @return list<array{method: string, pattern: Pattern, handler: callable}> */
	public static function routes(): array
	{
		return self::$routes;
	}

	/**
	 * Sends text, or binary data, to all connections on a path, which is escaped here. In a WebSocket
	 * handler it joins what the handler sends, waits for nothing, and the receipt is empty.
	 *
	 * @param ?string $id 32 hexadecimal digits of an earlier try; null is a new one
	 * @return array{id?: string, connections?: int, relayed?: bool, epoch?: string, offset?: int} the receipt
	 * @throws PushFailed
	 */
	public static function pushToWebSocket(string $path, string $data, bool $binary = false, ?string $id = null): array
	{
		if (self::$connection !== null) {
			self::$connection->push($path, $data, $binary);
			return [];
		}
		$id ??= bin2hex(random_bytes(16));
		$target = implode('/', array_map(rawurlencode(...), explode('/', $path)));
		$head = [
			"POST /push$target?id=" . rawurlencode($id) . ' HTTP/1.1',
			'Host: localhost',
			'Connection: close',
			'Authorization: Bearer ' . self::setting('TINA4_ADMIN_TOKEN', ''),
			'Content-Type: ' . ($binary ? 'application/octet-stream' : 'text/plain'),
			'Content-Length: ' . strlen($data),
		];
		[$status, $answer] = self::exchange(implode("\r\n", $head) . "\r\n\r\n" . $data, $id);

		if ($status !== 200)
			throw new PushFailed($answer['error'] ?? "the sidecar answered $status", $status, $id);
		return $answer;
	}

	/** What a line of a head may hold: a setting with a line feed would be two lines. */
	private static function setting(string $name, string $default): string
	{
		return preg_replace('/[\r\n]/', '', Environment::setting($name, $default));
	}

	/** @return array{int, array} the status, and the body as JSON */
	private static function exchange(string $request, string $id): array
	{
		$admin = self::setting('TINA4_ADMIN', '127.0.0.1:7147');
		$address = str_starts_with($admin, 'unix:') ? 'unix://' . substr($admin, 5) : "tcp://$admin";
		$end = microtime(true) + self::$timeout;
		$stream = @stream_socket_client($address, $error, $why, self::$timeout);

		if ($stream === false)
			throw new PushFailed("no sidecar at $admin: $why", 0, $id);
		stream_set_blocking($stream, false);
		try {
			self::send($stream, $request, $end);
			return self::parse(self::receive($stream, $end, $admin, $id), $admin, $id);
		} finally {
			fclose($stream);
		}
	}

	/** Waits until the stream can be read, or written; false when the time is over. */
	private static function wait($stream, bool $write, float $end): bool
	{
		$left = max(0, (int) (($end - microtime(true)) * 1e6));
		$read = $write ? [] : [$stream];
		$writable = $write ? [$stream] : [];
		$none = [];

		return $left > 0 && stream_select($read, $writable, $none, intdiv($left, 1000000), $left % 1000000) > 0;
	}

	/** Sends what the sidecar takes: one that refuses answers before it has read all. */
	private static function send($stream, string $request, float $end): void
	{
		while ($request !== '' && self::wait($stream, true, $end)) {
			$n = @fwrite($stream, $request);
			if ($n === false || $n === 0)
				return;
			$request = substr($request, $n);
		}
	}

	private static function receive($stream, float $end, string $admin, string $id): string
	{
		$answer = '';

		while (!feof($stream)) {
			if (!self::wait($stream, false, $end))
				throw new PushFailed("no answer from $admin in time", 0, $id);
			$answer .= (string) @fread($stream, 8192);
			if (strlen($answer) > self::MAX_ANSWER)
				throw new PushFailed("$admin does not stop answering: it is no sidecar", 0, $id);
		}
		return $answer;
	}

	private static function parse(string $answer, string $admin, string $id): array
	{
		$is_http = preg_match('~\AHTTP/1\.[01] ([0-9]{3})[^\n]*\n.*?\r\n\r\n(.*)\z~s', $answer, $found);
		$json = $is_http ? json_decode($found[2], true) : null;

		if (!is_array($json))
			throw new PushFailed($answer === '' ? "$admin closed the connection" : "$admin is no sidecar", 0, $id);
		return [(int) $found[1], $json];
	}
}

/** @internal Runs the program: what its script has declared is served when the script has ended. */
final class Program
{
	private static bool $begun = false;

	/** What a script prints is no part of an answer. */
	public static function listen(): void
	{
		if (self::isLines())
			ob_start(static function (string $text): string {
				fwrite(STDERR, $text);
				return '';
			}, 1);
		elseif (self::isEvent())
			ob_start(self::lastWord(...));
	}

	/** What is printed in the end. A handler that calls exit would seem to want nothing. */
	private static function lastWord(string $text, int $phase): string
	{
		if (($phase & PHP_OUTPUT_HANDLER_CLEAN) === 0 && Router::$connection !== null)
			return '{"fail":"the handler called exit"}';
		return $text;
	}

	/** With the first route. */
	public static function begin(): void
	{
		if (!self::$begun)
			register_shutdown_function(self::serve(...));
		self::$begun = true;
	}

	private static function isLines(): bool
	{
		return PHP_SAPI === 'cli' && getenv('TINA4_HANDLER') === 'lines';
	}

	private static function isEvent(): bool
	{
		return PHP_SAPI !== 'cli' && isset($_SERVER['TINA4_EVENT']);
	}

	private static function serve(): void
	{
		if (in_array(error_get_last()['type'] ?? 0, [E_ERROR, E_PARSE, E_CORE_ERROR, E_COMPILE_ERROR], true))
			return; // which PHP has said
		if (self::isLines())
			self::serveLines();
		elseif (self::isEvent())
			self::serveEvent();
		elseif (PHP_SAPI !== 'cli' && Router::routes() !== [])
			self::serveHttp();
	}

	/* --- events ------------------------------------------------------------------------ */

	private static function serveLines(): void
	{
		while (($line = fgets(STDIN)) !== false) {
			$answer = self::answer(json_decode($line, true, flags: JSON_THROW_ON_ERROR));
			fwrite(STDOUT, $answer . "\n");
		}
	}

	private static function serveEvent(): void
	{
		$event = [
			'event' => $_SERVER['TINA4_EVENT'],
			'id' => $_SERVER['TINA4_EVENT_ID'] ?? '',
			'attempt' => (int) ($_SERVER['TINA4_ATTEMPT'] ?? 1),
			'connection' => $_SERVER['TINA4_CONN'] ?? '',
			'count' => (int) ($_SERVER['TINA4_COUNT'] ?? 0),
			'code' => (int) ($_SERVER['TINA4_CODE'] ?? 0),
			'binary' => ($_SERVER['TINA4_BINARY'] ?? '0') === '1',
			'asks' => ($_SERVER['TINA4_ASKS'] ?? '0') === '1',
			'path' => $_SERVER['TINA4_PATH'] ?? '',
			'route' => $_SERVER['TINA4_ROUTE'] ?? '',
			'ip' => $_SERVER['REMOTE_ADDR'] ?? '',
			'params' => json_decode($_SERVER['TINA4_PARAMS'] ?? '{}', true),
			'attributes' => json_decode($_SERVER['TINA4_ATTRIBUTES'] ?? '{}', true),
			'protocol' => $_SERVER['TINA4_PROTOCOL'] ?? null,
			'user_id' => $_SERVER['TINA4_USER_ID'] ?? null,
			'user' => json_decode($_SERVER['TINA4_USER'] ?? 'null', true),
			'headers' => Environment::headers(),
			'cookies' => $_COOKIE,
		];
		if ($event['event'] === 'message')
			$event['text'] = (string) file_get_contents('php://input');
		$answer = self::answer($event);
		$printed = '';
		while (ob_get_level() > 0)
			$printed = ob_get_clean() . $printed;
		if (trim($printed) !== '')
			error_log("printed: $printed");
		header('Content-Type: application/json');
		echo $answer;
	}

	/** @return string the answer, as JSON */
	private static function answer(array $event): string
	{
		$flags = JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE;

		if ($event['event'] === 'routes')
			return json_encode(['routes' => self::routes()], $flags);
		try {
			return json_encode(['id' => $event['id'], 'commands' => self::handle($event)], $flags);
		} catch (\Throwable $error) {
			error_log((string) $error);
			$why = $error->getMessage() . ' in ' . $error->getFile() . ':' . $error->getLine();
			return json_encode(['id' => $event['id'], 'fail' => $why], $flags | JSON_INVALID_UTF8_SUBSTITUTE);
		}
	}

	private static function routes(): array
	{
		$routes = [];
		foreach (Router::webSockets() as $route => $options) {
			$handler = $options['handler'];
			unset($options['handler']);
			$routes[] = ['route' => $route, 'push_only' => $handler === null] + $options;
			if ($handler !== null && !self::isLines())
				self::warnOfVariables($route, $handler);
		}
		return $routes;
	}

	/** A variable by reference, use (&$users), is empty again in the next request. */
	private static function warnOfVariables(string $route, callable $handler): void
	{
		if (!$handler instanceof \Closure)
			return;
		$variables = (new \ReflectionFunction($handler))->getStaticVariables();
		foreach (array_keys($variables) as $name)
			if (\ReflectionReference::fromArrayElement($variables, $name) !== null)
				error_log("the handler of $route keeps \$$name, which is lost after each event behind PHP-FPM:"
					. ' use $connection->set(), or tina4 worker --exec');
	}

	/** @return list<array> the commands */
	private static function handle(array $event): array
	{
		$route = Router::webSockets()[$event['route']] ?? null;
		$data = isset($event['base64']) ? base64_decode($event['base64']) : $event['text'] ?? null;

		if ($route === null || $route['handler'] === null)
			throw new \RuntimeException("there is no handler of $event[route]");
		Router::$connection = new Connection($event);
		try {
			($route['handler'])(Router::$connection, $event['event'], $data);
			return Router::$connection->commands();
		} finally {
			Router::$connection = null;
		}
	}

	/* --- requests ------------------------------------------------------------------------- */

	private static function serveHttp(): void
	{
		$method = $_SERVER['REQUEST_METHOD'] ?? 'GET';
		try {
			$response = self::respond($method);
		} catch (BadRequest $error) {
			$response = (new Response())->json(['error' => $error->getMessage()], 400);
		} catch (\Throwable $error) {
			error_log((string) $error);
			$response = (new Response())->json(['error' => 'The server has made a mistake.'], 500);
		}
		$response->emit($method !== 'HEAD');
	}

	private static function respond(string $method): Response
	{
		$path = self::path();
		$allowed = [];
		foreach (Router::routes() as $route) {
			$params = $path !== null ? $route['pattern']->match($path) : null;
			if ($params === null)
				continue;
			if ($route['method'] === $method || ($method === 'HEAD' && $route['method'] === 'GET'))
				return self::call($route['handler'], new Request($path, $params));
			$allowed[] = $route['method'];
		}
		if ($allowed !== [])
			return (new Response())->json(['error' => "The method $method is not allowed here."], 405)
				->header('Allow', implode(', ', array_unique($allowed)));
		return (new Response())->json(['error' => 'There is nothing here.'], 404);
	}

	/** The handler's response, or what it returned as one. */
	private static function call(callable $handler, Request $request): Response
	{
		$response = new Response();
		$returned = $handler($request, $response);
		if ($returned instanceof Response)
			return $returned;
		if (is_string($returned))
			return $response->html($returned);
		return $returned === null ? $response : $response->json($returned);
	}

	/** The decoded path; null for one that no route can have. */
	private static function path(): ?string
	{
		$raw = explode('?', $_SERVER['REQUEST_URI'] ?? '/', 2)[0];
		$segments = array_map(rawurldecode(...), explode('/', $raw));
		foreach ($segments as $segment)
			if (in_array($segment, ['.', '..'], true) || !preg_match('~\A[^/\x00-\x1f\x7f]*\z~u', $segment))
				return null;
		return implode('/', $segments);
	}
}

if (!class_exists('Auth'))
	class_alias(Auth::class, 'Auth'); // the chapter names it so where nothing is imported

Program::listen();
