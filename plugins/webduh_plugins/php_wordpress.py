"""WordPress as a plain tree: its configuration is made of variables when there is none."""

from webduh_console.frameworks import EnvVar, Source

_SALTS = tuple(f"{name}_{what}" for what in ("KEY", "SALT") for name in ("AUTH", "SECURE_AUTH", "LOGGED_IN", "NONCE"))
_CONFIGURATION = """<?php
// Made when the app was built: each value is a variable of the app.
function webduh_value($name, $default = '') {
    $value = getenv($name);
    return $value === false ? $default : $value;
}
foreach (array('NAME', 'USER', 'PASSWORD', 'HOST') as $part) {
    define('DB_' . $part, webduh_value('WORDPRESS_DB_' . $part, $part === 'HOST' ? 'localhost' : 'wordpress'));
}
define('DB_CHARSET', webduh_value('WORDPRESS_DB_CHARSET', 'utf8mb4'));
define('DB_COLLATE', webduh_value('WORDPRESS_DB_COLLATE'));
$table_prefix = webduh_value('WORDPRESS_TABLE_PREFIX', 'wp_');
foreach (array('AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE') as $name) {
    foreach (array('KEY', 'SALT') as $what) {
        $given = webduh_value('WORDPRESS_' . $name . '_' . $what);
        define($name . '_' . $what, $given ?: hash('sha256', $name . $what . DB_PASSWORD . DB_NAME));
    }
}
define('WP_DEBUG', webduh_value('WORDPRESS_DEBUG') !== '');
// The image is what runs: plugins and themes come with a release.
define('DISALLOW_FILE_MODS', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
if (!defined('ABSPATH')) {
    define('ABSPATH', __DIR__ . '/');
}
require_once ABSPATH . 'wp-settings.php';
"""

WORDPRESS_VARIABLES = (
    EnvVar("WORDPRESS_DB_HOST", "WordPress finds its database there", required=True),
    EnvVar("WORDPRESS_DB_NAME", "the name of WordPress's database", default="wordpress"),
    EnvVar("WORDPRESS_DB_USER", "who WordPress is in its database", default="wordpress"),
    EnvVar("WORDPRESS_DB_PASSWORD", "WordPress opens its database with it", required=True, secret=True),
    *(EnvVar(f"WORDPRESS_{name}", "WordPress signs with it", secret=True) for name in _SALTS),
)
"""The variables that the configuration is made of."""


def configuration(source: Source) -> dict[str, str]:
    """The wp-config.php for a tree that has none: path → text."""
    return {} if source.exists("wp-config.php") else {"wp-config.php": _CONFIGURATION}
