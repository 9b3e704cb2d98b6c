# Rendered by webduh from the build plan of an app: php (symfony).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

FROM mlocati/php-extension-installer:2 AS php-extensions

# PHP 8.4: composer.json asks for >=8.2.
FROM php:8.4-apache AS system
RUN --mount=type=bind,from=php-extensions,source=/usr/bin/install-php-extensions,target=/usr/bin/install-php-extensions \
    install-php-extensions apcu intl opcache pdo_mysql pdo_pgsql zip
RUN cp "$PHP_INI_DIR/php.ini-production" "$PHP_INI_DIR/php.ini" && ln -s /app/.webduh/php.ini "$PHP_INI_DIR/conf.d/webduh.ini" && a2enmod -q expires headers remoteip rewrite && : > /etc/apache2/ports.conf && ln -sf /app/.webduh/apache.conf /etc/apache2/sites-available/000-default.conf

FROM composer:2 AS composer

FROM system AS tools
RUN --mount=type=cache,id=webduh-var-cache-apt,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=webduh-var-lib-apt,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends unzip
COPY --from=composer /usr/bin/composer /usr/bin/composer

# Made anew only when one of the copied files changes.
FROM tools AS dependencies
WORKDIR /app
COPY composer.json composer.lock symfony.lock ./
RUN --mount=type=cache,id=webduh-cache-composer,target=/root/.cache/composer,sharing=locked \
    COMPOSER_ALLOW_SUPERUSER=1 COMPOSER_CACHE_DIR=/root/.cache/composer COMPOSER_NO_INTERACTION=1 composer install --no-dev --no-progress --prefer-dist --no-scripts

FROM tools AS build
WORKDIR /app
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
opcache.validate_timestamps = 0
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

    DocumentRoot "/app/public"
    <Directory "/app/public">
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
COPY <<'TEXT' ./.env
# Values are variables of the app.
TEXT
COPY --from=dependencies /app/vendor ./vendor
ENV APP_DEBUG=0 \
    APP_ENV=prod \
    DEFAULT_URI=http://localhost \
    MESSENGER_TRANSPORT_DSN="doctrine://default?auto_setup=0"
RUN COMPOSER_ALLOW_SUPERUSER=1 COMPOSER_CACHE_DIR=/root/.cache/composer COMPOSER_NO_INTERACTION=1 composer dump-autoload --no-dev --optimize
RUN COMPOSER_ALLOW_SUPERUSER=1 COMPOSER_CACHE_DIR=/root/.cache/composer COMPOSER_NO_INTERACTION=1 composer run-script --no-dev post-install-cmd
RUN APP_ENV=prod APP_DEBUG=0 php bin/console asset-map:compile

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
    APACHE_PID_FILE=/tmp/apache2/apache2.pid \
    APP_DEBUG=0 \
    APP_ENV=prod \
    DEFAULT_URI=http://localhost \
    MESSENGER_TRANSPORT_DSN="doctrine://default?auto_setup=0"
COPY --from=build /app ./
RUN mkdir -p var && chown -R 10001:10001 var
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT []
CMD ["apache2-foreground"]
