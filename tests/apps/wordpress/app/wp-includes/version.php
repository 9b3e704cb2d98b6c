<?php
$wp_version = '6.8.2';
$required_php_version = '7.2.24';
