"""What the supervisor carries, and what it takes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import psutil

from bench.house import House
from bench.measuring import mib, row, title
from webduh_console.targets.local.supervisor.client import Supervisor

APPS = Path(__file__).parent / "apps"
SECONDS = 4


def measure(house: House) -> None:
    """Requests a second through the supervisor and past it, and memory."""
    title("Serving on the local target, 8 connections kept")
    site = house.deploy(house.site("site"))
    row("static files, requests a second", f"{_rate(site.url):,.0f}")
    folder = house.root / "fast"
    shutil.copytree(APPS / "fast", folder)
    url = house.deploy(folder).url
    direct, through = _rate(f"http://127.0.0.1:{house.instance('fast').port}/"), _rate(url)
    row("an app, requests a second", f"{through:,.0f}", f"straight to the app {direct:,.0f}")
    info = Supervisor(house.root / "home" / "data" / "local").info()
    assert info
    row("supervisor: memory after that", mib(psutil.Process(info.pid).memory_info().rss))


def _rate(url: str) -> float:
    argv = [sys.executable, "-m", "bench.load", url, str(SECONDS), "0"]
    answer = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
    assert not answer["bad"], answer
    return float(answer["good"] / SECONDS)
