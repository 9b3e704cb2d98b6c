"""How soon commands answer."""

import sys

from bench.house import WEBDUH, House
from bench.measuring import command, ms, row, title

APPS = 100


def measure(house: House) -> None:
    """Start-up and status."""
    title("Starting")
    bare = command([sys.executable, "-c", "pass"], times=25)
    click = command([sys.executable, "-c", "import click"], times=25)
    row("webduh --version", ms(command([WEBDUH, "--version"], house.env, 25)), f"python -c pass {ms(bare)}", "60 ms")
    row("webduh --help", ms(command([WEBDUH, "--help"], house.env)), f"import click {ms(click)}")
    for number in range(APPS):
        house.deploy(house.site(f"app-{number:03}"))
    row(f"webduh status, {APPS} apps serve", ms(command([WEBDUH, "status"], house.env)), "", "250 ms")
    house.context.target("local").stop()  # type: ignore[attr-defined]
    row(f"webduh status, {APPS} apps stopped", ms(command([WEBDUH, "status"], house.env)), "", "250 ms")
