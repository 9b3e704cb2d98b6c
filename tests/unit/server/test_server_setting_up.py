"""What setup would do on a server, by what its survey says; and the folder it makes, in every shell."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from script_machine import ScriptMachine

from webduh_console.errors import TargetError
from webduh_console.model.target import CancelToken
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.layout import Layout
from webduh_console.targets.server.proxy import Wanted
from webduh_console.targets.server.setup import MakeFolder, Options, settled, setup_steps
from webduh_console.targets.server.survey import Found, read
from webduh_console.targets.server.traefik import guard_file, static_file

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ROOT = "/var/lib/webduh"
KEY = "0f" * 32
STEPS = ("docker", "engine", "folder", "network", "traefik", "schedules")
WANTED = Wanted(ROOT, 80, 443, "994", static_file())
READY = {
    "uid": "1000",
    "user": "deploy",
    "home": "/home/deploy",
    "rights": "sudo -n",
    "packages": "apt-get",
    "os.name": "Debian GNU/Linux 13 (trixie)",
    "docker.path": "/usr/bin/docker",
    "docker.client": "Docker version 26.1.5",
    "docker.as": "deploy",
    "docker.server": "26.1.5 1.45",
    "traefik.status": "running",
    "traefik.root": ROOT,
    "traefik.config": WANTED.digest,
    "traefik.version": "3.7.15",
    "traefik.networks": "webduh-0-edge",
    "traefik.key": KEY,
    "traefik.static": hashlib.sha256(static_file().encode()).hexdigest(),
    "edge": "10.210.0.0/24",
    "root.mode": "2770 root docker",
    "root.group": "994",
    "root.mark": "{}",
}
DENIED = "permission denied while trying to connect to the Docker daemon socket"


def found(files: dict[str, str] | None = None, /, **changes: str | None) -> Found:
    """A server that is ready, but for these; None takes away. `_` stands for the dot in a name."""
    said = {**READY, **{name.replace("_", "."): value for name, value in changes.items()}}
    lines = [f"{name}={value}" for name, value in said.items() if value is not None]
    guard = guard_file(KEY).rstrip("\n") if files is None else ""
    listed = {"_webduh.yml": guard} if files is None else files
    listing = "".join(
        f"file {name}\n" + "".join(f": {line}\n" for line in text.split("\n")) for name, text in listed.items()
    )
    return read("\n".join(lines) + f"\nfiles:\n{listing}", NOON, NOON)


def planned(looked: Found, options: Options = Options()) -> dict[str, str]:
    folder = RootFolder(ScriptMachine("prod"), Layout())
    return {step.name: step.describe(looked) for step in setup_steps(folder, options)}


def test_on_a_server_that_is_ready_there_is_nothing_to_do() -> None:
    assert planned(found()) == dict.fromkeys(STEPS, "")


def test_on_a_bare_server_everything_is_to_do() -> None:
    bare = read("uid=0\nuser=root\nrights=root\npackages=apt-get\nos.name=Debian GNU/Linux 13\n", NOON, NOON)
    assert planned(bare) == {
        "docker": "install Docker from Debian GNU/Linux 13: docker.io, docker-cli, docker-buildx",
        "engine": "start Docker now and at every boot",
        "folder": "make /var/lib/webduh, for everyone in the group docker",
        "network": "make the network webduh-0-edge",
        "traefik": "run traefik:v3.7 as webduh-traefik on the ports 80 and 443",
        "schedules": "",
    }


@pytest.mark.parametrize(
    ("step", "changes", "would"),
    [
        ("schedules", {"init": "systemd"}, "have a timer of systemd look at schedules each minute"),
        ("schedules", {"tick_cron": "cron"}, "have cron look at schedules each minute"),
        ("schedules", {"tick_cron": "cron", "rights": "no"}, ""),
        ("docker", {"docker_path": "/snap/bin/docker"}, "refuse the Docker that is there: it is snap's"),
        ("docker", {"docker_server": "20.10.24 1.41"}, "refuse the Docker that is there: 20.10.24 is too old"),
        ("docker", {"docker_error": DENIED}, "refuse the Docker that is there: deploy may not use it"),
        ("docker", {"docker_error": "Cannot connect"}, ""),
        ("engine", {"docker_error": "Cannot connect"}, "start Docker now and at every boot"),
        ("engine", {"docker_error": DENIED}, ""),
        ("folder", {"root_mode": None}, "make /var/lib/webduh"),
        ("folder", {"root_mode": "755 root root"}, "mend /var/lib/webduh"),
        ("folder", {"root_mark": None}, "mend /var/lib/webduh"),
        ("folder", {"traefik_key": None}, "mend /var/lib/webduh"),
        ("network", {"edge": None}, "make the network webduh-0-edge"),
        ("traefik", {"traefik_status": None}, "run traefik:v3.7"),
        ("traefik", {"traefik_version": "3.7.11"}, "replace webduh-traefik"),
        ("traefik", {"traefik_version": None}, "replace webduh-traefik"),
        ("traefik", {"traefik_config": "other"}, "replace webduh-traefik"),
        ("traefik", {"traefik_static": "other"}, "write Traefik's configuration anew"),
        ("traefik", {"traefik_status": "exited"}, "start webduh-traefik, which is exited"),
        ("traefik", {"traefik_networks": "webduh-p-shop"}, "start webduh-traefik, which is running"),
        ("traefik", {"traefik_key": "0e" * 32}, "write the guard of Traefik's API anew"),
        ("traefik", {"traefik_key": None}, "write the guard of Traefik's API anew"),
    ],
)
def test_one_thing_that_is_not_so_is_what_is_to_do(step: str, changes: dict[str, str | None], would: str) -> None:
    said = planned(found(**changes))[step]
    assert said.startswith(would)
    assert bool(said) == bool(would)


def refused(looked: Found, options: Options = Options()) -> dict[str, tuple[str, str, str]]:
    """What the steps refuse that have something to do: what, why, hint."""
    steps = setup_steps(RootFolder(ScriptMachine("prod"), Layout()), options)
    errors = {step.name: step.refusal(looked) for step in steps if step.describe(looked)}
    return {name: (error.what, error.why, error.hint) for name, error in errors.items() if error}


@pytest.mark.parametrize(
    ("changes", "options", "step", "words"),
    [
        (
            {"docker_error": DENIED, "rights": "no"},
            Options(),
            "docker",
            (
                "The Docker on prod cannot be used.",
                "Deploy may not use it.",
                "Add deploy to its group: `sudo usermod -aG docker deploy`.",
            ),
        ),
        (
            {"docker_path": None},
            Options(),
            "docker",
            (
                "prod has no Docker.",
                "It is not installed.",
                "Install it: `webduh server setup prod --install-docker` does it.",
            ),
        ),
        (
            {"docker_path": None, "rights": "no"},
            Options(install_docker=True),
            "docker",
            (
                "Docker cannot be installed on prod.",
                "That needs root.",
                "Connect as root, or allow sudo without a password.",
            ),
        ),
        (
            {"traefik_status": None, "listen": "80 612 nginx"},
            Options(),
            "traefik",
            (
                "Port 80 of prod is taken.",
                "It is held by nginx (process 612).",
                "Stop that, then `webduh server setup prod`: Traefik needs the port.",
            ),
        ),
    ],
)
def test_what_set_up_refuses_is_known_before_anything_is_done(
    changes: dict[str, str | None], options: Options, step: str, words: tuple[str, str, str]
) -> None:
    assert refused(found(**changes), options) == {step: words}


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({}, Options()),
        ({"docker_path": None, "docker_server": None, "traefik_status": None}, Options(install_docker=True)),
        ({"docker_error": "Cannot connect"}, Options()),
        # Docker that is stopped may hold the port for Traefik: that is asked again when it runs.
        (
            {
                "docker_server": None,
                "docker_error": "Cannot connect",
                "traefik_status": None,
                "listen": "80 9 docker-proxy",
            },
            Options(),
        ),
    ],
)
def test_what_set_up_can_do_is_not_refused(changes: dict[str, str | None], options: Options) -> None:
    assert refused(found(**changes), options) == {}


def test_a_guard_that_is_missing_or_changed_is_written_anew() -> None:
    assert planned(found({}))["traefik"] == "write the guard of Traefik's API anew"
    changed = {"_webduh.yml": guard_file(KEY).replace("Path(`/metrics`)", "Path(`/`)")}
    assert planned(found(changed))["traefik"] == "write the guard of Traefik's API anew"


def test_other_ports_are_another_container() -> None:
    would = planned(found(), Options(http=8080, https=8443))["traefik"]
    assert would == "replace webduh-traefik, which is of another version or configuration"


@pytest.mark.parametrize(
    ("changes", "root", "sudo"),
    [
        ({}, ROOT, False),
        ({"traefik_root": None}, ROOT, False),
        ({"traefik_root": "/srv/webduh"}, "/srv/webduh", False),
        ({"traefik_root": None, "rights": "no"}, "/home/deploy/.webduh", False),
        ({"traefik_root": None, "rights": "no", "root_writable": "yes"}, ROOT, False),
        ({"docker_as": "root"}, ROOT, True),
        ({"docker_as": "root", "rights": "root"}, ROOT, False),
        ({"docker_as": None, "docker_path": None}, ROOT, False),
    ],
)
def test_the_records_are_where_traefik_says_or_where_there_is_a_right_to(
    changes: dict[str, str | None], root: str, sudo: bool
) -> None:
    folder = RootFolder(ScriptMachine("prod"), Layout())
    decided = settled(folder, found(**changes))
    assert (decided.layout.root, decided.sudo) == (root, sudo)


def test_the_container_is_made_by_these_words() -> None:
    assert WANTED.create("3.7.15") == (
        *("--network", "webduh-0-edge", "--restart", "unless-stopped"),
        *("--volume", "/var/lib/webduh/traefik:/etc/traefik:ro", "--log-driver", "json-file"),
        *("--security-opt", "no-new-privileges", "--cap-drop", "ALL", "--cap-add", "NET_BIND_SERVICE"),
        *("--group-add", "994", "--publish", "80:80", "--publish", "443:443", "--read-only"),
        *("--log-opt", "max-size=10m", "--log-opt", "max-file=3"),
        *("--label", "webduh=traefik", "--label", "webduh.root=/var/lib/webduh"),
        *("--label", f"webduh.config={WANTED.digest}", "--label", "webduh.traefik=3.7.15", "traefik:v3.7"),
    )


def test_every_difference_is_another_configuration() -> None:
    others = (
        Wanted("/srv", 80, 443, "994", WANTED.static),
        Wanted(ROOT, 81, 443, "994", WANTED.static),
        Wanted(ROOT, 80, 444, "994", WANTED.static),
        Wanted(ROOT, 80, 443, "", WANTED.static),
        Wanted(ROOT, 80, 443, "994", static_file(redirect=True)),
    )
    assert len({WANTED.digest, *(other.digest for other in others)}) == 6


class Bare:
    """A run without an app: setup reads its `cancel` only."""

    cancel = CancelToken()


def test_the_folder_is_made_once_in_every_shell(machine: ScriptMachine, tmp_path: Path) -> None:
    root = tmp_path / "new" / "root folder"
    root.parent.mkdir()
    (step,) = (step for step in setup_steps(RootFolder(machine, Layout(str(root)))) if isinstance(step, MakeFolder))
    assert len(list(step.do(Bare()))) == 1  # type: ignore[arg-type]
    listed = {path.relative_to(root).as_posix(): oct(path.stat().st_mode)[-4:] for path in root.rglob("*")}
    assert listed == {
        "apps": "2770",
        "traefik": "2770",
        "traefik/dynamic": "2770",
        "traefik/certs": "2770",
        "traefik/key": "0660",
        "target.json": "0660",
    }
    key = (root / "traefik" / "key").read_text()
    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")
    mark = json.loads((root / "target.json").read_text())
    assert mark["version"] == 1
    assert datetime.fromisoformat(mark["created"]).tzinfo
    (root / "target.json").unlink()
    root.chmod(0o755)
    (root / "apps" / "kept").mkdir()
    step.look.forget()
    list(step.do(Bare()))  # type: ignore[arg-type]
    assert (root / "traefik" / "key").read_text() == key
    assert oct(root.stat().st_mode)[-4:] == "2770"
    step.look.forget()
    assert [event.text for event in step.do(Bare())] == ["nothing to do"]  # type: ignore[arg-type, attr-defined]
    list(step.undo(Bare()))  # type: ignore[arg-type]
    assert (root / "apps" / "kept").is_dir(), "what holds records is never removed"


def test_a_folder_that_cannot_be_made_says_why(machine: ScriptMachine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = RootFolder(machine, Layout(f"{tmp_path}/file/root"))
    (step,) = (step for step in setup_steps(folder) if isinstance(step, MakeFolder))
    with pytest.raises(TargetError) as caught:
        list(step.do(Bare()))  # type: ignore[arg-type]
    assert caught.value.what == f"{tmp_path}/file/root on here cannot be made."
    assert "Not a directory" in caught.value.why or "File exists" in caught.value.why
