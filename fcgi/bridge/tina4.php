<?php
/**
 * tina4.php - pushes to browsers from any page of PHP, without an extension.
 *
 *     require '/usr/local/share/tina4/php/tina4.php';
 *
 *     use Tina4\Router;
 *
 *     Router::pushToWebSocket('/ws/orders/7', json_encode(['type' => 'shipped']));
 *
 * It speaks to the sidecar's admin listener, which the environment names:
 * TINA4_ADMIN, host:port (127.0.0.1:7147) or unix:/path, and TINA4_ADMIN_TOKEN.
 * tina4-languages(7) is its manual.
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

final class Router
{
	/** Seconds that a push waits for its receipt. */
	public static float $timeout = 5.0;

	private const MAX_ANSWER = 65536;

	/**
	 * Sends text, or binary data, to all connections on a path, which is escaped here.
	 *
	 * @param ?string $id 32 hexadecimal digits of an earlier try; null is a new one
	 * @return array{id: string, connections: int, relayed: bool, epoch: string, offset: int} the receipt
	 * @throws PushFailed
	 */
	public static function pushToWebSocket(string $path, string $data, bool $binary = false, ?string $id = null): array
	{
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
		$value = getenv($name);

		return preg_replace('/[\r\n]/', '', $value === false || $value === '' ? $default : $value);
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
