<?php
/* The orders of app.c, obeyed in PHP: see there. */
declare(strict_types=1);

require_once __DIR__ . '/../../../fcgi/bridge/tina4.php';

use Tina4\Connection;
use Tina4\Router;

function answer(Connection $connection, mixed $value): void
{
	$connection->send($value === null ? 'none' : "=$value");
}

function is_first(string $path): bool
{
	return $path === '' || @fopen($path, 'x') !== false;
}

function tell(Connection $connection, string $what): void
{
	match ($what) {
		'count' => $connection->send((string) $connection->connectionCount()),
		'pid' => $connection->send((string) getmypid()),
		'event' => answer($connection, $connection->eventId()),
		default => answer($connection, $connection->$what),
	};
}

function wait(string $path): void
{
	do {
		clearstatcache();
		usleep(1000);
	} while (!file_exists($path));
}

function obey(Connection $c, string $order): void
{
	[$name, $rest] = explode(' ', $order, 2) + [1 => ''];
	[$word, $text] = explode(' ', $rest, 2) + [1 => ''];

	match ($name) {
		'binary' => $c->send($rest, true),
		'broadcast' => $c->broadcast($rest),
		'close' => $c->close((int) $word, $text),
		'cookie' => answer($c, $c->cookie($rest)),
		'crash' => is_first($rest) ? posix_kill(getmypid(), 6) : null,
		'die' => is_first($rest) ? posix_kill(getmypid(), 9) : null,
		'exit' => exit((int) $rest),
		'fail' => throw new RuntimeException('told to fail'),
		'fill' => $c->broadcast(str_repeat('x', (int) $rest)),
		'get' => answer($c, $c->get($rest)),
		'header' => answer($c, $c->header($rest)),
		'others' => $c->broadcast($rest, true),
		'present' => $c->present($rest === '' ? null : json_decode($rest, true)),
		'replay' => $c->replay((int) $rest),
		'reply' => $c->reply($rest),
		'transient' => $c->broadcast($rest, transient: true),
		'param' => answer($c, $c->params[$rest] ?? null),
		'push' => Router::pushToWebSocket($word, $text),
		'report' => $c->push($rest, "$c->id count={$c->connectionCount()} code={$c->closeCode()}"),
		'send' => $c->send($rest),
		'set' => $c->set($word, $text),
		'tell' => tell($c, $rest),
		'touch' => touch($rest),
		'unset' => $c->set($rest, null),
		'wait' => wait($rest),
	};
}

function script(Connection $connection, string $event, ?string $data): void
{
	$text = $event === 'message' ? $data : $connection->params[$event] ?? '';

	foreach ($text === '' ? [] : preg_split('/[\n|]/', $text) as $order)
		obey($connection, $order);
}
Router::websocket('/ws/script/{room}', script(...));
Router::websocket('/ws/kept/{room}', script(...), history: 5);

$handled = 0;
Router::websocket('/ws/tally/{room}', function (Connection $connection, string $event) use (&$handled): void {
	if ($event === 'message')
		$connection->send(getmypid() . ' ' . ++$handled);
});

Router::websocket('/ws/secret', function (Connection $connection, string $event): void {
	if ($event === 'message')
		$connection->send($connection->user['name']);
}, secure: true);

Router::websocket('/ws/speaks', function (Connection $connection, string $event): void {
	if ($event === 'open')
		$connection->send(($connection->protocol ?? 'none') . ', header '
			. ($connection->headers['sec-websocket-protocol'] ?? 'none'));
}, protocols: 'chat.v2, mqtt');

Router::websocket('/ws/echo/{room}', function (Connection $connection, string $event, ?string $data): void {
	if ($event === 'message')
		$connection->send($data, $connection->isBinary());
});

Router::websocket('/ws/watch/{room}', null);
