# Rendered by webduh from the build plan of an app: node (nuxt).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

# Made anew only when one of the copied files changes.
FROM node:22-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,id=webduh-npm,target=/root/.npm,sharing=locked \
    CI=1 NODE_ENV=development npm ci

FROM node:22-slim AS build
WORKDIR /app
COPY . .
ENV NODE_ENV=production \
    HOST=0.0.0.0
RUN --mount=type=bind,from=dependencies,source=/app/node_modules,target=/app/node_modules,rw \
    npm run build

FROM node:22-slim AS app
WORKDIR /app
RUN echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd \
    && echo 'app:x:10001:' >> /etc/group \
    && mkdir -p /home/app \
    && chown 10001:10001 /home/app
ENV HOST=0.0.0.0 \
    PORT=8080 \
    NODE_ENV=production
COPY --from=build /app/.output ./.output
USER 10001:10001
EXPOSE 8080
ENTRYPOINT []
CMD ["node", ".output/server/index.mjs"]
