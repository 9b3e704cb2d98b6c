"""Apps of repositories, with hooks, on a real server; and the walls between the apps of two projects."""

import shutil

from git_house import GitHouse
from server_world import ServerWorld, nothing_there

FAST = ("--watch", "0", "--drain", "1")
REACHES = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)
    print("reached")
except OSError as error:
    print("not reached")
"""
ADDRESS = "{{range $name, $net := .NetworkSettings.Networks}}{{$name}} {{$net.IPAddress}} {{end}}"


def test_an_app_of_a_repository_runs_on_a_server_with_its_hooks(world: ServerWorld) -> None:
    app = world.app("store")
    hook = f'echo "$WEBDUH_HOOK $WEBDUH_RELEASE $WEBDUH_URL" >> {world.root}/seen'
    app.configure(hooks={"before-build": "test -f program.py", "after-deploy": hook})
    house = GitHouse(world.root / "git", "store")
    shutil.copytree(app.folder, house.work, dirs_exist_ok=True)
    one = house.commit({})
    world.good("deploy", house.url, *FAST)
    assert app.body() == "1"
    two = house.commit({"version": "2"})
    world.good("deploy", "store", *FAST)
    assert app.body() == "2"
    assert [row["source"]["commit"] for row in world.read("releases", "store")] == [two, one]
    house.commit({"webduh.yaml": (house.work / "webduh.yaml").read_text().replace("test -f program.py", "exit 7")})
    says = ("The hook before-build exited with 7", "What serves was not touched.")
    world.refused(1, "deploy", "store", *FAST, says=says)
    assert app.body() == "2"
    assert (world.root / "seen").read_text().splitlines() == [
        f"after-deploy 1 http://{app.host}",
        f"after-deploy 2 http://{app.host}",
    ]
    world.good("app", "rm", "store", "--yes")
    nothing_there(app)


def test_an_app_reaches_its_own_project_and_no_other(world: ServerWorld) -> None:
    apps = [
        world.app(name, project=project, deploy={"watch": 0, "drain": 0})
        for name, project in (("a", "left"), ("b", "left"), ("c", "right"))
    ]
    for app in apps:
        app.deploy()
    names = [f"{app.key.slug}--web--1" for app in apps]
    words = world.server.sh(f"docker inspect --format '{ADDRESS}' {names[0]}").split()
    networks = dict(zip(words[::2], words[1::2], strict=True))
    port = world.server.sh(f"docker exec {names[0]} printenv PORT").strip()

    assert list(networks) == ["webduh-p-left"]
    reached = {
        name: world.server.sh(
            f'docker exec {name} python3 -c "$1" "$2" "$3"', REACHES, networks["webduh-p-left"], port
        ).strip()
        for name in names
    }
    assert list(reached.values()) == ["reached", "reached", "not reached"]
    by_name = world.server.sh(f'docker exec {names[2]} python3 -c "$1" "$2" "$3"', REACHES, names[0], port)
    assert by_name.strip() == "not reached"
    for app in apps:
        world.good("app", "rm", app.name, "--yes")
