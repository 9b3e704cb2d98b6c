# Rendered by webduh from the build plan of an app: gleam (wisp).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8000:8000 NAME

# Made anew only when one of the copied files changes.
FROM ghcr.io/gleam-lang/gleam:v1.12.0-erlang-slim AS dependencies
WORKDIR /app
COPY gleam.toml manifest.toml ./
RUN gleam deps download

FROM ghcr.io/gleam-lang/gleam:v1.12.0-erlang-slim AS build
WORKDIR /app
COPY . .
COPY --from=dependencies /app/build ./build
RUN gleam export erlang-shipment

FROM ghcr.io/gleam-lang/gleam:v1.12.0-erlang-slim AS app
WORKDIR /app
RUN echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd \
    && echo 'app:x:10001:' >> /etc/group \
    && mkdir -p /home/app \
    && chown 10001:10001 /home/app
ENV HOST=0.0.0.0 \
    PORT=8000
COPY --from=build /app/build/erlang-shipment ./build/erlang-shipment
USER 10001:10001
EXPOSE 8000
ENTRYPOINT []
CMD ["build/erlang-shipment/entrypoint.sh", "run"]
