"""Builds on a server that are cancelled, killed, or begun while another goes on."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import building_place
import pytest
from building_place import ROOT, builder, planned, run, said, set_up
from server import Server
from server_builds import SLOW, TOKEN, app, begin, build, left
from source_tree import written
from waiting import wait_until

from webduh_console.errors import CancelledError
from webduh_console.model.release import Variable
from webduh_console.model.target import CancelToken
from webduh_console.targets.server.builder import ServerBuilder


@pytest.fixture
def made(server: Server, tmp_path: Path) -> Iterator[ServerBuilder]:
    """A builder on a server that is set up, as the user deploy."""
    set_up(server)
    with builder(server, tmp_path / "keys") as one:
        yield one


def sleeping(server: Server) -> str:
    """The processes of SLOW's step, and the clients that wait for it."""
    return server.sh("pgrep -f 'slee[p] 300|webduh[.]slug=' || true")


def test_cancelling_ends_the_build_on_the_server(made: ServerBuilder, server: Server, tmp_path: Path) -> None:
    folder, cancel = app(tmp_path / "slow", SLOW), CancelToken()
    ended: list[object] = []
    thread = begin(made, folder, cancel, [], ended)
    assert sleeping(server)
    cancel.set()
    thread.join(20)
    assert [type(one) for one in ended] == [CancelledError]
    wait_until(lambda: not sleeping(server) and not left(server), "the build ended there")
    app(folder, "FROM busybox\nRUN echo again # NEW\n")
    assert "again" in build(made, folder)[0]


def test_a_killed_client_leaves_no_build_and_no_secret(server: Server, tmp_path: Path) -> None:
    set_up(server)
    folder = app(tmp_path / "killed", SLOW)
    words = [server.name, f"ssh://deploy@{server.host}:{server.ssh}", str(server.key), server.fingerprint]
    words += [str(tmp_path / "keys"), str(folder)]
    paths = [path for path in sys.path if path.endswith(("testbed", "support"))]
    client = subprocess.Popen(
        [sys.executable, building_place.__file__, *words],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": ":".join(paths)},
    )
    assert client.stdout is not None
    while client.stdout.readline().strip() != "begun":
        assert client.poll() is None
    assert left(server)
    client.kill()
    client.wait()
    client.stdout.close()
    wait_until(lambda: not sleeping(server) and not left(server), "the build ended there", limit=30)


def test_two_who_build_at_once_take_turns_and_get_the_same_image(
    made: ServerBuilder, server: Server, tmp_path: Path
) -> None:
    folder = app(tmp_path / "both", "FROM busybox\nRUN echo begun; sleep 3 # NEW\n")
    lines: list[str] = []
    first = begin(made, folder, CancelToken(), lines, [])
    variables = {"TOKEN": Variable(TOKEN, True)}
    with builder(server, tmp_path / "keys2", "root") as other:
        events, artifact = run(other.build(planned(folder, variables=variables), CancelToken()))
    first.join(20)
    assert said(events) == [
        "waiting for another build of this app to end",
        "nothing changed since it was built last: that image is used again",
    ]
    assert artifact.digest[7:23] in server.exec("docker", "images", "--format", "{{.Tag}}", "webduh/*")


def test_root_and_deploy_build_the_same_app_by_turns(made: ServerBuilder, server: Server, tmp_path: Path) -> None:
    folder = app(tmp_path / "turns", "FROM busybox\nCOPY . /all\nRUN ls /all/deep # NEW\n", **{"deep/0": ""})
    with builder(server, tmp_path / "keys2", "root") as other:
        for number, one in enumerate((made, other, made, other)):
            shutil.rmtree(folder / "deep")
            written(folder, {f"deep/{number}": "", f"deep/er{number}/file": str(number)})
            assert {f"{number}", f"er{number}"} <= set(build(one, folder)[0])
    assert server.sh(f"find {ROOT}/apps -type d ! -group docker") == ""
