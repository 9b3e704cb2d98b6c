"""The environment programs run in: the little of this machine's that they need, and the app's own variables."""

import os
from collections.abc import Mapping
from pathlib import Path

from webduh_console.model.names import AppKey
from webduh_console.model.release import Variable

KEPT = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SHELL", "SSL_CERT_FILE", "SSL_CERT_DIR")
OWN = ("WEBDUH_PROJECT", "WEBDUH_APP", "WEBDUH_ENVIRONMENT", "WEBDUH_RELEASE")
FOR_DOCKER = ("DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
FOR_BUILDS = (
    *(
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "PIP_INDEX_URL",
        "PIP_CONFIG_FILE",
    ),
    *("PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "NPM_CONFIG_REGISTRY", *FOR_DOCKER),
)


def build_environment(cache: Path, variables: Mapping[str, Variable]) -> dict[str, str]:
    """What build steps see. Package managers keep their caches in ours."""
    return {
        **of_this_machine((*KEPT, *FOR_BUILDS)),
        "CI": "true",
        "PIP_CACHE_DIR": str(cache / "pip"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_CACHE_DIR": str(cache / "uv"),
        "npm_config_cache": str(cache / "npm"),
        "YARN_CACHE_FOLDER": str(cache / "yarn"),
        **{name: variable.value for name, variable in variables.items()},
    }


def run_environment(key: AppKey, release: int, variables: Mapping[str, Variable]) -> dict[str, str]:
    """What processes see. PORT is added by the supervisor."""
    return {
        **of_this_machine(KEPT),
        "PYTHONUNBUFFERED": "1",
        "NODE_ENV": "production",
        "WEBDUH_PROJECT": key.project,
        "WEBDUH_APP": key.app,
        "WEBDUH_ENVIRONMENT": key.environment,
        "WEBDUH_RELEASE": str(release),
        **{name: variable.value for name, variable in variables.items()},
    }


def secret_values(variables: Mapping[str, Variable]) -> tuple[str, ...]:
    """The values that are to be masked."""
    return tuple(variable.value for variable in variables.values() if variable.secret)


def of_this_machine(names: tuple[str, ...]) -> dict[str, str]:
    """Those of our own environment's variables that are set."""
    return {name: os.environ[name] for name in names if name in os.environ}
