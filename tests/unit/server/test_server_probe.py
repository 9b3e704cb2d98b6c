"""Where an instance on a server listens, read from the kernel's tables, and the words for what is wrong with it."""

from typing import Any

import pytest

from webduh_console.model.release import Health
from webduh_console.targets.probing import Answer
from webduh_console.targets.server import probe
from webduh_console.targets.server.containers import Container
from webduh_console.targets.server.probe import Listener, parse_listeners

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0B00007F:A0B5 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 00000000 100 0 0 10 0
   1: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4243 1 00000000 100 0 0 10 0
   2: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4244 1 00000000 100 0 0 10 0
   3: 020011AC:1F90 010011AC:C350 01 00000000:00000000 00:00000000 00000000  1000        0 4245 1 00000000 20 4 30 10 -1
   4: 020011AC:1F91 010011AC:C351 06 00000000:00000000 03:00001770 00000000     0        0 0 3 00000000
"""
HEAD6 = "  sl  local_address                         remote_address                        st tx_queue rx_queue\n"
ANY6 = "00000000000000000000000000000000"
LOOPBACK6 = "00000000000000000000000001000000"
MAPPED = "0000000000000000FFFF00000100007F"
GLOBAL6 = "B80D0120000000000000000034120000"


def line(address: str, port: int, state: str = "0A") -> str:
    rest = "00000000:00000000 00:00000000 00000000     0        0 1 1 00000000 100 0 0 10 0"
    return f"   0: {address}:{port:04X} {'0' * len(address)}:0000 {state} {rest}\n"


def test_the_listening_sockets_are_read_but_not_dockers_resolver() -> None:
    assert parse_listeners(TCP) == (Listener("0.0.0.0", 8080), Listener("127.0.0.1", 3000))


@pytest.mark.parametrize(
    ("digits", "address", "loopback"),
    [
        ("00000000", "0.0.0.0", False),
        ("0100007F", "127.0.0.1", True),
        ("0101007F", "127.0.1.1", True),
        ("020011AC", "172.17.0.2", False),
        (ANY6, "::", False),
        (LOOPBACK6, "::1", True),
        (MAPPED, "127.0.0.1", True),
        (GLOBAL6, "2001:db8::1234", False),
    ],
)
def test_addresses_of_both_kinds_are_read(digits: str, address: str, loopback: bool) -> None:
    (found,) = parse_listeners(HEAD6 + line(digits, 8080))
    assert (found, found.loopback) == (Listener(address, 8080), loopback)


@pytest.mark.parametrize("text", ["", "nonsense", HEAD6, TCP[:100], line(ANY6, 80, "01"), line("XYZ", 80), "\x00" * 99])
def test_what_is_no_listening_socket_is_passed_over(text: str) -> None:
    assert parse_listeners(text) == ()


V4, V6, INSIDE, INSIDE6 = Listener("0.0.0.0", 1), Listener("::", 1), Listener("127.0.0.1", 1), Listener("::1", 1)


def at(listener: Listener, port: int) -> Listener:
    return Listener(listener.address, port)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([], ""),
        ([at(V4, 8080)], ""),
        ([at(V6, 8080)], ""),
        ([Listener("172.18.0.3", 8080), at(INSIDE, 8080)], ""),
        ([at(V4, 9100), at(V6, 8080)], ""),
        ([at(INSIDE, 8080)], "it listens on 127.0.0.1:8080 only"),
        ([at(INSIDE6, 8080), at(INSIDE, 8080)], "it listens on [::1]:8080 and 127.0.0.1:8080 only"),
        ([at(INSIDE, 3000)], "it listens on 127.0.0.1:3000 only"),
        ([at(INSIDE, 8080), at(INSIDE, 9229)], "it listens on 127.0.0.1:8080 only"),
        ([at(V4, 3000)], "it listens on port 3000, not on 8080"),
        ([at(V4, 3000), at(V6, 3000), at(V6, 5000)], "it listens on port 3000 and 5000, not on 8080"),
        ([at(V4, 9229), at(INSIDE, 8080)], "it listens on 127.0.0.1:8080 only"),
    ],
)
def test_a_wrong_place_is_named(found: list[Listener], words: str) -> None:
    assert probe.misplaced(found, 8080) == words


def test_loopback_is_told_with_the_way_out() -> None:
    error = probe.elsewhere("shop", [at(INSIDE, 8080)], 8080, ["ready"])
    assert error.as_dict() == {
        "name": "unhealthy",
        "what": "shop cannot be reached on port 8080: it listens on 127.0.0.1:8080 only.",
        "why": "Requests come from outside of its container, on port 8080. In there, 127.0.0.1 is the container alone."
        " Its last lines:\nready",
        "kept": "",
        "hint": "Let it listen on 0.0.0.0, which it is given as HOST.",
    }


def test_a_wrong_port_is_told_with_the_way_out() -> None:
    error = probe.elsewhere("shop", [at(V4, 3000)], 8080, [])
    assert (error.what, error.why) == (
        "shop cannot be reached on port 8080: it listens on port 3000, not on 8080.",
        "Requests come from outside of its container, on port 8080.",
    )
    assert error.hint.startswith("Let it read PORT from its environment")
    both = probe.elsewhere("shop", [at(INSIDE, 3000)], 8080, [])
    assert both.hint.startswith("Let it listen on 0.0.0.0, which it is given as HOST. Let it read PORT")


@pytest.mark.parametrize(
    ("changes", "what", "hint"),
    [
        ({"exit": 0}, "shop exited with 0 after 1.5 s.", "Mend that"),
        ({"exit": 3}, "shop exited with 3 after 1.5 s.", "Mend that"),
        ({"exit": 126}, "shop exited with 126 after 1.5 s.", "A command could not be run"),
        ({"exit": 127}, "shop exited with 127 after 1.5 s.", "A command was not found"),
        ({"exit": 137}, "shop exited with 137 after 1.5 s.", "A SIGKILL that nobody sent"),
        ({"exit": 137, "oom": True}, "shop was killed by the system for memory after 1.5 s.", "Give it more memory"),
        (
            {"status": "running", "restarts": 2},
            "shop ended and was started again (2 times) after 1.5 s.",
            "Mend that",
        ),
        (
            {"status": "running", "restarts": 1, "oom": True},
            "shop was killed by the system for memory after 1.5 s.",
            "Give it more memory",
        ),
        ({"status": "paused"}, "shop is paused after 1.5 s.", "Mend that"),
    ],
)
def test_an_end_is_told_with_its_reason(changes: dict[str, Any], what: str, hint: str) -> None:
    container = Container(**{"id": "1", "name": "shop", "status": "exited", **changes})
    error = probe.ended(container, "shop", 1.5, ["one", "two"])
    assert (error.what, error.why) == (what, "Its last lines:\none\ntwo")
    assert error.hint.startswith(hint)


def test_an_instance_that_is_gone_is_told_so() -> None:
    error = probe.ended(None, "shop", 2, [])
    assert (error.what, error.why) == (
        "shop is gone: Docker does not know it any more after 2.0 s.",
        "It wrote nothing.",
    )


def test_one_that_never_answered_is_told_with_what_was_wanted() -> None:
    error = probe.never("shop", Health("/up", (200, 299), 30), Answer(503), ["boot"])
    assert error.what == "shop did not become healthy within 30 s: it answered 503."
    assert error.why == "Wanted was 200-299 on /up, twice in a row. Its last lines:\nboot"
