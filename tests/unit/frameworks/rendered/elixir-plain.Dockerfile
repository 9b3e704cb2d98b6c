# Rendered by webduh from the build plan of an app: elixir.
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

# Elixir 1.18: mix.exs asks for ~> 1.14.
FROM elixir:1.18-slim AS tools
RUN --mount=type=cache,id=webduh-var-cache-apt,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=webduh-var-lib-apt,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends build-essential ca-certificates git

FROM tools AS build
WORKDIR /app
COPY . .
ENV LANG=C.UTF-8 \
    MIX_ENV=prod \
    RELEASE_TMP=/tmp
RUN MIX_ENV=prod mix compile
RUN MIX_ENV=prod mix release --overwrite

FROM debian:trixie-slim AS app
RUN --mount=type=cache,id=webduh-var-cache-apt,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=webduh-var-lib-apt,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends ca-certificates libncurses6 libstdc++6 openssl
WORKDIR /app
RUN echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd \
    && echo 'app:x:10001:' >> /etc/group \
    && mkdir -p /home/app \
    && chown 10001:10001 /home/app
ENV HOST=0.0.0.0 \
    PORT=8080 \
    LANG=C.UTF-8 \
    MIX_ENV=prod \
    RELEASE_TMP=/tmp
COPY --from=build /app/_build/prod/rel/clock ./_build/prod/rel/clock
USER 10001:10001
EXPOSE 8080
ENTRYPOINT []
CMD ["_build/prod/rel/clock/bin/clock", "start"]
