<?php
/* A site: pages for browsers, a login, and handlers that know who it is. */
declare(strict_types=1);

require_once __DIR__ . '/../../../fcgi/bridge/tina4.php';

use Tina4\Router;

Router::get('/', fn ($request, $response) => $response->text('a page'));
Router::post('/login', function ($request, $response) {
	session_start();
	$_SESSION['name'] = $request->body['name'];
	return $response->json($_SESSION);
});
Router::websocket('/ws/page', function ($connection, $event, $data) {
	if ($event === 'message')
		$connection->send("handled $data");
});
Router::websocket('/ws/who', function ($connection, $event) {
	if ($event !== 'open')
		return;
	session_start(['read_and_close' => true]);
	if (isset($_SESSION['name']))
		$connection->send($_SESSION['name']);
	else
		$connection->close(4401, 'login required');
});
