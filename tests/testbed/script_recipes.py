"""What stands in for the images of PHP, Composer, Ruby and Elixir: Debian's own, laid out as official ones are.

Where they differ: an extension of PHP is a package and is not compiled, Composer's program needs Debian's library
beside it, what Bundler fetches comes from a folder of the gems that Debian has, and what a build installs to compile
with is there already.
"""

from recipes import APT, Recipe

PHP_PACKAGES = "unzip php8.4-cli php8.4-curl php8.4-mbstring php8.4-sqlite3 php8.4-xml"
PHP = f"""\
FROM {{base}}
RUN {APT.format("apache2 composer libapache2-mod-php8.4 " + PHP_PACKAGES)} \\
 && rm /usr/bin/composer && mkdir -p /usr/local/etc/php/conf.d \\
 && cp /usr/lib/php/8.4/php.ini-production /usr/local/etc/php/ && ln -s /usr/bin/php8.4 /usr/local/bin/php \\
 && sed -ri 's/^export (APACHE_[^=]+)=(.*)$/export \\1=${{\\1:-\\2}}/' /etc/apache2/envvars \\
 && for log in error access other_vhosts_access; do ln -sfT /dev/stdout /var/log/apache2/$log.log; done \\
 && ln -sfT /dev/stderr /var/log/apache2/error.log && chmod 1777 /var/log/apache2 /var/run/apache2 /var/lock \\
 && rm /var/www/html/index.html
COPY apache2_foreground.sh /usr/local/bin/apache2-foreground
ENV PHP_INI_DIR=/usr/local/etc/php PHPRC=/usr/local/etc/php PHP_INI_SCAN_DIR=:/usr/local/etc/php/conf.d
STOPSIGNAL SIGWINCH
CMD ["apache2-foreground"]
"""
EXTENSIONS = """\
FROM {base}
COPY install_php_extensions.sh /usr/bin/install-php-extensions
"""
COMPOSER = """\
FROM {base} AS package
RUN cd /tmp && apt-get update -q && apt-get download composer && dpkg -x composer_*.deb /package
FROM {base}
COPY --from=package /package/usr/bin/composer /usr/bin/composer
"""
COMPILER = "build-essential git libyaml-dev pkg-config"
ERLANG = "elixir erlang-dev erlang-parsetools erlang-runtime-tools erlang-ssl erlang-tools"
GEMS = "rack rackup rack-protection rack-session sinatra mustermann ruby2_keywords tilt webrick base64"
RUBY = f"""\
FROM {{base}} AS gems
RUN {APT.format("ruby ruby-sinatra ruby-rackup ruby-webrick")}
COPY gem_index.rb /
RUN ruby /gem_index.rb /gems {GEMS}
FROM {{base}}
RUN {APT.format("bundler ruby " + COMPILER)}
COPY --from=gems /gems /usr/local/share/gems
RUN mkdir -p /usr/local/bundle \\
 && echo 'BUNDLE_MIRROR__HTTPS://RUBYGEMS__ORG/: "file:///usr/local/share/gems"' > /usr/local/bundle/config
ENV BUNDLE_APP_CONFIG=/usr/local/bundle BUNDLE_SILENCE_ROOT_WARNING=1 LANG=C.UTF-8
CMD ["irb"]
"""
ELIXIR = f"""\
FROM {{base}}
RUN {APT.format(ERLANG + " " + COMPILER)}
ENV LANG=C.UTF-8
CMD ["iex"]
"""

SCRIPTS = (
    Recipe(("php:8.4-apache",), PHP, beside=("apache2_foreground.sh",)),
    Recipe(("mlocati/php-extension-installer:2",), EXTENSIONS, beside=("install_php_extensions.sh",)),
    Recipe(("composer:2",), COMPOSER),
    Recipe(("ruby:3.3-slim",), RUBY, beside=("gem_index.rb",)),
    Recipe(("elixir:1.18-slim",), ELIXIR),
)
