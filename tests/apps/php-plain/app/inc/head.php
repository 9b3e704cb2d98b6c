<!doctype html>
<title><?= $_SERVER['SERVER_NAME'] ?></title>
