# Rendered by webduh from the build plan of an app: node (hono).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

# Made anew only when one of the copied files changes.
FROM oven/bun:1-slim AS dependencies
WORKDIR /app
COPY package.json bun.lock ./
RUN --mount=type=cache,id=webduh-bun-install-cache,target=/root/.bun/install/cache,sharing=locked \
    CI=1 NODE_ENV=development bun install --frozen-lockfile

FROM oven/bun:1-slim AS app
WORKDIR /app
RUN echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd \
    && echo 'app:x:10001:' >> /etc/group \
    && mkdir -p /home/app \
    && chown 10001:10001 /home/app
ENV HOST=0.0.0.0 \
    PORT=8080 \
    NODE_ENV=production
COPY --from=dependencies /app/node_modules ./node_modules
COPY . .
USER 10001:10001
EXPOSE 8080
ENTRYPOINT []
CMD ["bun", "run.ts"]
