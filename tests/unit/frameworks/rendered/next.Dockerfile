# Rendered by webduh from the build plan of an app: node (next).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

# Made anew only when one of the copied files changes.
FROM node:22-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
ARG NPM_CONFIG_REGISTRY
RUN --mount=type=cache,id=webduh-npm,target=/root/.npm,sharing=locked \
    --mount=type=secret,id=SENTRY_TOKEN,required=true \
    export SENTRY_TOKEN="$(cat /run/secrets/SENTRY_TOKEN)" && CI=1 NODE_ENV=development npm ci

# Without what is only needed to build.
FROM dependencies AS production
RUN --mount=type=cache,id=webduh-npm,target=/root/.npm,sharing=locked \
    npm prune --omit=dev --ignore-scripts

FROM node:22-slim AS build
WORKDIR /app
COPY . .
ARG COLOUR
ARG NODE_ENV
ARG NPM_CONFIG_REGISTRY
ARG WEBDUH_SECRETS
RUN --mount=type=cache,id=webduh-default--next--production-next-cache,target=/app/.next/cache,sharing=locked \
    --mount=type=bind,from=dependencies,source=/app/node_modules,target=/app/node_modules,rw \
    --mount=type=secret,id=SENTRY_TOKEN,required=true \
    export SENTRY_TOKEN="$(cat /run/secrets/SENTRY_TOKEN)" && npm run build
RUN chown -R 10001:10001 .next

FROM node:22-slim AS app
WORKDIR /app
RUN echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd \
    && echo 'app:x:10001:' >> /etc/group \
    && mkdir -p /home/app \
    && chown 10001:10001 /home/app
ENV HOST=0.0.0.0 \
    PORT=8080 \
    NODE_ENV=production
COPY --from=production /app/node_modules ./node_modules
COPY --from=build /app ./
USER 10001:10001
EXPOSE 8080
ENTRYPOINT []
CMD ["node_modules/.bin/next", "start", "-p", "8080"]
