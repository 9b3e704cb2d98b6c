# Rendered by webduh from the build plan of an app: node.
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

# Node 22: package.json asks for >=18.
FROM node:22-slim AS app
WORKDIR /app
RUN echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd \
    && echo 'app:x:10001:' >> /etc/group \
    && mkdir -p /home/app \
    && chown 10001:10001 /home/app
ENV HOST=0.0.0.0 \
    PORT=8080 \
    NODE_ENV=production
COPY . .
USER 10001:10001
EXPOSE 8080
ENTRYPOINT []
CMD ["node", "server.js"]
