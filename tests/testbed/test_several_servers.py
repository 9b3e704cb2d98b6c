"""Three servers as one target: everywhere or nowhere, and whatever befalls one of them is named."""

import asyncio
import json
import time
from collections.abc import Iterator

import pytest
from command_line import last_json
from fleet_world import NAMES, FleetApp, FleetWorld, rented_fleet, spread_load
from program import until
from server import Server
from server_world import ServedApp, ServerWorld, nothing_there
from test_server_no_request_lost import command

FAST = ("--watch", "0", "--drain", "1")
DEPLOYMENTS = 7
"""Under load; half as many rollbacks among them."""
BREAKABLE = "[ ! -e data/broken ] || { echo no data >&2; exit 3; }; exec python3 program.py"
SMALL_DISK = """
cp -a /var/lib/webduh /root/kept && mount -t tmpfs -o size=8m tmpfs /var/lib/webduh
cp -a /root/kept/. /var/lib/webduh/
"""
BAD_ROUTE = "/var/lib/webduh/traefik/dynamic/zz--bad--production.yml"


@pytest.fixture(scope="module")
def world(servers: list[Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetWorld]:
    """A user with a target of three servers that are set up."""
    with rented_fleet(servers, tmp_path_factory.mktemp("user")) as world:
        yield world


@pytest.fixture(scope="module")
def shop(world: FleetWorld) -> FleetApp:
    """An app that serves everywhere; with the file `broken` in its volume it ends at once."""
    app = world.app("till", start=BREAKABLE, volumes={"data": "data"}, files={"version": "/etc/version"})
    app.deploy(*FAST)
    return app


def served(app: FleetApp) -> tuple[int, str]:
    """The release and the version that serve everywhere now."""
    (version,) = set(app.bodies())
    return app.settled(attempted=True), version


def answers(app: ServedApp) -> bool:
    """Whether it answers well; while Docker starts it does not."""
    try:
        return app.world.get(app.host)[0] == 200
    except OSError:
        return False


def test_three_servers_are_one_target_in_every_command(world: FleetWorld) -> None:
    assert world.good("server", "exec", "shop", "--", "uname", "-s").splitlines() == [f"{n}: Linux" for n in NAMES]
    failed = world.run("server", "exec", "shop", "-o", "json", "--", "sh", "-c", f"[ $(uname -n) = {world['a'].name} ]")
    assert failed.returncode == 1
    assert [(row["server"], row["code"]) for row in json.loads(failed.stdout)] == [("a", 0), ("b", 1), ("c", 1)]
    facts = world.read("server", "check", "shop")
    assert {fact["place"] for fact in facts} == set(NAMES)
    assert "Nothing to do: shop is ready." in world.good("server", "setup", "shop")
    assert world.read("target", "show", "shop") == {
        "target": "shop",
        "kind": "servers",
        "address": "",
        "servers": list(NAMES),
        "part_of": [],
        "registry": "",
        "registry_user": "",
    }
    assert world.read("target", "show", "a")["part_of"] == ["shop"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("target", "rm", "b", "-y"), "b is one of the servers of shop."),
        (("target", "add", "all", "--server", "shop"), "shop is several servers."),
        (("target", "add", "all", "--server", "nobody"), "There is no target nobody."),
        (("target", "add", "all", "--server", "local"), "local is no server."),
        (("target", "add", "all"), "It is not said what all is."),
        (("target", "add", "all", "ssh://a@b", "--server", "a"), "all cannot be an address and several servers."),
        (("target", "add", "shop", "--server", "a"), "It stands for a, b, c."),
        (("target", "add", "a", "--server", "b"), "There is a target a already."),
        (("server", "shell", "shop"), "Name one of them: a, b, c."),
        (("deploy", ".", "--on", "a", "--quorum", "1"), "--quorum is for a target of several servers"),
        (("deploy", ".", "--on", "shop", "--quorum", "4"), "--quorum 4 is more than shop has: 3 servers."),
    ],
)
def test_words_that_make_no_sense_for_several_servers_are_refused(
    world: FleetWorld, shop: FleetApp, words: tuple[str, ...], says: str
) -> None:
    chosen = [str(shop.at_first.folder) if word == "." else word for word in words]
    world.refused(2, *chosen, says=(says,))


def test_an_image_is_built_once_and_serves_everywhere_until_the_app_is_removed(world: FleetWorld) -> None:
    app = world.app("whole", processes={"worker": "sleep 1000", "release": "touch data/ran"}, volumes={"data": "data"})
    events = [json.loads(line) for line in app.deploy("--watch", "0.2", "-o", "json").splitlines()]
    finished = [(e["step"], e["place"]) for e in events if e.get("event") == "step-finished" and e["outcome"] == "done"]
    assert [place for step, place in finished if step == "build"] == ["shop"]
    assert [place for step, place in finished if step == "release"] == ["a"]
    assert [place for step, place in finished if step == "canary"] == ["a"]
    assert max(finished.index(("healthy", n)) for n in NAMES) < min(finished.index(("route", n)) for n in NAMES)
    assert max(finished.index(("route", n)) for n in NAMES) < min(finished.index(("start-worker", n)) for n in NAMES)
    assert [bool(world[n].sh('ls "$1"', app.volume(n, "data"))) for n in NAMES] == [True, False, False]
    (image,) = {name for a in app.everywhere for name in a.world.standing().names("image") if "whole" in name}
    app.at_first.next_version()
    app.deploy(*FAST)
    assert app.bodies() == ["2", "2", "2"]
    world.good("rollback", "whole", *FAST)
    assert (app.bodies(), app.settled()) == (["1", "1", "1"], 3)
    assert all(image in a.world.standing().names("image") for a in app.everywhere)
    row = world.row("whole")
    assert (row["target"], row["state"], row["release"], row["behind"]) == ("shop", "serving", 3, [])
    assert sorted(i["place"] for i in world.read("top", "whole")) == sorted(NAMES * 2)
    logged = world.good("logs", "whole", "--process", "web", "--release", "3", "-o", "json").splitlines()
    lines = [json.loads(line) for line in logged]
    assert {line["place"] for line in lines} == set(NAMES)
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    uname = world.good("run", "whole", "--server", "b", "--", "python3", "-c", "print('here')")
    assert uname.strip() == "here"
    world.good("app", "rm", "whole", "--volumes", "-y")
    for at in app.everywhere:
        nothing_there(at)


def test_a_frozen_server_is_named_and_nothing_is_changed(world: FleetWorld, shop: FleetApp) -> None:
    before = served(shop)
    shop.at_first.next_version()
    world["b"].pause()
    try:
        says = ("b: The server b", "said nothing within", "Nothing was changed.", "`--quorum 2` deploys to the others.")
        shop.refused(1, *FAST, says=says)
    finally:
        world["b"].unpause()
    assert served(shop) == before


def test_a_server_that_is_down_is_behind_with_a_quorum_and_catches_up(world: FleetWorld, shop: FleetApp) -> None:
    number, version = served(shop)
    newer = shop.at_first.next_version()
    world["c"].kill()
    try:
        shop.refused(1, "--quorum", "3", *FAST, says=("2 of 3 can take part, and 3 are wanted.",))
        assert "c is left out, and behind from now on" in shop.deploy("--quorum", "2", *FAST)
        row = world.row("till")
        assert (row["state"], row["release"]) == ("degraded", number + 1)
        assert "c does not answer: The server c" in str(row["reason"])
        world.refused(1, "deploy", "till", "--behind", says=("No server of shop that answers is behind.",))
    finally:
        world["c"].start()
    until(lambda: answers(shop.everywhere[2]), "c does not serve again")
    assert shop.bodies() == [newer, newer, version]
    row = world.row("till")
    assert (row["state"], row["behind"]) == ("degraded", ["c"])
    says = f"c is behind: release {number} serves there, and release {number + 1} elsewhere."
    assert says in world.good("plan", "till")
    planned = world.read("deploy", "till", "--behind", "--dry-run")
    assert [(change["name"], change["before"]) for change in planned["changes"]] == [("c", f"release {number}")]
    told = world.good("deploy", "till", "--behind", *FAST)
    assert "release " + str(number + 1) in told
    assert "start     a" not in told
    assert served(shop) == (number + 1, newer)
    assert world.row("till")["state"] == "serving"
    assert "No server of shop is behind" in world.good("deploy", "till", "--behind")


def test_a_server_whose_disk_is_full_takes_no_part(world: FleetWorld, shop: FleetApp) -> None:
    before = served(shop)
    newer = shop.at_first.next_version()
    world["c"].sh(SMALL_DISK)
    try:
        shop.refused(1, *FAST, says=("c: disk: ", "Nothing was changed."))
        assert "c is left out, and behind from now on: disk: " in shop.deploy("--quorum", "2", *FAST)
    finally:
        world["c"].sh("umount /var/lib/webduh; rm -rf /root/kept")
    assert shop.bodies("c") == [before[1]]
    assert shop.settled("ab") == before[0] + 1
    shop.deploy("--force", *FAST)
    assert served(shop) == (before[0] + 2, newer)


@pytest.mark.parametrize("words", [("--on", "shop"), ("till",)])
def test_what_was_changed_by_hand_on_one_server_is_found_by_the_targets_or_the_apps_name(
    words: tuple[str, ...], world: FleetWorld, shop: FleetApp
) -> None:
    name = f"{shop.at_first.key.slug}--web--{shop.settled(attempted=True)}"
    assert world.read("drift", *words) == []
    world["b"].sh('docker stop "$1"', name)
    try:
        found = world.run("drift", *words, "-o", "json")
        assert found.returncode == 3
        assert [(row["place"], row["app"], row["name"]) for row in json.loads(found.stdout)] == [("b", "till", name)]
    finally:
        world["b"].sh('docker start "$1"', name)
        until(lambda: answers(shop.everywhere[1]), "it answers again")


def test_who_did_what_is_told_of_every_server_of_a_target(world: FleetWorld, shop: FleetApp) -> None:
    acts = world.read("audit", "till", "--on", "shop")
    assert {act["target"] for act in acts if act["act"] == "deploy"} >= set(NAMES)
    assert {act["app"] for act in acts} == {"till"}


def test_one_unhealthy_server_keeps_all_as_they_were_whatever_the_quorum(world: FleetWorld, shop: FleetApp) -> None:
    before = served(shop)
    shop.at_first.next_version()
    broken = f"{shop.volume('b', 'data')}/broken"
    world["b"].sh('touch "$1"', broken)
    try:
        for words in ((), ("--quorum", "2")):
            said = shop.refused(1, *FAST, *words, says=("exited with 3", "no data", "taken back"))
            assert "route" not in said
    finally:
        world["b"].sh('rm "$1"', broken)
    assert served(shop) == before


def test_a_switch_that_fails_on_one_server_is_taken_back_on_the_others(world: FleetWorld, shop: FleetApp) -> None:
    before = served(shop)
    shop.at_first.next_version()
    world["c"].sh('printf "http: [" > "$1"', BAD_ROUTE)
    try:
        said = shop.refused(1, *FAST, "--quorum", "2", says=("✗ route     c", "↩ route     a", "taken back"))
        assert "● serving" not in said
    finally:
        world["c"].sh('rm "$1"', BAD_ROUTE)
    assert served(shop) == before


def test_of_two_who_deploy_at_once_one_is_told_who_holds_it(world: FleetWorld, shop: FleetApp) -> None:
    shop.at_first.next_version()
    first = world.start("deploy", str(shop.at_first.folder), "--watch", "3", "--drain", "0")
    lease = f"{shop.at_first.kept}/lease.json"
    until(lambda: "token" in world["c"].sh('grep -o \'"token":"[^"]\' "$1" || :', lease), "nobody holds the lease")
    shop.refused(4, "--force", *FAST, says=("is being changed by", "Nothing was changed."))
    said, wrong = first.communicate(timeout=60)
    assert first.returncode == 0, said + wrong
    served(shop)


@pytest.mark.serial
@pytest.mark.timeout(300, func_only=True)
async def test_deployments_and_rollbacks_on_three_servers_lose_no_request(
    world: FleetWorld, shop: FleetApp, capsys: pytest.CaptureFixture[str]
) -> None:
    load, began = spread_load(shop), time.monotonic()
    client = ServerWorld(world.root, server=world["a"])

    async def changed() -> None:
        try:
            for number in range(DEPLOYMENTS):
                shop.at_first.next_version()
                await command(client, "deploy", str(shop.at_first.folder), "--watch", "0.2", "--drain", "5")
                if number % 2:
                    await command(client, "rollback", shop.name, "--watch", "0", "--drain", "5")
        finally:
            load.ended = True

    await asyncio.gather(changed(), *load.visitors())
    seconds = time.monotonic() - began
    short = load.counts["fresh"] + load.counts["kept alive"]
    rate = f"{short / seconds:.0f} short requests a second, {len(load.failures)} failed"
    with capsys.disabled():
        print(f"\n{DEPLOYMENTS} deployments, {DEPLOYMENTS // 2} rollbacks on 3 servers in {seconds:.0f} s: {rate}")
    assert load.failures == []
    assert short / seconds >= 200
    served(shop)


def test_an_app_that_must_not_overlap_is_stopped_on_one_server_after_the_other(world: FleetWorld) -> None:
    """The others answer meanwhile; where it fails on the first, no other is touched."""
    app = world.app("alone", deploy={"overlap": False, "watch": 0, "drain": 1}, files={"version": "/etc/version"})
    app.deploy()
    version = app.at_first.next_version()
    ended = last_json(app.deploy("-o", "json", "--batch", "1"))
    steps = [(step["name"], step["place"]) for step in ended["steps"] if step["name"] in ("stop", "route")]
    assert steps == [(name, place) for place in NAMES for name in ("stop", "route")]
    assert app.bodies() == [version] * 3
    assert 0 < ended["downtime"] < ended["seconds"]
    app.at_first.next_version()
    app.at_first.write(mode="exits")
    failed = world.run("deploy", "alone", "-o", "json")
    stopped = [s["place"] for s in last_json(failed.stdout)["steps"] if (s["name"], s["outcome"]) == ("stop", "done")]
    assert (failed.returncode, stopped, app.bodies()) == (1, ["a"], [version] * 3)
    app.settled(attempted=True)


def test_removing_what_was_only_ever_taken_back_leaves_nothing_on_any(world: FleetWorld) -> None:
    app = world.app("stillborn", start="exit 3")
    world.refused(1, "deploy", str(app.at_first.folder), *FAST, says=("exited with 3", "nothing serves"))
    world.good("app", "rm", app.name, "--yes", "--volumes")
    for view in app.everywhere:
        nothing_there(view)
