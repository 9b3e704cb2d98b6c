#!/bin/sh
# Adds extensions of PHP by their names, from Debian's packages instead of their sources.
set -eu
packages=
for name; do
  case $name in
    opcache|pcntl|exif|pdo_sqlite|ctype|sodium) continue ;;
    mysqli|pdo_mysql) package=mysql ;;
    pgsql|pdo_pgsql) package=pgsql ;;
    *) package=$name ;;
  esac
  dpkg -s "php8.4-$package" >/dev/null 2>&1 || packages="$packages php8.4-$package"
done
[ -n "$packages" ] || exit 0
apt-get update -q
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $packages
rm -rf /var/lib/apt/lists/*
