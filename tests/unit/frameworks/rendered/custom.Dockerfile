# Rendered by webduh from the build plan of an app: custom.
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 9000:9000 NAME

FROM debian:trixie-slim AS app
WORKDIR /app
RUN echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd \
    && echo 'app:x:10001:' >> /etc/group \
    && mkdir -p /home/app \
    && chown 10001:10001 /home/app
ENV HOST=0.0.0.0 \
    PORT=9000
COPY . .
USER 10001:10001
EXPOSE 9000
ENTRYPOINT []
CMD ["sh", "-c", "./server.sh --port 9000"]
