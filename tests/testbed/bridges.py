"""Bridges and address ranges of this machine that nobody else uses."""

import fcntl
import ipaddress
import re
from pathlib import Path

from program import TestbedError, run


def free_subnet() -> ipaddress.IPv4Network:
    """A /24 that no route of this machine touches."""
    routes = run("ip", "-4", "route", "show", "table", "all")
    known = re.findall(r"^(?:[a-z]+ )?(\d+\.\d+\.\d+\.\d+(?:/\d+)?)", routes, re.MULTILINE)
    taken = [ipaddress.IPv4Network(route, strict=False) for route in known]
    for third in range(256):
        subnet = ipaddress.IPv4Network(f"10.213.{third}.0/24")
        if not any(subnet.overlaps(route) for route in taken):
            return subnet
    raise TestbedError("No /24 of 10.213.0.0/16 is free on this machine.")


def make_bridge(name: str) -> None:
    """A bridge with a range of its own, unless it is there."""
    with Path("/run/webduh-bridges.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _exists(name):
            subnet = free_subnet()
            run("ip", "link", "add", name, "type", "bridge")
            run("ip", "address", "add", f"{subnet[1]}/24", "dev", name)
            run("ip", "link", "set", name, "up")


def remove_bridge(name: str) -> None:
    """Take it away, if it is there."""
    if _exists(name):
        run("ip", "link", "delete", name)


def _exists(name: str) -> bool:
    return Path(f"/sys/class/net/{name}").exists()
