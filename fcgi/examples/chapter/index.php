<?php
/**
 * The programs of chapter 23, as they stand there.
 *
 *     tina4 serve --php index.php
 *
 * serves them at http://localhost:7146/chat/general. Behind a web server of your own
 * deploy/php.md tells how.
 */
foreach (glob(__DIR__ . '/src/routes/*.php') as $routes)
	require $routes;
