<?php
/* What is measured behind PHP-FPM: an event that echoes, and a page. */
require_once __DIR__ . '/../../fcgi/bridge/tina4.php';

use Tina4\Router;

Router::websocket('/ws/echo', function ($connection, $event, $data) {
	if ($event === 'message')
		$connection->send($data);
});
Router::get('/hello', fn ($request, $response) => $response->text("Hello, world!\n"));
