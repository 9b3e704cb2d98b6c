# Rendered by webduh from the build plan of an app: php (wordpress).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

FROM mlocati/php-extension-installer:2 AS php-extensions

FROM php:8.4-apache AS system
RUN --mount=type=bind,from=php-extensions,source=/usr/bin/install-php-extensions,target=/usr/bin/install-php-extensions \
    install-php-extensions bcmath exif gd intl mysqli opcache zip
RUN cp "$PHP_INI_DIR/php.ini-production" "$PHP_INI_DIR/php.ini" && ln -s /app/.webduh/php.ini "$PHP_INI_DIR/conf.d/webduh.ini" && a2enmod -q expires headers remoteip rewrite && : > /etc/apache2/ports.conf && ln -sf /app/.webduh/apache.conf /etc/apache2/sites-available/000-default.conf

FROM system AS app
WORKDIR /app
RUN echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd \
    && echo 'app:x:10001:' >> /etc/group \
    && mkdir -p /home/app \
    && chown 10001:10001 /home/app
ENV HOST=0.0.0.0 \
    PORT=8080 \
    APACHE_RUN_DIR=/tmp/apache2 \
    APACHE_LOCK_DIR=/tmp/apache2 \
    APACHE_PID_FILE=/tmp/apache2/apache2.pid
COPY . .
COPY <<'TEXT' ./.webduh/php.ini
variables_order = EGPCS
expose_php = Off
log_errors = On
display_errors = Off
memory_limit = 256M
post_max_size = 64M
upload_max_filesize = 64M
opcache.enable = 1
opcache.memory_consumption = 192
opcache.max_accelerated_files = 20000
realpath_cache_size = 4096K
TEXT
COPY <<'TEXT' ./.webduh/apache.conf
ServerName localhost
ServerTokens Prod
ServerSignature Off
TraceEnable Off
Listen ${PORT}

<VirtualHost *:${PORT}>
    # Redirects name the port that visitors know, which is not the one inside.
    ServerName localhost:80
    ErrorLog /proc/self/fd/2
    LogFormat "%a %t \"%r\" %>s %O %D" webduh
    CustomLog /proc/self/fd/1 webduh

    # Who is in front says who asks, and how; a request from elsewhere cannot.
    RemoteIPHeader X-Forwarded-For
    RemoteIPInternalProxy 127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16
    SetEnvIf X-Forwarded-Proto ^https$ HTTPS=on
    SetEnvIf Authorization "(.+)" HTTP_AUTHORIZATION=$1

    DocumentRoot "/app"
    <Directory "/app">
        Options FollowSymLinks
        AllowOverride All
        Require all granted
        DirectoryIndex index.php index.html index.htm
        FallbackResource /index.php
    </Directory>
    <LocationMatch "/\.(?!well-known(/|$))">
        Require all denied
    </LocationMatch>
</VirtualHost>
TEXT
COPY <<'TEXT' ./wp-config.php
<?php
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
TEXT
RUN mkdir -p wp-content/uploads && chown -R 10001:10001 wp-content/uploads
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT []
CMD ["apache2-foreground"]
