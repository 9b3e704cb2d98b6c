"""How long a deployment takes, and whether a visitor notices."""

import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.house import EXAMPLES, WEBDUH, House
from bench.measuring import ms, row, timed, title

DEPLOYMENTS = 20
RATE = 200


def measure(house: House) -> None:
    """Enter to serving, and requests lost."""
    title("Deploying to the local target")
    site = house.site("site")
    url = house.deploy(site).url
    copied = house.root / "copied"
    raw = timed(lambda: _copy_and_ask(site, copied, url), 9)
    warm = statistics.median(enter_to_serving(house, site, number) for number in range(9))
    row("warm deploy of a static site, from Enter to serving", ms(warm), f"cp -r && curl {ms(raw)}", "2 s (over SSH)")
    for name in ("hello-static", "guestbook-python"):
        shutil.copytree(EXAMPLES / name, house.root / name, ignore=shutil.ignore_patterns("data", "__pycache__"))
        _lost(house, house.root / name)


def _copy_and_ask(site: Path, copied: Path, url: str) -> None:
    shutil.rmtree(copied, ignore_errors=True)
    words = ["sh", "-c", 'cp -r "$1" "$2" && curl -fsS "$3"', "copy", str(site), str(copied), url]
    subprocess.run(words, capture_output=True, check=True)


def enter_to_serving(house: House, site: Path, number: int) -> float:
    """Seconds from the start of the command until it says serving."""
    (site / "index.html").write_text(f"<h1>{number}</h1>")
    began = time.perf_counter()
    argv = [WEBDUH, "deploy", str(site), "--watch", "0", "--drain", "0", "-o", "json"]
    with subprocess.Popen(argv, env=house.env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            if json.loads(line).get("event") == "serving":
                serving = time.perf_counter() - began
        process.stdout.close()
    assert process.returncode == 0
    return serving


def _lost(house: House, folder: Path) -> None:
    """Deploy again and again under load, until there is no more load to deploy under."""
    url = house.deploy(folder).url
    argv = [sys.executable, "-m", "bench.load", url, "25", str(RATE)]
    done = 0
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as load:
        while done < DEPLOYMENTS and load.poll() is None:
            house.deploy(folder, force=True, drain=5.0)
            done += 1
        enough = load.poll() is None
        answer = json.loads(load.communicate()[0])
    what = f"{folder.name}: requests lost in {done} deployments at {RATE}/s"
    whole = "" if enough else " (load ended first)"
    sent = answer["good"] + answer["bad"]
    row(what, f"{answer['bad']} of {sent}{whole}", f"slowest answer {ms(answer['slowest'])}", "0")
    for why, count in answer["why"].items():
        row(f"  {why}", str(count))
