#!/bin/sh
set -e
exec python3 -m http.server "$PORT" --directory pages
