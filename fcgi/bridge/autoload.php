<?php
/**
 * autoload.php - brings tina4.php to a program that names one of its classes.
 *
 * As auto_prepend_file it lets a program be just its routes, as in chapter 23.
 */
declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
	if ($class === 'Auth' || str_starts_with($class, 'Tina4\\'))
		require_once __DIR__ . '/tina4.php';
});
