# Rendered by webduh from the build plan of an app: ruby (rails).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

# Ruby 3.3.6: Gemfile asks for 3.3.6.
FROM ruby:3.3.6-slim AS system
RUN --mount=type=cache,id=webduh-var-cache-apt,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=webduh-var-lib-apt,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends libpq5 libvips42 tzdata

FROM node:22-slim AS node

FROM system AS tools
RUN --mount=type=cache,id=webduh-var-cache-apt,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=webduh-var-lib-apt,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends build-essential libpq-dev libyaml-dev pkg-config
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
RUN --mount=type=cache,id=webduh-npm,target=/root/.npm,sharing=locked \
    npm install --global --force yarn@1

# Made anew only when one of the copied files changes.
FROM tools AS dependencies
WORKDIR /app
COPY Gemfile Gemfile.lock package.json yarn.lock ./
RUN BUNDLE_DEPLOYMENT=1 BUNDLE_PATH=vendor/bundle BUNDLE_WITHOUT=development:test bundle install
RUN rm -rf vendor/bundle/ruby/*/cache
RUN --mount=type=cache,id=webduh-cache-yarn,target=/root/.cache/yarn,sharing=locked \
    CI=1 NODE_ENV=development yarn install --frozen-lockfile

FROM tools AS build
WORKDIR /app
COPY . .
ENV BUNDLE_DEPLOYMENT=1 \
    BUNDLE_PATH=vendor/bundle \
    BUNDLE_WITHOUT=development:test \
    RACK_ENV=production \
    RAILS_ENV=production \
    RAILS_LOG_TO_STDOUT=1 \
    RAILS_SERVE_STATIC_FILES=1
RUN --mount=type=bind,from=dependencies,source=/app/node_modules,target=/app/node_modules,rw \
    --mount=type=bind,from=dependencies,source=/app/vendor/bundle,target=/app/vendor/bundle,rw \
    yarn run build
RUN --mount=type=bind,from=dependencies,source=/app/node_modules,target=/app/node_modules,rw \
    --mount=type=bind,from=dependencies,source=/app/vendor/bundle,target=/app/vendor/bundle,rw \
    RAILS_ENV=production SECRET_KEY_BASE_DUMMY=1 SECRET_KEY_BASE=only-for-the-assets SKIP_JS_BUILD=1 bin/rails assets:precompile

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
    RAILS_SERVE_STATIC_FILES=1
COPY --from=dependencies /app/vendor/bundle ./vendor/bundle
COPY --from=build /app ./
RUN mkdir -p log storage tmp && chown -R 10001:10001 log storage tmp
USER 10001:10001
EXPOSE 8080
ENTRYPOINT []
CMD ["bin/rails", "server", "-b", "0.0.0.0", "-p", "8080"]
