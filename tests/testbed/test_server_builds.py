"""Images built on a server over SSH: what crosses, what is made, what is said, what is left."""

import hashlib
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from building_place import OWN, ROOT, builder, planned, run, said, set_up
from server import Server
from server_builds import EXAMPLES, SECRET, SITE, SLOW, TOKEN, app, begin, build, left

from webduh_console.errors import BuildError, TargetError
from webduh_console.model.build import EnvVar
from webduh_console.model.events import Output, Warned
from webduh_console.model.release import Variable
from webduh_console.model.target import CancelToken
from webduh_console.targets.server.builder import ServerBuilder
from webduh_console.targets.server.caps import Caps


@pytest.fixture
def made(server: Server, tmp_path: Path) -> Iterator[ServerBuilder]:
    """A builder on a server that is set up, as the user deploy."""
    set_up(server)
    with builder(server, tmp_path / "keys") as one:
        yield one


def test_a_site_is_built_named_by_its_digest_and_built_once(
    made: ServerBuilder, server: Server, tmp_path: Path
) -> None:
    site = tmp_path / "hello"
    shutil.copytree(EXAMPLES / "hello-static", site)
    events, artifact = run(made.build(planned(site, SITE), CancelToken()))
    name = f"webduh/default--hello--production:{artifact.digest[7:23]}"
    told = json.loads(server.exec("docker", "image", "inspect", name))[0]
    assert (artifact.digest, artifact.kind, artifact.size) == (told["Id"], "image", told["Size"])
    assert told["Config"]["Labels"]["webduh.slug"] == "default--hello--production"
    assert any(line.startswith("[3/3] COPY") for line in said(events))

    again, same = run(made.build(planned(site, SITE), CancelToken()))
    assert said(again) == ["nothing changed since it was built last: that image is used again"]
    assert (same.digest, same.size, same.files) == (artifact.digest, artifact.size, artifact.files)

    server.exec("docker", "rmi", "--force", name)
    anew, third = run(made.build(planned(site, SITE), CancelToken()))
    assert (third.digest, said(anew)[0][:5]) == (artifact.digest, "[1/3]")
    assert left(server) == ""


def test_only_what_changed_crosses_and_only_steps_that_need_it_run_again(made: ServerBuilder, tmp_path: Path) -> None:
    text = "FROM busybox\nCOPY first /\nRUN echo the first; cat first # NEW\n"
    text += "COPY . /all\nRUN echo the second; cat /all/second # NEW\n"
    folder = app(tmp_path / "steps", text, first="one", second="two", big="x" * 200_000)
    build(made, folder)
    (folder / "second").write_text("new")
    lines, _ = build(made, folder)
    assert lines[0].startswith("the source is on the server: 1 file sent (0.")
    assert "the first" not in lines
    assert {"the second", "new"} <= set(lines)


def test_a_change_of_the_same_size_at_once_is_seen(made: ServerBuilder, tmp_path: Path) -> None:
    folder = app(tmp_path / "quick", 'FROM busybox\nCOPY f /\nRUN echo "it is $(cat f)" # NEW\n', f="0")
    for number in range(5):
        (folder / "f").write_text(str(number))
        assert f"it is {number}" in build(made, folder)[0]


def test_secrets_reach_the_build_and_stand_nowhere_else(made: ServerBuilder, server: Server, tmp_path: Path) -> None:
    folder = app(tmp_path / "secret", SECRET)
    lines, seen = list[str](), list[str]()
    for event in made.build(planned(folder, variables={"TOKEN": Variable(TOKEN, True)}), CancelToken()):
        if isinstance(event, Output):
            lines.append(event.text)
        if "it is •••" in lines and not seen:
            seen.append(server.sh("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'"))
            seen.append(left(server))
            seen.append(server.sh("stat -c '%a %U' /dev/shm/webduh-build-*").strip())
    assert "buildx" in seen[0]
    assert TOKEN not in seen[0]
    assert seen[1].startswith("webduh-build-")
    assert seen[2] == "700 deploy"
    assert "as base64: •••" in [line[:14] for line in lines]
    assert left(server) == ""

    (image,) = server.exec("docker", "images", "--quiet", "webduh/default--secret--production").split()
    everything = server.sh(
        f"docker save {image} | tar -xO; docker history --no-trunc {image}; cat {ROOT}/apps/*/*.json*"
    )
    assert TOKEN not in everything
    digest = server.exec("docker", "run", "--rm", image, "cat", "/digest")
    assert digest.split()[0] == hashlib.sha256(TOKEN.encode()).hexdigest()

    changed = build(made, folder, TOKEN=Variable("an0ther-secret", True))[0]
    assert "it is •••" in changed
    assert build(made, folder, TOKEN=Variable("an0ther-secret", True))[0][0].startswith("nothing changed")


def test_plain_variables_are_build_arguments(made: ServerBuilder, tmp_path: Path) -> None:
    folder = app(tmp_path / "args", 'FROM busybox\nARG COLOUR=none\nRUN echo "it is $COLOUR" # NEW\n')
    plan = msgspec.structs.replace(OWN, env=(EnvVar("COLOUR", "ARG in Dockerfile", "build"),))
    assert "it is none" in build(made, folder, plan)[0]
    assert "it is two words; $(id) '\"" in build(made, folder, plan, COLOUR=Variable("two words; $(id) '\""))[0]


@pytest.mark.parametrize(
    ("dockerfile", "what", "why"),
    [
        (
            "FROM busybox\nRUN echo one; echo $T; exit 7\n",
            "The build step `RUN echo one; echo $T; exit 7` on {name} exited with 7 (Dockerfile:2).",
            "one",
        ),
        (
            "FROM busybox\nRUNN echo\n",
            "Building the image on {name} failed (Dockerfile:2).",
            "dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)",
        ),
        (
            "FROM busybox\nCOPY nothere /\n",
            "Building `COPY nothere /` on {name} failed (Dockerfile:2).",
            '"/nothere": not found',
        ),
    ],
)
def test_a_build_that_fails_names_its_step_its_line_and_its_last_words(
    made: ServerBuilder, server: Server, tmp_path: Path, dockerfile: str, what: str, why: str
) -> None:
    folder = app(tmp_path / "bad", dockerfile)
    with pytest.raises(BuildError) as raised:
        build(made, folder)
    assert raised.value.what == what.format(name=server.name)
    assert raised.value.why.endswith(why)
    assert left(server) == ""
    assert server.exec("docker", "images", "--quiet", "webduh/default--bad--production") == ""


def test_a_dockerfile_that_an_ignore_file_names_is_said_before_anything_crosses(
    made: ServerBuilder, server: Server, tmp_path: Path
) -> None:
    folder = app(tmp_path / "ignored", "FROM busybox\n", **{".webduhignore": "Dockerfile\n"})
    with pytest.raises(BuildError, match="Dockerfile is not among the files that are sent"):
        build(made, folder)
    assert server.sh(f"ls {ROOT}") == ""


def test_a_step_that_wants_too_much_memory_is_killed_and_the_cap_is_named(server: Server, tmp_path: Path) -> None:
    set_up(server)
    folder = app(tmp_path / "hog", "FROM busybox\nRUN dd if=/dev/zero of=/dev/null bs=300M count=1\n")
    caps = Caps(64 << 20, 0.5, "webduh-builds-test")
    with builder(server, tmp_path / "keys", caps=caps) as capped, pytest.raises(BuildError) as raised:
        build(capped, folder)
    server.sh("cd /sys/fs/cgroup; rmdir */webduh-builds-test/buildkit */webduh-builds-test 2>/dev/null || true")
    assert "exited with 137 (Dockerfile:2)" in raised.value.what
    assert "may use 64 MiB together" in raised.value.hint


def test_a_user_who_may_not_limit_builds_is_told_and_builds(server: Server, tmp_path: Path) -> None:
    set_up(server)
    server.sh("adduser plain docker")
    try:
        with builder(server, tmp_path / "keys", "plain") as made:
            events, _ = run(made.build(planned(app(tmp_path / "plain", "FROM busybox\n")), CancelToken()))
    finally:
        server.sh("deluser plain docker")
    (warned,) = [event for event in events if isinstance(event, Warned)]
    assert warned.code == "build-uncapped"
    assert warned.text.startswith(f"Builds on {server.name} are not limited in memory and CPU: ")


def test_a_user_without_rights_is_told_so(server: Server, tmp_path: Path) -> None:
    set_up(server)
    folder = app(tmp_path / "rights", "FROM busybox\n")
    with builder(server, tmp_path / "keys", "plain") as made, pytest.raises(TargetError) as raised:
        build(made, folder)
    assert (raised.value.what, raised.value.hint) == (
        f"{server.name} is not set up.",
        f"Run `webduh server setup {server.name}`; whoever deploys must be root or in the group docker.",
    )


@pytest.mark.parametrize(
    ("break_it", "mend", "what"),
    [
        (
            "mv /usr/libexec/docker/cli-plugins/docker-buildx /tmp/away",
            "mv /tmp/away /usr/libexec/docker/cli-plugins/docker-buildx",
            "{name} cannot build: Docker's buildx is not there.",
        ),
        (
            "mv /usr/bin/docker /tmp/away",
            "mv /tmp/away /usr/bin/docker",
            "{name} cannot build: it has no program docker.",
        ),
        (
            "mv /var/run/docker.sock /tmp/away",
            "mv /tmp/away /var/run/docker.sock",
            "Docker on {name} does not answer.",
        ),
    ],
)
def test_what_a_server_lacks_is_said(
    made: ServerBuilder, server: Server, tmp_path: Path, break_it: str, mend: str, what: str
) -> None:
    folder = app(tmp_path / "lacks", "FROM busybox\n")
    server.sh(break_it)
    try:
        with pytest.raises(TargetError) as raised:
            build(made, folder)
    finally:
        server.sh(mend)
    assert raised.value.what == what.format(name=server.name)
    build(made, folder)


def test_docker_that_ends_in_the_middle_is_said(made: ServerBuilder, server: Server, tmp_path: Path) -> None:
    ended: list[object] = []
    thread = begin(made, app(tmp_path / "gone", SLOW), CancelToken(), [], ended)
    server.restart_docker()
    thread.join(30)
    server.sh("pkill -KILL -f 'slee[p] 300' || true")  # a Docker that is restarted forgets the steps it was building
    (error,) = ended
    assert isinstance(error, TargetError)
    assert error.what.startswith(f"Docker on {server.name} ")
    assert left(server) == ""


@pytest.mark.parametrize("files", [{"big": 3_000_000}, {f"{number}": 1 for number in range(300)}])
def test_a_server_without_room_for_the_source_is_said(
    tiny_server: Server, tmp_path: Path, files: dict[str, int]
) -> None:
    set_up(tiny_server)
    folder = app(tmp_path / "large", "FROM busybox\n")
    for name, size in files.items():
        (folder / name).write_bytes(random.randbytes(size))
    with builder(tiny_server, tmp_path / "keys") as made:
        with pytest.raises(TargetError) as raised:
            build(made, folder)
        assert raised.value.what == f"The source could not be brought to {tiny_server.name}."
        assert "No space left on device" in raised.value.why
        for name in files:
            (folder / name).unlink()
        build(made, folder)


def test_a_server_whose_docker_has_no_room_is_said(tiny_server: Server, tmp_path: Path) -> None:
    set_up(tiny_server)
    folder = app(tmp_path / "large", "FROM busybox\nRUN dd if=/dev/zero of=/x bs=1M count=800\n")
    with builder(tiny_server, tmp_path / "keys") as made, pytest.raises((TargetError, BuildError)) as raised:
        build(made, folder)
    assert raised.value.hint.endswith(f"`webduh server prune {tiny_server.name}` frees what no release needs.")


def test_on_the_image_store_of_containerd_an_image_has_the_same_name(tiny_server: Server, tmp_path: Path) -> None:
    set_up(tiny_server)
    folder = app(tmp_path / "store", "FROM busybox\nCOPY Dockerfile /\n")
    with builder(tiny_server, tmp_path / "keys") as made:
        build(made, folder)
        setting = '"features": {"containerd-snapshotter": true}'
        tiny_server.sh(f"sed -i 's/^{{/{{ {setting}, /' /etc/docker/daemon.json")
        tiny_server.restart_docker()
        set_up(tiny_server)
        assert "io.containerd.snapshotter" in tiny_server.exec("docker", "info")
        lines, _ = build(made, folder)
        assert lines[0].startswith("[1/2]")
        again, same = run(made.build(planned(folder), CancelToken()))
    assert said(again) == ["nothing changed since it was built last: that image is used again"]
    name = f"webduh/default--store--production:{same.digest[7:23]}"
    assert tiny_server.exec("docker", "image", "inspect", "--format", "{{.Id}}", name).strip() != same.digest


def test_a_build_says_where_its_time_and_its_bytes_went(made: ServerBuilder, tmp_path: Path) -> None:
    """`explain` is asked on the server itself; what is not built again has sizes alone."""
    folder = app(tmp_path / "app", "FROM busybox\nRUN head -c 100000 /dev/zero > /NEW && sleep 0.3\nCOPY . /app\n")
    plan = planned(folder, OWN, {})
    _, artifact = run(made.build(plan, CancelToken()))
    base, ran, copied = made.explain(plan, artifact)
    made.times.clear()
    again = made.explain(plan, artifact)

    assert (base.name, base.seconds) == ("what it is built on", None)
    assert base.bytes is not None
    assert ran.seconds is not None
    assert base.bytes > 100_000
    assert ran.seconds >= 0.3
    assert ran.bytes is not None
    assert 100_000 <= ran.bytes < 110_000
    assert copied.name == "COPY . /app"
    assert sum(part.bytes or 0 for part in again) == artifact.size
