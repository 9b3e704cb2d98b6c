# Rendered by webduh from the build plan of an app: rust (axum).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

# Rust 1.90.0: rust-toolchain.toml asks for 1.90.0.
FROM rust:1.90.0-slim AS tools
RUN --mount=type=cache,id=webduh-var-cache-apt,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=webduh-var-lib-apt,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends pkg-config libssl-dev

FROM tools AS build
WORKDIR /app
COPY . .
RUN --mount=type=cache,id=webduh-usr-local-cargo-registry,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,id=webduh-usr-local-cargo-git,target=/usr/local/cargo/git,sharing=locked \
    --mount=type=cache,id=webduh-default--rust--production-target,target=/app/target,sharing=locked \
    export CARGO_PROFILE_RELEASE_STRIP=symbols && cargo build --release --locked --bin shop && install -D target/release/shop bin/shop

FROM debian:trixie-slim AS app
RUN --mount=type=cache,id=webduh-var-cache-apt,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=webduh-var-lib-apt,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends ca-certificates tzdata libssl3t64
WORKDIR /app
RUN echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd \
    && echo 'app:x:10001:' >> /etc/group \
    && mkdir -p /home/app \
    && chown 10001:10001 /home/app
ENV HOST=0.0.0.0 \
    PORT=8080
COPY --from=build /app/bin/shop ./bin/shop
USER 10001:10001
EXPOSE 8080
ENTRYPOINT []
CMD ["./bin/shop"]
