<?php

use Roots\WPConfig\Config;

Config::define('WP_HOME', env('WP_HOME'));
Config::apply();
