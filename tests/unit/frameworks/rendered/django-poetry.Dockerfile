# Rendered by webduh from the build plan of an app: python (django).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

# Python 3.13: pyproject.toml asks for ^3.12.
FROM python:3.13-slim AS tools
RUN --mount=type=cache,id=webduh-cache-pip,target=/root/.cache/pip,sharing=locked \
    python3 -m venv /opt/poetry && /opt/poetry/bin/pip install poetry && ln -s /opt/poetry/bin/poetry /usr/local/bin/

# Made anew only when one of the copied files changes.
FROM tools AS dependencies
WORKDIR /app
COPY pyproject.toml poetry.lock ./
RUN --mount=type=cache,id=webduh-cache-pypoetry,target=/root/.cache/pypoetry,sharing=locked \
    POETRY_VIRTUALENVS_IN_PROJECT=true poetry install --only main --no-root --no-interaction

FROM tools AS build
WORKDIR /app
COPY . .
ENV PYTHONUNBUFFERED=1
RUN --mount=type=bind,from=dependencies,source=/app/.venv,target=/app/.venv,rw \
    .venv/bin/python manage.py collectstatic --noinput

FROM python:3.13-slim AS app
WORKDIR /app
RUN echo 'app:x:10001:10001::/home/app:/bin/sh' >> /etc/passwd \
    && echo 'app:x:10001:' >> /etc/group \
    && mkdir -p /home/app \
    && chown 10001:10001 /home/app
ENV HOST=0.0.0.0 \
    PORT=8080 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PATH="/app/.venv/bin:$PATH"
COPY --from=dependencies /app/.venv ./.venv
COPY --from=build /app ./
RUN mkdir -p uploads /data && chown -R 10001:10001 uploads /data
USER 10001:10001
EXPOSE 8080
ENTRYPOINT []
CMD [".venv/bin/python", "-m", "gunicorn", "site1.wsgi:application", "--bind", "0.0.0.0:8080"]
