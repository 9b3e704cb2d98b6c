# Rendered by webduh from the build plan of an app: node (express).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

# Made anew only when one of the copied files changes.
# Node 20: package.json asks for >=20 <21.
FROM node:20-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,id=webduh-npm,target=/root/.npm,sharing=locked \
    CI=1 NODE_ENV=development npm ci

# Without what is only needed to build.
FROM dependencies AS production
RUN --mount=type=cache,id=webduh-npm,target=/root/.npm,sharing=locked \
    npm prune --omit=dev --ignore-scripts

FROM node:20-slim AS app
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
