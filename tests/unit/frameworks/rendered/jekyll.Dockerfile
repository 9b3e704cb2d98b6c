# Rendered by webduh from the build plan of an app: ruby (jekyll).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

FROM ruby:3.4-slim AS tools
RUN --mount=type=cache,id=webduh-var-cache-apt,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=webduh-var-lib-apt,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends build-essential libyaml-dev pkg-config

# Made anew only when one of the copied files changes.
FROM tools AS dependencies
WORKDIR /app
COPY Gemfile ./
RUN BUNDLE_PATH=vendor/bundle BUNDLE_WITHOUT=development:test bundle install
RUN rm -rf vendor/bundle/ruby/*/cache

FROM tools AS build
WORKDIR /app
COPY . .
ENV BUNDLE_PATH=vendor/bundle \
    BUNDLE_WITHOUT=development:test
RUN --mount=type=bind,from=dependencies,source=/app/vendor/bundle,target=/app/vendor/bundle,rw \
    JEKYLL_ENV=production bundle exec jekyll build
RUN test -n "$(ls -A _site 2>/dev/null)" || { echo 'The build left nothing in _site: say `static: FOLDER` in webduh.yaml. There is:' * >&2; exit 1; }

# Nothing but a file server and the files.
FROM nginx:1-alpine-slim AS app
COPY <<'NGINX' /etc/nginx/nginx.conf
worker_processes 2;
pid /dev/shm/nginx.pid;
error_log stderr warn;

events {
    worker_connections 4096;
}

http {
    log_format request '$remote_addr "$request" $status $body_bytes_sent ${request_time}s';
    access_log /dev/stdout request;
    client_body_temp_path /tmp;
    proxy_temp_path /tmp;
    fastcgi_temp_path /tmp;
    uwsgi_temp_path /tmp;
    scgi_temp_path /tmp;

    types {
        text/html html htm shtml;
        text/css css;
        text/javascript js mjs cjs;
        text/plain txt text log;
        text/markdown md;
        text/csv csv;
        text/calendar ics;
        text/vcard vcf;
        text/vtt vtt;
        text/xml xml;
        text/yaml yaml yml;
        application/atom+xml atom;
        application/geo+json geojson;
        application/gzip gz tgz;
        application/json json map;
        application/ld+json jsonld;
        application/manifest+json webmanifest;
        application/pdf pdf;
        application/rss+xml rss;
        application/wasm wasm;
        application/x-brotli br;
        application/x-bzip2 bz2;
        application/x-xz xz;
        application/xhtml+xml xhtml;
        application/zip zip;
        audio/aac aac;
        audio/flac flac;
        audio/mp4 m4a;
        audio/mpeg mp3;
        audio/ogg ogg oga opus;
        audio/wav wav;
        font/otf otf;
        font/ttf ttf;
        font/woff woff;
        font/woff2 woff2;
        image/apng apng;
        image/avif avif;
        image/bmp bmp;
        image/gif gif;
        image/jpeg jpg jpeg;
        image/png png;
        image/svg+xml svg;
        image/tiff tif tiff;
        image/webp webp;
        image/x-icon ico;
        model/gltf+json gltf;
        model/gltf-binary glb;
        video/mp4 mp4 m4v;
        video/ogg ogv;
        video/quicktime mov;
        video/webm webm;
    }
    default_type application/octet-stream;
    charset utf-8;
    charset_types text/css text/javascript text/plain text/markdown text/csv text/calendar text/vcard text/vtt text/xml text/yaml;

    server_tokens off;
    sendfile on;
    tcp_nopush on;
    # Longer than the proxy in front keeps an idle connection, so that it is never the server that closes first.
    keepalive_timeout 180s;
    keepalive_requests 100000;
    absolute_redirect off;

    # A file with a .gz beside it is sent as that; other text is compressed on its way.
    gzip on;
    gzip_static on;
    gzip_vary on;
    gzip_proxied any;
    gzip_comp_level 5;
    gzip_min_length 1000;
    gzip_types text/css text/javascript text/plain text/markdown text/csv text/xml text/yaml text/vtt application/json application/manifest+json application/wasm application/atom+xml application/rss+xml application/xhtml+xml application/geo+json application/ld+json image/svg+xml image/x-icon image/bmp font/otf font/ttf model/gltf+json;

    # A name with a hash of its content may be kept for ever; everything else is asked for again, and answered with 304.
    map "$status $uri" $kept {
        "~^404 " no-cache;
        "~^20[06] .*/(?:[^/]*\.(?:(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{8,64}|(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*[0-9][\w-]*[A-Za-z])[\w-]{8,43})(?:\.[^/]*)?|[^/-]*-(?:(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{8,64}|(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*[0-9][\w-]*[A-Za-z])[\w-]{8,43})|[^/-]*-[^/]*-(?:(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{8,64}|(?=\w*[a-z])(?=\w*[A-Z])(?=\w*[0-9]\w*[A-Za-z])\w{8,43}))\.(?i:avif|css|gif|ico|jpe?g|js|json|map|mjs|mp4|otf|png|svg|ttf|txt|wasm|webm|webmanifest|webp|woff2?)$" "public, max-age=31536000, immutable";
        "~^304 .*/(?:[^/]*\.(?:(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{8,64}|(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*[0-9][\w-]*[A-Za-z])[\w-]{8,43})(?:\.[^/]*)?|[^/-]*-(?:(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{8,64}|(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*[0-9][\w-]*[A-Za-z])[\w-]{8,43})|[^/-]*-[^/]*-(?:(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{8,64}|(?=\w*[a-z])(?=\w*[A-Z])(?=\w*[0-9]\w*[A-Za-z])\w{8,43}))\.(?i:avif|css|gif|ico|jpe?g|js|json|map|mjs|mp4|otf|png|svg|ttf|txt|wasm|webm|webmanifest|webp|woff2?)$" "public, max-age=31536000, immutable";
        "~^(20[06]|304) " no-cache;
        default "";
    }
    map $status $allowed {
        405 "GET, HEAD";
        default "";
    }

    server {
        listen 8080;
        root /srv;
        add_header Cache-Control $kept always;
        add_header Allow $allowed always;
        error_page 404 "/404.html";

        if ($request_method !~ "^(GET|HEAD)$") {
            return 405;
        }
        location ~ "/\.(?!well-known(?:/|$))" {
            return 404;
        }
        location = "/404.html" {
            try_files "/404.html" @nothing;
        }
        location ~ "/$" {
            try_files "${uri}index.html" =404;
        }
        location / {
            if (-f "$request_filename/index.html") {
                rewrite "^(.*)$" "$1/" permanent;
            }
            try_files $uri "$uri.html" =404;
        }
        location @nothing {
            default_type text/plain;
            return 404 "There is nothing here.\n";
        }
    }
}
NGINX
COPY --from=build /app/_site /srv
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGQUIT
ENTRYPOINT []
CMD ["nginx", "-e", "stderr", "-g", "daemon off;"]
