"""How often a server is asked when somebody wants to know what serves there."""

import time
from collections.abc import Callable
from pathlib import Path

from relay import Relay
from server_world import ServerWorld

from webduh_console.targets.server.target import ServerTarget
from webduh_console.transport.ssh.address import endpoint
from webduh_console.transport.ssh.hostkeys import HostKeys
from webduh_console.transport.ssh.machine import SSHMachine

NEAR, ONE_WAY = 0.1, 1.5
"""Seconds on the line; a line that takes none lets questions that are asked at once share what they need."""


def seconds(ask: Callable[[], object]) -> float:
    """How long something takes."""
    began = time.monotonic()
    ask()
    return time.monotonic() - began


def test_a_look_at_a_server_that_is_known_costs_one_round_trip(world: ServerWorld, tmp_path: Path) -> None:
    world.app("seen").deploy()
    server = world.server
    with Relay(server.host, server.ssh) as line:
        host, port = line.address
        where = endpoint(f"ssh://{server.user}@{host}:{port}", server.key)
        with SSHMachine("far", where, HostKeys(tmp_path / "known_hosts", ())) as machine:
            machine.accept(server.fingerprint)
            target = ServerTarget("far", machine, "")
            looks = {"what serves": target.observe, "that, and how the server is": target.told}
            for name, look in looks.items():
                line.delay = NEAR
                for _ in range(2):  # the first finds out what is asked, the next open the streams and shells for it
                    look()
                line.delay = ONE_WAY
                taken = seconds(look)
                assert 2 * ONE_WAY <= taken < 3.5 * ONE_WAY, f"{name}: {taken:.2f} s"
            target.engine.close()
