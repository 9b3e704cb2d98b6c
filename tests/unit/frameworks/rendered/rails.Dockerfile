# Rendered by webduh from the build plan of an app: ruby (rails).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

# Ruby 3.4.5: .ruby-version asks for 3.4.5.
FROM ruby:3.4.5-slim AS system
RUN --mount=type=cache,id=webduh-var-cache-apt,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=webduh-var-lib-apt,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends libsqlite3-0 tzdata

FROM system AS tools
RUN --mount=type=cache,id=webduh-var-cache-apt,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=webduh-var-lib-apt,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends build-essential libsqlite3-dev libyaml-dev pkg-config

# Made anew only when one of the copied files changes.
FROM tools AS dependencies
WORKDIR /app
COPY Gemfile Gemfile.lock ./
RUN BUNDLE_DEPLOYMENT=1 BUNDLE_PATH=vendor/bundle BUNDLE_WITHOUT=development:test bundle install
RUN rm -rf vendor/bundle/ruby/*/cache

FROM tools AS build
WORKDIR /app
COPY . .
ENV BUNDLE_DEPLOYMENT=1 \
    BUNDLE_PATH=vendor/bundle \
    BUNDLE_WITHOUT=development:test \
    RACK_ENV=production \
    RAILS_ENV=production \
    RAILS_LOG_TO_STDOUT=1 \
    RAILS_SERVE_STATIC_FILES=1 \
    SOLID_QUEUE_IN_PUMA=1
RUN --mount=type=bind,from=dependencies,source=/app/vendor/bundle,target=/app/vendor/bundle,rw \
    RAILS_ENV=production SECRET_KEY_BASE_DUMMY=1 SECRET_KEY_BASE=only-for-the-assets bin/rails assets:precompile
RUN --mount=type=bind,from=dependencies,source=/app/vendor/bundle,target=/app/vendor/bundle,rw \
    bundle exec bootsnap precompile --gemfile app/ lib/

FROM system AS app
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
    RAILS_ENV=production \
    RAILS_LOG_TO_STDOUT=1 \
    RAILS_SERVE_STATIC_FILES=1 \
    SOLID_QUEUE_IN_PUMA=1
COPY --from=dependencies /app/vendor/bundle ./vendor/bundle
COPY --from=build /app ./
RUN mkdir -p log storage tmp && chown -R 10001:10001 log storage tmp
USER 10001:10001
EXPOSE 8080
ENTRYPOINT []
CMD ["bin/rails", "server", "-b", "0.0.0.0", "-p", "8080"]
