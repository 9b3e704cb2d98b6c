# Rendered by webduh from the build plan of an app: node (express).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

FROM node:22-slim AS build
WORKDIR /app
COPY . .
RUN --mount=type=cache,id=webduh-npm,target=/root/.npm,sharing=locked \
    CI=1 NODE_ENV=development npm ci
ENV NODE_ENV=production
RUN npm run build
RUN --mount=type=cache,id=webduh-npm,target=/root/.npm,sharing=locked \
    npm prune --omit=dev --ignore-scripts

FROM node:22-slim AS app
WORKDIR /app
RUN echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd \
    && echo 'app:x:10001:' >> /etc/group \
    && mkdir -p /home/app \
    && chown 10001:10001 /home/app
ENV HOST=0.0.0.0 \
    PORT=8080 \
    NODE_ENV=production
COPY --from=build /app ./
USER 10001:10001
EXPOSE 8080
ENTRYPOINT []
CMD ["node", "dist/server.js"]
