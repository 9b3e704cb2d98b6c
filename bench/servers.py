"""How long a deployment to a server takes, beside the same done by hand; what it sends, what it keeps in memory."""

import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from bench import beside
from bench.deploying import enter_to_serving
from bench.house import EXAMPLES, WEBDUH, House
from bench.measuring import command, mib, ms, row, timed, title

TESTBED = Path(__file__).parent.parent / "tests" / "testbed"
NAMES = ("debootstrap", "dockerd", "ssh", "iptables")
# Words: a name. The source comes on standard input. What a person would type: build, start, wait until it answers.
RAW = """
set -e
docker buildx build --quiet --tag raw - >/dev/null 2>&1
docker rm --force raw >/dev/null 2>&1 || true
docker run --detach --init --name raw raw >/dev/null
address=$(docker inspect --format '{{.NetworkSettings.IPAddress}}' raw)
until curl -fsS "http://$address:8080/" >/dev/null 2>&1; do sleep 0.02; done
"""


def measure(house: House) -> None:
    """Enter to serving over SSH; bytes; memory. Says so where no server can be raised."""
    title("Deploying to a server over SSH")
    if os.geteuid() or any(shutil.which(name) is None for name in NAMES):
        row("not measured: servers need root and " + ", ".join(NAMES), "")
        return
    sys.path.insert(0, str(TESTBED))
    from lifetime import one_of, used
    from servers import Testbed

    with used(Testbed()) as servers, one_of(servers) as server:
        server.reset()
        address = f"ssh://{server.user}@{server.host}:{server.ssh}"
        house.asked("target", "add", "bench", address, "--identity", str(server.key), "--accept-host-key", "new")
        _call(house, "server", "setup", "bench", "--yes")
        _measure(house, [f"-p{server.ssh}", "-i", str(server.key), f"{server.user}@{server.host}"])


def _measure(house: House, reach: list[str]) -> None:
    site = house.root / "site"
    again = ("deploy", str(site), "--force", "--watch", "0", "--drain", "0")
    shutil.copytree(EXAMPLES / "hello-static", site)
    _call(house, "deploy", str(site), "--on", "bench", "--domain", "site.example.com", "--watch", "0", "--drain", "0")
    raw = timed(lambda: _by_hand(house, site, reach), 7)
    warm = statistics.median(enter_to_serving(house, site, number) for number in range(7))
    row("warm deploy of a static site, from Enter to serving", ms(warm), f"tar | ssh build && run {ms(raw)}", "2 s")
    row("status, one server, cold", ms(command([WEBDUH, "status"], house.env, 7)), "", "")
    sent = [
        event["text"]
        for event in house.asked("deploy", str(site), "--force")
        if "over the wire" in event.get("text", "")
    ]
    row("a second deploy without a change sends", sent[0].split("(")[-1].rstrip(")") if sent else "nothing", "", "")
    row("memory of a deploying command, at its largest", mib(largest(house, *again)), "", "")
    beside.measure(house, reach)


def _by_hand(house: House, site: Path, reach: list[str]) -> None:
    """The same image, built and run by a person's own commands."""
    dockerfile = house.root / "Dockerfile"
    if not dockerfile.exists():
        (shown,) = house.asked("build", str(site), "--show")
        dockerfile.write_text(shown["dockerfile"])
    ssh = ["ssh", "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR", *reach]
    script = 'tar -C "$1" -c . -C "$2" Dockerfile | "${@:4}" "$3"'
    words = ["bash", "-o", "pipefail", "-c", script, "raw", str(site), str(house.root), RAW, *ssh]
    subprocess.run(words, capture_output=True, check=True)


def largest(house: House, *words: str) -> float:
    """The largest resident memory of a command, in bytes."""
    measured = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
    measured += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    argv = [sys.executable, "-c", measured, WEBDUH, *words]
    done = subprocess.run(argv, env=house.env, capture_output=True, text=True, check=True)
    return int(done.stdout) * 1024.0


def _call(house: House, *words: str) -> None:
    subprocess.run([WEBDUH, *words], env=house.env, capture_output=True, check=True)
