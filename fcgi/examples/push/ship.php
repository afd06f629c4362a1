<?php
/*
 * A page of PHP-FPM: POST user_id=42&order=7 tells user 42's browsers.
 *
 * tina4.php pushes, to the sidecar that TINA4_ADMIN names, with the token
 * TINA4_ADMIN_TOKEN. TINA4_PHP says where tina4.php is, when it is elsewhere.
 */
require getenv('TINA4_PHP') ?: '/usr/local/share/tina4/php/tina4.php';

use Tina4\PushFailed;
use Tina4\Router;

function answer(int $status, array $content): never
{
	http_response_code($status);
	header('Content-Type: application/json');
	echo json_encode($content), "\n";
	exit;
}

if ($_SERVER['REQUEST_METHOD'] !== 'POST')
	answer(405, ['error' => 'POST only']);
$user = filter_input(INPUT_POST, 'user_id', FILTER_VALIDATE_INT);
$order = filter_input(INPUT_POST, 'order', FILTER_VALIDATE_INT);
if (!is_int($user) || !is_int($order))
	answer(400, ['error' => 'user_id and order are numbers']);

/* ... the order's row would change here ... */

try {
	Router::pushToWebSocket("/ws/notifications/$user", json_encode(
		['type' => 'notification', 'title' => 'Order Shipped', 'action_url' => "/orders/$order"]));
} catch (PushFailed $failure) {
	error_log("not pushed: {$failure->getMessage()}");
	answer(503, ['error' => 'not pushed']);
}
answer(200, ['message' => 'Order shipped, user notified']);
