<?php

declare(strict_types=1);

use Greeter\Greeting;

require dirname(__DIR__).'/vendor/autoload.php';

header('content-type: application/json');
echo json_encode([
    'greeting' => (new Greeting(getenv('GREETER') ?: 'nobody'))->text(),
    'path' => parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH),
    'scheme' => ($_SERVER['HTTPS'] ?? '') === 'on' ? 'https' : 'http',
    'from' => $_SERVER['REMOTE_ADDR'],
    'user' => posix_getuid(),
    'number' => Greeter\spelled(3),
    'env' => isset($_ENV['GREETER']),
    'built' => trim(file_get_contents(dirname(__DIR__).'/built.txt')),
]);
