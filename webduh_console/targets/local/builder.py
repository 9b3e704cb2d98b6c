"""Builds an app in a folder of its own: copy the source, run the plan's steps, mark it whole."""

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from webduh_console.errors import BuildError, WebduhError
from webduh_console.frameworks.tree import fingerprint, walk
from webduh_console.model.build import BuildPlan, BuildStep
from webduh_console.model.events import Event, Output, Part, Progress
from webduh_console.model.mask import masker
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.model.release import Artifact
from webduh_console.model.target import CancelToken
from webduh_console.targets.local import docker
from webduh_console.targets.local.environment import build_environment, secret_values
from webduh_console.targets.local.layout import Layout, short
from webduh_console.targets.local.removal import remove_artifact
from webduh_console.targets.local.reuse import Marker, earlier, install_key, take
from webduh_console.transport.files import FileLock, unwritable, write_file
from webduh_console.transport.process import end_left_over, run_lines

LAST_LINES, LAST_ERRORS = 15, 5
UNNAMED_FOR = 3600.0
OURS = ("webduh.yaml", "webduh.yml")
"""Files that say how an app is deployed: no visitor's business."""
_EVERY = 200


@dataclass(frozen=True)
class LocalBuilder:
    """An artifact is named by a digest of all that goes into it, so the same input is built once.

    `named` answers the digests that an app's releases name. What no release names (it failed, or was taken back) is
    removed by a later build; without `named` it stays.
    """

    layout: Layout
    cache: Path
    named: Callable[[AppKey], Collection[str]] | None = None
    times: list[tuple[BuildStep, float]] = field(default_factory=list, compare=False)

    def explain(self, plan: Plan, artifact: Artifact) -> Sequence[Part]:
        """The steps that were run, with the sizes of what they made; and the source."""
        folder = self.layout.artifact(plan.key, artifact.digest)
        sizes = {step.name: sum(_measure(folder / output)[0] for output in step.outputs) for step, _ in self.times}
        rest = Part("the source, and all else", None, max(0, artifact.size - sum(sizes.values())))
        own = (Part(f"{step.name}: {' '.join(step.run)}", took, sizes[step.name] or None) for step, took in self.times)
        return rest, *own

    def build(self, plan: Plan, cancel: CancelToken) -> Generator[Event, None, Artifact]:
        """Build the plan's source; BuildError has the failing step and its last lines.

        Nothing of a failed build stays.
        """
        assert plan.build is not None
        artifacts = self.layout.artifacts(plan.key)
        source = fingerprint(Path(plan.source.folder))
        digest = "sha256:" + _digest(plan, source.digest)
        lock = FileLock(artifacts / "lock")
        try:
            if not lock.take(wait=False):
                yield Output(text="waiting for another build of this app to end")
                while not lock.take(wait=False):
                    cancel.wait(0.1)
            end_left_over(artifacts / "building")
            if (known := _whole(artifacts, digest)) and not _is_there(plan, known):
                (artifacts / f"{short(digest)}.json").unlink()
            self._remove_torn(artifacts)
            yield from self._remove_unnamed(plan.key, artifacts, digest)
            if known and _whole(artifacts, digest):
                yield Output(text="nothing changed since it was built last: that build is used again")
                return known
            return (yield from self._make_or_nothing(plan, plan.build, digest, source.files, cancel))
        finally:
            lock.give_back()

    def _make_or_nothing(
        self, plan: Plan, build: BuildPlan, digest: str, files: int, cancel: CancelToken
    ) -> Generator[Event, None, Artifact]:
        folder = self.layout.artifact(plan.key, digest)
        try:
            return (yield from self._make(plan, build, digest, files, folder, cancel))
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise unwritable(folder, error) from error
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _make(
        self, plan: Plan, build: BuildPlan, digest: str, files: int, folder: Path, cancel: CancelToken
    ) -> Generator[Event, None, Artifact]:
        started = time.monotonic()
        yield from _copy(Path(plan.source.folder), folder, files, cancel)
        for path, text in build.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
        env = build_environment(self.cache, plan.variables)
        key = install_key(build.install, folder)
        steps = [*build.install, *build.build, *_image(plan, build, digest)]
        if key and (before := earlier(folder.parent, key)):
            take(build.install, before, folder)
            yield Output(text="the dependencies are unchanged: they are taken from the build before")
            steps = steps[len(build.install) :]
        for step in steps:
            began = time.monotonic()
            yield from self._run(step, folder, env, masked=secret_values(plan.variables), cancel=cancel)
            self.times.append((step, round(time.monotonic() - began, 3)))
        if build.static:
            served = folder / build.static.dir
            if not served.is_dir() or not any(served.iterdir()):
                raise _no_output(build)
            for ours in OURS:
                (folder / build.static.dir / ours).unlink(missing_ok=True)
        size, count = _measure(folder)
        artifact = Artifact(
            digest, "image" if build.dockerfile else "tree", size, count, round(time.monotonic() - started, 3)
        )
        marker = Marker(digest, artifact.kind, size, count, artifact.built_in, key)
        write_file(folder.with_suffix(".json"), msgspec.json.encode(marker))
        return artifact

    def _run(
        self, step: BuildStep, folder: Path, env: dict[str, str], masked: tuple[str, ...], cancel: CancelToken
    ) -> Iterator[Event]:
        words, mask, last, errors = " ".join(step.run), masker(masked), list[str](), list[str]()
        yield Output(text=f"$ {words}")
        try:
            lines = run_lines(step.run, folder, {**env, **step.env}, cancel, born=folder.parent / "building")
            while True:
                try:
                    stream, text = next(lines)
                except StopIteration as stop:
                    code = stop.value
                    break
                last = [*last[1 - LAST_LINES :], text]
                errors = [*errors[1 - LAST_ERRORS :], text] if stream == "stderr" else errors
                yield Output(text=text, stream=stream)
        except OSError as error:
            missing = isinstance(error, FileNotFoundError | PermissionError)
            reason = f"{step.run[0]} is not installed on this machine" if missing else "the system refuses"
            raise BuildError(
                f"The build step {step.name} cannot run: {reason}.",
                why=f"`{mask(words)}` needs it ({error.strerror}).",
                kept="What serves now was not touched.",
                hint=f"Install {step.run[0]}, or say another command for `{step.name}` in webduh.yaml.",
            ) from error
        if code:
            ended = f"was ended by signal {-code}" if code < 0 else f"exited with {code}"
            raise BuildError(
                f"The build step {step.name} failed: `{mask(words)}` {ended}.",
                why="\n".join(mask(text) for text in _ends_with(last, errors) if text),
                kept="What serves now was not touched.",
                hint="Its whole output is above, and in `webduh deployments`.",
            )

    def _remove_unnamed(self, key: AppKey, artifacts: Path, wanted: str) -> Iterator[Event]:
        """Remove whole artifacts that no release names, but young ones: they may belong to a deployment under way."""
        if self.named is None:
            return
        used = {*self.named(key), wanted}
        for marker in artifacts.glob("*.json"):
            digest = msgspec.json.decode(marker.read_bytes(), type=Marker).digest
            if digest not in used and time.time() - marker.stat().st_mtime > UNNAMED_FOR:
                yield from remove_artifact(artifacts, key, digest)

    def _remove_torn(self, artifacts: Path) -> None:
        """Remove what builds that were killed have left.

        Only the holder of the lock builds, so nothing else is torn.
        """
        for folder in artifacts.iterdir():
            if folder.name.startswith(".") and folder.is_file():
                folder.unlink(missing_ok=True)
            elif folder.is_dir() and not folder.with_suffix(".json").exists():
                shutil.rmtree(folder, ignore_errors=True)


def _digest(plan: Plan, source: str) -> str:
    """Of the source, the build plan and, when steps are run that could read them, the variables."""
    assert plan.build is not None
    steps = bool(plan.build.install or plan.build.build or plan.build.dockerfile)
    variables = [(name, variable.value) for name, variable in sorted(plan.variables.items())] if steps else []
    build = plan.build
    essence = [source, build.install, build.build, build.static, build.dockerfile, variables, sys.version, sys.platform]
    if build.files:
        essence.append(sorted(build.files.items()))
    if plan.spec.files and not build.dockerfile:  # they are put into the artifact's own folder
        essence.append([(mount.path, mount.digest) for mount in plan.spec.files])
    return hashlib.sha256(msgspec.json.encode(essence)).hexdigest()


def _whole(artifacts: Path, digest: str) -> Artifact | None:
    try:
        marker = msgspec.json.decode((artifacts / f"{short(digest)}.json").read_bytes(), type=Marker)
    except FileNotFoundError:
        return None
    if marker.digest != digest or not (artifacts / short(digest)).is_dir():
        return None
    return Artifact(digest, "image" if marker.kind == "image" else "tree", marker.size, marker.files, marker.seconds)


def _copy(source: Path, folder: Path, files: int, cancel: CancelToken) -> Iterator[Event]:
    folder.mkdir(parents=True)
    done = 0
    for entry in walk(source):
        here = folder / entry.path
        if entry.kind == "folder":
            here.mkdir(parents=True, exist_ok=True)
            continue
        here.parent.mkdir(parents=True, exist_ok=True)
        if entry.kind == "link":
            here.symlink_to(entry.target)
        else:
            shutil.copyfile(source / entry.path, here)
            here.chmod(0o755 if entry.executable else 0o644)
        done += 1
        if done % _EVERY == 0:
            cancel.check()
            yield Progress(done=done, total=files, unit="files")
    yield Progress(done=done, total=done, unit="files")


def _is_there(plan: Plan, known: Artifact) -> bool:
    """Whether the image of an artifact is still kept by Docker; a tree is as long as its folder."""
    return known.kind == "tree" or docker.succeeds(docker.find_image(docker.image(plan.key, known.digest)))


def _image(plan: Plan, build: BuildPlan, digest: str) -> tuple[BuildStep, ...]:
    """The step that builds the image. Only BuildKit can be offered secrets, and an ARG would keep them in the image."""
    if not build.dockerfile:
        return ()
    wanted = {env.name for env in build.env if env.when != "run"}
    arguments = [name for name, variable in plan.variables.items() if name in wanted and not variable.secret]
    secrets = [name for name, variable in plan.variables.items() if variable.secret]
    offered = secrets if secrets and docker.succeeds(docker.find_buildx()) else []
    argv = docker.build(plan.key, digest, build.dockerfile, arguments, offered)
    return (BuildStep("image", argv, needs=("docker",)),)


def _ends_with(last: list[str], errors: list[str]) -> list[str]:
    """The last lines, among them the last errors: two streams are read side by side, and the reason may come first."""
    missing = [text for text in errors if text not in last]
    return [*last[len(missing) :], *missing] if len(last) == LAST_LINES else last


def _no_output(build: BuildPlan) -> WebduhError:
    assert build.static is not None
    return BuildError(
        f"The build left nothing in the folder {build.static.dir}.",
        why=f"{build.framework} output is served from it.",
        kept="What serves now was not touched.",
        hint="Say which folder it makes: `static: FOLDER` in webduh.yaml.",
    )


def _measure(folder: Path) -> tuple[int, int]:
    """Bytes and files of a tree."""
    size = count = 0
    for directory, _, names in os.walk(folder):
        for name in names:
            size += (Path(directory) / name).lstat().st_size
            count += 1
    return size, count
