# Rendered by webduh from the build plan of an app: go (net/http).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

FROM node:22-slim AS node

# Go 1.26: go.mod asks for 1.26.
FROM golang:1.26 AS tools
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx

# Made anew only when one of the copied files changes.
FROM tools AS dependencies
WORKDIR /app
COPY web/package.json web/package-lock.json ./web/
RUN --mount=type=cache,id=webduh-npm,target=/root/.npm,sharing=locked \
    CI=1 NODE_ENV=development sh -c 'cd "$1" && shift && exec "$@"' sh web npm ci

FROM tools AS build
WORKDIR /app
COPY . .
RUN --mount=type=bind,from=dependencies,source=/app/web/node_modules,target=/app/web/node_modules,rw \
    sh -c 'cd "$1" && shift && exec "$@"' sh web npm run build
RUN --mount=type=cache,id=webduh-go-pkg-mod,target=/go/pkg/mod,sharing=locked \
    --mount=type=cache,id=webduh-cache-go-build,target=/root/.cache/go-build,sharing=locked \
    --mount=type=bind,from=dependencies,source=/app/web/node_modules,target=/app/web/node_modules,rw \
    go mod download
RUN --mount=type=cache,id=webduh-go-pkg-mod,target=/go/pkg/mod,sharing=locked \
    --mount=type=cache,id=webduh-cache-go-build,target=/root/.cache/go-build,sharing=locked \
    --mount=type=bind,from=dependencies,source=/app/web/node_modules,target=/app/web/node_modules,rw \
    CGO_ENABLED=1 go build -trimpath '-ldflags=-s -w' -o bin/shop .

FROM debian:trixie-slim AS app
RUN --mount=type=cache,id=webduh-var-cache-apt,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=webduh-var-lib-apt,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends ca-certificates tzdata
WORKDIR /app
RUN echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd \
    && echo 'app:x:10001:' >> /etc/group \
    && mkdir -p /home/app \
    && chown 10001:10001 /home/app
ENV HOST=0.0.0.0 \
    PORT=8080
COPY --from=build /app/bin/shop ./bin/shop
COPY --from=build /app/views ./views
USER 10001:10001
EXPOSE 8080
ENTRYPOINT []
CMD ["./bin/shop"]
