# Rendered by webduh from the build plan of an app: python (flask).
# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.
# By hand: docker build -t NAME . && docker run --init -p 8080:8080 NAME

# Python 3.13: pyproject.toml asks for >=3.11.
FROM python:3.13-slim AS build
WORKDIR /app
COPY . .
RUN python3 -m venv .venv
RUN --mount=type=cache,id=webduh-cache-pip,target=/root/.cache/pip,sharing=locked \
    PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 .venv/bin/python -m pip install .

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
COPY --from=build /app ./
USER 10001:10001
EXPOSE 8080
ENTRYPOINT []
CMD [".venv/bin/python", "-m", "gunicorn", "app:app", "--bind", "0.0.0.0:8080"]
