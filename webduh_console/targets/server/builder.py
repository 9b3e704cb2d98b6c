"""Builds an app's image on its server, with BuildKit, from a source folder kept there."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import normpath

from webduh_console.errors import BuildError
from webduh_console.frameworks.render import BASES, SECRETS_DIGEST, Base, Rendered, render
from webduh_console.model.events import Event, Output, Part, Progress, Warned
from webduh_console.model.mask import masker
from webduh_console.model.plan import Plan
from webduh_console.model.release import Artifact, Variable
from webduh_console.model.target import CancelToken
from webduh_console.targets.server.buildfailures import KEPT, build_error
from webduh_console.targets.server.building import BUILD
from webduh_console.targets.server.buildkit import LAST_LINES, Reading
from webduh_console.targets.server.caps import NO_WISH, Caps, capped
from webduh_console.targets.server.explaining import HISTORY, parts
from webduh_console.targets.server.following import Sending, followed
from webduh_console.targets.server.layout import Layout
from webduh_console.targets.server.manifest import Manifest, manifest
from webduh_console.targets.server.sync import TRIES, Places, Said, Seen, crowded, job, look, not_received, told
from webduh_console.transport.machine import Machine

SOCKET = "/var/run/docker.sock"
_KEY_BYTES = 32


@dataclass
class Attempt:
    """What one run of a build said: words on its standard output, what it complained of, and BuildKit's progress."""

    said: Said
    complaints: list[str]
    reading: Reading


@dataclass(frozen=True)
class ServerBuilder:
    """An image is named by the digest of its configuration. What went into it is remembered on the server beside it, so
    that the same input is built once, whoever asks.

    `sudo` says that Docker and the root are reached as root only. `caps` limit what a build's steps may use.
    """

    machine: Machine
    layout: Layout
    socket: str = SOCKET
    sudo: bool = False
    caps: Caps = NO_WISH
    bases: Mapping[str, Base] = field(default_factory=lambda: BASES)
    times: list[tuple[str, float | None]] = field(default_factory=list, compare=False)

    def build(self, plan: Plan, cancel: CancelToken) -> Generator[Event, None, Artifact]:
        """Bring the source to the server and build it there.

        BuildError has the failing step, its line in the Dockerfile and its last lines; TargetError says what the server
        lacks. Nothing of a failed build stays, but for the source, which the next one goes on from.
        """
        assert plan.build is not None
        started = time.monotonic()
        rendered = render(plan.build, plan.variables, plan.key.slug, self.bases)
        want = manifest(Path(plan.source.folder), cancel.check)
        _check_own(rendered, want)
        for path in want.outside:
            yield Warned(code="link-outside", text=f"{path} leads out of the folder: it is not sent.")
        for _ in range(TRIES):
            cancel.check()
            seen = look(self.machine, self._places(plan), want, self.socket, self._repository(plan))
            key = seen.key or secrets.token_hex(_KEY_BYTES)
            inputs = inputs_digest(plan, rendered, want.digest, key)
            if known := _built_before(seen, inputs, want.files):
                yield Output(text="nothing changed since it was built last: that image is used again")
                return known
            attempt = yield from self._attempt(plan, rendered, want, seen, key, inputs, cancel)
            if image := attempt.said.get("image"):
                self.times[:] = attempt.reading.times()
                digest, _, size = image.partition(" ")
                return Artifact(digest, "image", int(size), want.files, round(time.monotonic() - started, 3))
            if "changed" not in attempt.said:
                raise self._error(plan, attempt)
        raise crowded(self.machine, self._places(plan))

    def explain(self, plan: Plan, artifact: Artifact) -> Sequence[Part]:
        """The steps of BuildKit with their times, and the layers of the image with their sizes."""
        image = f"{self._repository(plan)}:{artifact.digest.removeprefix('sha256:')[:16]}"
        answer = self.machine.sh(HISTORY, self.socket, image, root=self.sudo)
        return parts(self.times, answer.text.splitlines()) if answer.code == 0 else ()

    def _attempt(
        self, plan: Plan, rendered: Rendered, want: Manifest, seen: Seen, key: str, inputs: str, cancel: CancelToken
    ) -> Generator[Event, None, Attempt]:
        cgroup, warning = capped(self.machine, self.caps)
        if warning:
            yield warning
        places = self._places(plan)
        argv = (
            *("sh", "-c", BUILD, "webduh", places.root, places.app, seen.token, self.socket, self._repository(plan)),
            *(plan.key.slug, inputs, rendered.own or "", cgroup),
            *_arguments(plan, rendered, key),
        )
        sending = job(seen, want, _first_lines(plan, rendered, key))
        attempt, mask = Attempt({}, [], Reading()), masker(secret_values(plan.variables))
        for item in followed(self.machine, argv, sending, cancel, self.sudo):
            if isinstance(item, Progress):
                yield item
            else:
                yield from _heard(attempt, item[0], item[1], sending, mask)
        return attempt

    def _error(self, plan: Plan, attempt: Attempt) -> Exception:
        if "building" not in attempt.said:
            return not_received(self.machine, self._places(plan), attempt.said, attempt.complaints)
        failure, mask = attempt.reading.failure(), masker(secret_values(plan.variables))
        if not failure.says:
            failure = failure._replace(says="\n".join(attempt.complaints[-LAST_LINES:]))
        return build_error(self.machine.name, attempt.said, failure, self.caps, mask)

    def _places(self, plan: Plan) -> Places:
        return Places(self.layout.root, self.layout.app(plan.key), self.sudo)

    def _repository(self, plan: Plan) -> str:
        return f"webduh/{plan.key.slug}"


def inputs_digest(plan: Plan, rendered: Rendered, source: str, key: str) -> str:
    """A digest (64 hex digits) of all that decides what is built. Secrets go in keyed, so it does not tell them."""
    values = {name: plan.variables[name].value for name in rendered.arguments}
    essence = [1, source, rendered.dockerfile, rendered.own, rendered.dockerignore, sorted(values.items())]
    return hashlib.sha256(_encoded([*essence, secrets_digest(plan.variables, rendered, key)])).hexdigest()


def secrets_digest(variables: Mapping[str, Variable], rendered: Rendered, key: str) -> str:
    """A digest of the secrets a build is given, keyed with `key` (hex); empty when there are none."""
    given = [(name, variables[name].value) for name in sorted(rendered.secrets)]
    return hmac.digest(bytes.fromhex(key), _encoded(given), "sha256").hex() if given else ""


def secret_values(variables: Mapping[str, Variable]) -> tuple[str, ...]:
    """The values that are to be masked."""
    return tuple(variable.value for variable in variables.values() if variable.secret)


def _encoded(values: list[object] | list[tuple[str, str]]) -> bytes:
    """As JSON, in ASCII: whatever bytes a value came from."""
    return json.dumps(values).encode()


def _arguments(plan: Plan, rendered: Rendered, key: str) -> Iterator[str]:
    """Words for `docker buildx build`."""
    for name in rendered.arguments:
        yield from ("--build-arg", f"{name}={plan.variables[name].value}")
    if rendered.secrets:
        yield from ("--build-arg", f"{SECRETS_DIGEST}={secrets_digest(plan.variables, rendered, key)[:32]}")


def _first_lines(plan: Plan, rendered: Rendered, key: str) -> list[bytes]:
    """What goes before the source: the key, the Dockerfile, the secrets."""
    files = {"Dockerfile": rendered.dockerfile, "Dockerfile.dockerignore": rendered.dockerignore}
    lines = [f"key {key}\n".encode()]
    if not rendered.own:
        lines += [_line("file", name, text) for name, text in files.items()]
    return lines + [_line("secret", name, plan.variables[name].value) for name in rendered.secrets]


def _line(word: str, name: str, text: str) -> bytes:
    return f"{word} {name} ".encode() + base64.b64encode(text.encode("utf-8", "surrogateescape")) + b"\n"


def _heard(attempt: Attempt, stream: str, text: str, sending: Sending, mask: Callable[[str], str]) -> Iterator[Event]:
    """Keep one line of a build, and say what a person is shown of it."""
    if stream == "stdout":
        word, _, rest = text.partition(" ")
        attempt.said[word] = rest
        if event := told(word, sending):
            yield event
    elif "building" in attempt.said or text.startswith("#"):
        for line in attempt.reading.line(text):
            yield Output(text=mask(line), stream="stdout")
    else:
        attempt.complaints.append(text)


def _built_before(seen: Seen, inputs: str, files: int) -> Artifact | None:
    """The image of the same inputs, if it is still there."""
    for built in reversed(seen.built):
        if built.inputs == inputs and built.image.removeprefix("sha256:")[:16] in seen.tags:
            return Artifact(built.image, "image", built.size, files)
    return None


def _check_own(rendered: Rendered, want: Manifest) -> None:
    if rendered.own and want.marks.get(normpath(rendered.own), "d")[0] not in "fx":
        raise BuildError(
            f"{rendered.own} is not among the files that are sent.",
            why="It is no file, or an ignore file names it.",
            kept=KEPT,
            hint="Take it out of .webduhignore or .dockerignore.",
        )
