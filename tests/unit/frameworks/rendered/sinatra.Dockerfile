# Rendered by webduh from the build plan of an app: ruby (sinatra).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

# Ruby 3.4: Gemfile asks for ~> 3.3.
FROM ruby:3.4-slim AS tools
RUN --mount=type=cache,id=webduh-var-cache-apt,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=webduh-var-lib-apt,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends build-essential libyaml-dev pkg-config

# Made anew only when one of the copied files changes.
FROM tools AS dependencies
WORKDIR /app
COPY Gemfile Gemfile.lock ./
RUN BUNDLE_DEPLOYMENT=1 BUNDLE_PATH=vendor/bundle BUNDLE_WITHOUT=development:test bundle install
RUN rm -rf vendor/bundle/ruby/*/cache

FROM ruby:3.4-slim AS app
WORKDIR /app
RUN echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd \
    && echo 'app:x:10001:' >> /etc/group \
    && mkdir -p /home/app \
    && chown 10001:10001 /home/app
ENV HOST=0.0.0.0 \
    PORT=8080 \
    LANG=C.UTF-8 \
    MALLOC_ARENA_MAX=2 \
    PIDFILE=/dev/shm/server.pid \
    BUNDLE_DEPLOYMENT=1 \
    BUNDLE_PATH=vendor/bundle \
    BUNDLE_WITHOUT=development:test \
    RACK_ENV=production \
    APP_ENV=production
COPY --from=dependencies /app/vendor/bundle ./vendor/bundle
COPY . .
USER 10001:10001
EXPOSE 8080
ENTRYPOINT []
CMD ["bundle", "exec", "puma", "-b", "tcp://0.0.0.0:8080"]
