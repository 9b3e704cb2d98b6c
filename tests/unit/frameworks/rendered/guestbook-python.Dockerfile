# Rendered by webduh from the build plan of an app: python.
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

FROM python:3.13-slim AS app
WORKDIR /app
RUN echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd \
    && echo 'app:x:10001:' >> /etc/group \
    && mkdir -p /home/app \
    && chown 10001:10001 /home/app
ENV HOST=0.0.0.0 \
    PORT=8080 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
COPY . .
RUN mkdir -p data && chown -R 10001:10001 data
USER 10001:10001
EXPOSE 8080
ENTRYPOINT []
CMD ["python3", "app.py"]
