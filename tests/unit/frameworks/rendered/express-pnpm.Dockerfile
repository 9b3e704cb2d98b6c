# Rendered by webduh from the build plan of an app: node (express).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

FROM node:22-slim AS tools
RUN --mount=type=cache,id=webduh-npm,target=/root/.npm,sharing=locked \
    npm install --global --force pnpm@9.1.0

# Made anew only when one of the copied files changes.
FROM tools AS dependencies
WORKDIR /app
COPY package.json pnpm-lock.yaml ./
RUN --mount=type=cache,id=webduh-local-share-pnpm-store,target=/root/.local/share/pnpm/store,sharing=locked \
    CI=1 NODE_ENV=development pnpm install --frozen-lockfile

# Without what is only needed to build.
FROM dependencies AS production
RUN --mount=type=cache,id=webduh-local-share-pnpm-store,target=/root/.local/share/pnpm/store,sharing=locked \
    pnpm prune --prod --ignore-scripts

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
COPY . .
USER 10001:10001
EXPOSE 8080
ENTRYPOINT []
CMD ["node", "server.js"]
