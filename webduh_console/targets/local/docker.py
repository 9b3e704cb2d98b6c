"""Apps that bring a Dockerfile: built and run by this machine's Docker, under the supervisor like any other process.

All but `why_not` and `succeeds` are functions from values to argv; values of variables travel in the environment of the
docker client, never in its words.
"""

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from webduh_console.model.build import Command
from webduh_console.model.names import AppKey
from webduh_console.targets.local.layout import short

DEFAULT_PORT = 8080
ANSWER_LIMIT = 10.0

# A container outlives its client when that is killed: one of this name is removed before the start, and SIGTERM has the
# engine end the container sooner than the supervisor would kill the client.
_IN_FOREGROUND = """\
name=$1
shift
docker rm --force "$name" >/dev/null 2>&1
trap 'docker stop -t 8 "$name" >/dev/null 2>&1' TERM INT
"$@" &
while :; do
    wait $!
    code=$?
    kill -0 $! 2>/dev/null || exit $code
done
"""


def image(key: AppKey, digest: str) -> str:
    """The name an image is kept under."""
    return f"webduh/{key.slug}:{short(digest)}"


def build(
    key: AppKey, digest: str, dockerfile: str, arguments: Iterable[str] = (), secrets: Iterable[str] = ()
) -> Command:
    """Build the current folder. Arguments, and secrets for BuildKit, are offered by their names alone."""
    return (
        *("docker", "build", "--force-rm", "--file", dockerfile, "--tag", image(key, digest)),
        *(word for name in sorted(arguments) for word in ("--build-arg", name)),
        *(word for name in sorted(secrets) for word in ("--secret", f"id={name},env={name}")),
        ".",
    )


def run(
    name: str,
    reference: str,
    command: Command,
    variables: Iterable[str],
    volumes: Mapping[str, Path],
    port: int | None,
    memory: int = 0,
    files: Mapping[str, Path] = MappingProxyType({}),
) -> Command:
    """Run an image in the foreground, its port published on the loopback port the supervisor gives.

    `variables` are names, `volumes` maps a path in the container to a folder here, `memory` is a limit in bytes.
    `files` maps a path in the container to a file or folder here that is mounted read-only.
    """
    inside = port or DEFAULT_PORT
    return (
        *("sh", "-c", _IN_FOREGROUND, "webduh", name),
        *("docker", "run", "--rm", "--init", "--name", name, "--label", "webduh=1"),
        *(("--publish", f"127.0.0.1:${{PORT}}:{inside}") if port is not None else ()),
        *("--env", f"PORT={inside}"),
        *(word for variable in sorted(variables) for word in ("--env", variable)),
        *(word for path, folder in sorted(volumes.items()) for word in ("--volume", f"{folder}:{path}")),
        *(word for path, file in sorted(files.items()) for word in ("--volume", f"{file}:{path}:ro")),
        *(("--memory", str(memory)) if memory else ()),
        reference,
        *command,
    )


def remove(names: Iterable[str]) -> Command:
    """Remove containers, running or not."""
    return ("docker", "rm", "--force", *names)


def remove_image(reference: str) -> Command:
    """Remove an image's name; what no other name uses goes with it."""
    return ("docker", "rmi", reference)


def find_image(reference: str) -> Command:
    """Succeeds when the image is there."""
    return ("docker", "image", "inspect", "--format", "{{.Id}}", reference)


def find_buildx() -> Command:
    """Succeeds when builds are done by BuildKit's client, the only one that can be offered secrets."""
    return ("docker", "buildx", "version")


def succeeds(argv: Command) -> bool:
    """Whether a question to Docker is answered with yes; its output is dropped."""
    return _refusal(argv) == ""


def why_not() -> str:
    """Why this machine's Docker cannot be used; empty when its engine answers."""
    if shutil.which("docker") is None:
        return "it is not installed on this machine"
    refusal = _refusal(("docker", "version", "--format", "{{.Server.Version}}"))
    return f"its engine does not answer: {refusal}" if refusal else ""


def _refusal(argv: Command) -> str:
    """The last line of why a docker command failed; empty when it succeeded."""
    try:
        answer = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=ANSWER_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {ANSWER_LIMIT:g} s"
    except OSError as error:
        return error.strerror or str(error)
    if answer.returncode == 0:
        return ""
    return (answer.stderr.strip().splitlines() or [f"it exited with {answer.returncode}"])[-1]
