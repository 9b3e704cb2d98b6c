"""Builds of real folders with real programs."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from webduh_console.errors import BuildError, CancelledError
from webduh_console.model.build import BuildPlan, BuildStep, Static
from webduh_console.model.events import Event, Output, Progress
from webduh_console.model.mask import masker
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.model.release import Artifact, SourceRef, Spec, Variable
from webduh_console.model.target import CancelToken
from webduh_console.targets.local.builder import LocalBuilder
from webduh_console.targets.local.layout import Layout
from webduh_console.transport.files import FileLock

Build = Callable[..., tuple[list[Event], Artifact]]


def sh(script: str, name: str = "make", **more: Any) -> BuildStep:
    return BuildStep(name, ("sh", "-c", script), **more)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "index.html").write_text("hello")
    return folder


@pytest.fixture
def build(tmp_path: Path, source: Path, layout: Layout, key: AppKey) -> Build:
    """Builds the source with these steps, to its end."""

    def run(
        *steps: BuildStep,
        install: tuple[BuildStep, ...] = (),
        static: Static | None = None,
        variables: dict[str, Variable] | None = None,
        cancel: CancelToken | None = None,
        files: dict[str, str] | None = None,
    ) -> tuple[list[Event], Artifact]:
        plan = Plan(
            "D",
            key,
            "local",
            "deploy",
            SourceRef(str(source)),
            Spec(framework="test"),
            "me",
            "command",
            build=BuildPlan("test", "", build=steps, install=install, static=static, files=files or {}),
            variables=variables or {},
        )
        events, work = [], LocalBuilder(layout, tmp_path / "cache").build(plan, cancel or CancelToken())
        while True:
            try:
                events.append(next(work))
            except StopIteration as stop:
                return events, stop.value

    return run


def texts(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Output)]


def left(layout: Layout, key: AppKey) -> list[str]:
    return sorted(path.name for path in layout.artifacts(key).iterdir())


def test_a_source_without_steps_is_copied(build: Build, source: Path, layout: Layout, key: AppKey) -> None:
    (source / "run").write_text("#!/bin/sh\n")
    (source / "run").chmod(0o755)
    (source / "sub").mkdir()
    (source / "sub" / "link").symlink_to("../index.html")
    (source / "empty").mkdir()
    events, artifact = build()
    folder = layout.artifact(key, artifact.digest)
    assert (artifact.kind, artifact.files, artifact.size) == ("tree", 3, 5 + 10 + len("../index.html"))
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", artifact.digest)
    assert (folder / "index.html").read_text() == "hello"
    assert (folder / "run").stat().st_mode & 0o777 == 0o755
    assert (folder / "index.html").stat().st_mode & 0o777 == 0o644
    assert (folder / "sub" / "link").readlink() == Path("../index.html")
    assert isinstance(events[-1], Progress)


def test_texts_that_a_plan_brings_are_there_when_it_is_built(build: Build, layout: Layout, key: AppKey) -> None:
    first = build(sh("cat more/run.py > seen"), files={"more/run.py": "print(1)\n"})[1]
    other = build(sh("cat more/run.py > seen"), files={"more/run.py": "print(2)\n"})[1]

    assert (layout.artifact(key, first.digest) / "seen").read_text() == "print(1)\n"
    assert first.digest != other.digest


def test_ignored_files_are_left_behind(build: Build, source: Path, layout: Layout, key: AppKey) -> None:
    (source / ".webduhignore").write_text("*.log\nprivate/\n")
    (source / "a.log").write_text("x")
    (source / "private").mkdir()
    (source / "private" / "key").write_text("x")
    (source / "node_modules").mkdir()
    (source / "node_modules" / "x.js").write_text("x")
    _, artifact = build()
    kept = {path.name for path in layout.artifact(key, artifact.digest).rglob("*")}
    assert kept & {"a.log", "private", "key", "x.js"} == set()
    assert "index.html" in kept


def test_the_same_input_is_built_once(build: Build) -> None:
    _, first = build(sh("date +%N > made"))
    events, again = build(sh("date +%N > made"))
    assert again == first
    assert texts(events) == ["nothing changed since it was built last: that build is used again"]


@pytest.mark.parametrize("change", ["content", "mode", "name", "step", "variable"])
def test_any_other_input_is_another_artifact(change: str, build: Build, source: Path) -> None:
    _, first = build(sh("true"))
    if change == "content":
        (source / "index.html").write_text("other")
    elif change == "mode":
        (source / "index.html").chmod(0o755)
    elif change == "name":
        (source / "index.html").rename(source / "index.htm")
    step = sh("echo other") if change == "step" else sh("true")
    _, second = build(step, variables={"A": Variable("1")} if change == "variable" else {})
    assert second.digest != first.digest


def test_variables_that_no_step_can_read_do_not_make_another_artifact(build: Build) -> None:
    assert build(variables={"A": Variable("1")})[1] == build(variables={"A": Variable("2")})[1]


def test_steps_see_the_variables_and_little_else(
    build: Build, layout: Layout, key: AppKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIVATE_OF_MINE", "x")
    step = BuildStep("make", ("sh", "-c", "env > seen"), env={"OF_THE_STEP": "1"})
    _, artifact = build(step, variables={"A": Variable("x y"), "CI": Variable("no")})
    seen = (layout.artifact(key, artifact.digest) / "seen").read_text().splitlines()
    assert {"A=x y", "CI=no", "OF_THE_STEP=1"} <= set(seen)
    assert not [line for line in seen if line.startswith("PRIVATE")]


def test_output_comes_line_by_line_with_its_stream(build: Build) -> None:
    events, _ = build(sh("echo one; echo two >&2"))
    shown = [(event.stream, event.text) for event in events if isinstance(event, Output)]
    assert shown[0] == ("webduh", "$ sh -c echo one; echo two >&2")
    assert sorted(shown[1:]) == [("stderr", "two"), ("stdout", "one")]


def test_a_failed_step_says_its_last_lines_and_leaves_nothing(build: Build, layout: Layout, key: AppKey) -> None:
    with pytest.raises(BuildError) as caught:
        build(sh("seq 30; echo the reason >&2; exit 3"))
    assert caught.value.what == (
        "The build step make failed: `sh -c seq 30; echo the reason >&2; exit 3` exited with 3."
    )
    assert "the reason" in caught.value.why
    assert len(caught.value.why.splitlines()) == 15
    assert caught.value.kept == "What serves now was not touched."
    assert left(layout, key) == ["lock"]


def test_a_step_that_is_killed_says_by_which_signal(build: Build) -> None:
    with pytest.raises(BuildError, match="was ended by signal 9"):
        build(sh("kill -9 $$"))


def test_a_missing_tool_is_named(build: Build, layout: Layout, key: AppKey) -> None:
    with pytest.raises(BuildError) as caught:
        build(BuildStep("bundle", ("webduh-no-such-tool", "run")))
    assert caught.value.as_dict() == {
        "name": "build",
        "what": "The build step bundle cannot run: webduh-no-such-tool is not installed on this machine.",
        "why": "`webduh-no-such-tool run` needs it (No such file or directory).",
        "kept": "What serves now was not touched.",
        "hint": "Install webduh-no-such-tool, or say another command for `bundle` in webduh.yaml.",
    }
    assert left(layout, key) == ["lock"]


def test_secrets_do_not_show_in_what_a_failed_step_said(build: Build) -> None:
    with pytest.raises(BuildError) as caught:
        build(sh("echo $TOKEN; exit 1"), variables={"TOKEN": Variable("s3cret-value", secret=True)})
    assert caught.value.why == masker(["s3cret-value"])("s3cret-value")


def test_a_cancelled_build_ends_its_programs_and_leaves_nothing(build: Build, layout: Layout, key: AppKey) -> None:
    cancel = CancelToken()
    threading.Timer(0.3, cancel.set).start()
    with pytest.raises(CancelledError):
        build(sh("sleep 300"), cancel=cancel)
    assert left(layout, key) == ["lock"]


def test_what_a_killed_build_left_is_removed_by_the_next(build: Build, layout: Layout, key: AppKey) -> None:
    torn = layout.artifacts(key) / "0123456789abcdef"
    torn.mkdir(parents=True)
    (torn / "half").write_text("x")
    _, artifact = build()
    digest = artifact.digest.partition(":")[2][:16]
    assert left(layout, key) == sorted([digest, f"{digest}.json", "lock"])


def test_a_build_that_goes_on_in_another_process_is_waited_for(build: Build, layout: Layout, key: AppKey) -> None:
    lock = FileLock(layout.artifacts(key) / "lock")
    assert lock.take()
    threading.Timer(0.3, lock.give_back).start()
    events, _ = build()
    assert texts(events)[0] == "waiting for another build of this app to end"


def test_static_output_that_was_not_made_is_an_error(build: Build, layout: Layout, key: AppKey) -> None:
    with pytest.raises(BuildError) as caught:
        build(sh("mkdir out"), static=Static("dist"))
    assert (caught.value.what, caught.value.hint) == (
        "The build left nothing in the folder dist.",
        "Say which folder it makes: `static: FOLDER` in webduh.yaml.",
    )
    assert left(layout, key) == ["lock"]
    with pytest.raises(BuildError):
        build(sh("mkdir dist"), static=Static("dist"))
    assert build(sh("mkdir dist; date > dist/page.html"), static=Static("dist"))[1].files == 2


MAKE_VENV = f"""
{sys.executable} -m venv --without-pip .venv
printf '#!%s/.venv/bin/python\\n' $PWD > .venv/bin/tool
chmod +x .venv/bin/tool
date +%N > .venv/made
"""
VENV = BuildStep("install", ("sh", "-ec", MAKE_VENV), inputs=("requirements.txt",), outputs=(".venv",))


def test_an_install_whose_requirements_are_unchanged_is_taken_from_the_build_before(
    build: Build, source: Path, layout: Layout, key: AppKey
) -> None:
    (source / "requirements.txt").write_text("a\n")
    first = layout.artifact(key, build(install=(VENV,))[1].digest)
    (source / "index.html").write_text("changed")
    events, artifact = build(install=(VENV,))
    second = layout.artifact(key, artifact.digest)
    assert second != first
    assert "the dependencies are unchanged: they are taken from the build before" in texts(events)
    assert (second / ".venv" / "made").read_text() == (first / ".venv" / "made").read_text()
    assert (second / ".venv" / "made").stat().st_ino == (first / ".venv" / "made").stat().st_ino

    for folder in (first, second):
        assert (folder / ".venv" / "bin" / "tool").read_text() == f"#!{folder}/.venv/bin/python\n"
        assert os.access(folder / ".venv" / "bin" / "tool", os.X_OK)
    shutil.rmtree(first)
    prefix = subprocess.run(
        [second / ".venv" / "bin" / "python", "-c", "import sys; print(sys.prefix)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert prefix.stdout.strip() == str(second / ".venv")


@pytest.mark.parametrize("change", ["requirements", "step", "no inputs", "no outputs"])
def test_an_install_that_may_differ_is_run_again(
    change: str, build: Build, source: Path, layout: Layout, key: AppKey
) -> None:
    (source / "requirements.txt").write_text("a\n")
    step = sh("mkdir -p deps; date +%N > deps/made", "install", inputs=("requirements.txt",), outputs=("deps",))
    other: dict[str, dict[str, Any]] = {
        "no inputs": {"inputs": ()},
        "no outputs": {"outputs": ()},
        "step": {"run": (*step.run, "x")},
    }
    if change.startswith("no "):
        step = msgspec.structs.replace(step, **other[change])
    _, first = build(install=(step,))
    (source / "index.html").write_text("changed")
    if change == "requirements":
        (source / "requirements.txt").write_text("b\n")
    if change == "step":
        step = msgspec.structs.replace(step, **other[change])
    _, second = build(install=(step,))
    made = [(layout.artifact(key, artifact.digest) / "deps" / "made").read_text() for artifact in (first, second)]
    assert made[0] != made[1]


def test_a_build_whose_client_was_killed_is_ended_by_the_next(
    build: Build, source: Path, layout: Layout, key: AppKey
) -> None:
    artifacts = layout.artifacts(key)
    artifacts.mkdir(parents=True)
    script = (
        "import sys; from pathlib import Path; from webduh_console.transport.process import run_lines;"
        "from webduh_console.model.target import CancelToken; import os;"
        "lines = run_lines(('sh', '-c', 'echo $$; exec sleep 300'), Path('.'), os.environ, CancelToken(),"
        " Path(sys.argv[1]));"
        "[print(text, flush=True) for _, text in lines]"
    )
    client = subprocess.Popen([sys.executable, "-c", script, artifacts / "building"], stdout=subprocess.PIPE, text=True)
    assert client.stdout is not None
    step = int(client.stdout.readline())
    client.send_signal(signal.SIGKILL)
    client.wait()
    client.stdout.close()
    assert Path(f"/proc/{step}").exists()
    build()
    assert not Path(f"/proc/{step}").exists() or "(sleep) Z" in Path(f"/proc/{step}/stat").read_text()
    assert not (artifacts / "building").exists()


def test_a_full_disk_is_said_and_nothing_of_the_build_stays(
    tmp_path: Path, source: Path, layout: Layout, key: AppKey, build: Build
) -> None:
    layout.root.mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", layout.root], check=False).returncode:
        pytest.skip("a small disk needs root")
    try:
        (source / "large").write_bytes(b"x" * 1_000_000)
        with pytest.raises(Exception, match="No space left on device") as caught:
            build()
        assert caught.value.__class__.__name__ == "TargetError"
        assert left(layout, key) == ["lock"]
    finally:
        subprocess.run(["umount", layout.root], check=True)
