<?php
/*
 * A page of PHP-FPM: POST user_id=42&order=7 tells user 42's browsers.
 *
 * It pushes over HTTP, to the sidecar's admin listener: TINA4_ADMIN, with the
 * bearer token TINA4_ADMIN_TOKEN. PHP brings all that it needs.
 */

function answer(int $status, array $content): never
{
	http_response_code($status);
	header('Content-Type: application/json');
	echo json_encode($content), "\n";
	exit;
}

/* Returns what the sidecar says about a push to all on a path, or null when it was none. */
function push(string $path, array $message): ?array
{
	$sidecar = getenv('TINA4_ADMIN') ?: '127.0.0.1:7147';
	$answer = @file_get_contents("http://$sidecar/push$path", false, stream_context_create(['http' => [
		'method' => 'POST',
		'header' => ['Authorization: Bearer ' . getenv('TINA4_ADMIN_TOKEN'), 'Content-Type: application/json'],
		'content' => json_encode($message),
		'timeout' => 5,
	]]));
	if ($answer === false) {
		error_log('not pushed: ' . error_get_last()['message']);
		return null;
	}
	return json_decode($answer, true);
}

if ($_SERVER['REQUEST_METHOD'] !== 'POST')
	answer(405, ['error' => 'POST only']);
$user = filter_input(INPUT_POST, 'user_id', FILTER_VALIDATE_INT);
$order = filter_input(INPUT_POST, 'order', FILTER_VALIDATE_INT);
if (!is_int($user) || !is_int($order))
	answer(400, ['error' => 'user_id and order are numbers']);

/* ... the order's row would change here ... */

$receipt = push("/ws/notifications/$user",
	['type' => 'notification', 'title' => 'Order Shipped', 'action_url' => "/orders/$order"]);
if ($receipt === null)
	answer(503, ['error' => 'not pushed']);
answer(200, ['message' => 'Order shipped, user notified']);
