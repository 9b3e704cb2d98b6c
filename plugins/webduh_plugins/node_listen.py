"""Where the servers in a program of JavaScript listen: port and host, as far as the text says them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Hosts that nobody outside a container reaches."""

_CALL = re.compile(
    r"(?P<listen>\.listen\()(?!\s*(?:[)(]|[\"'`](?!\d)|async\b|function\b))|(?<![\w.])(?P<serve>serve\()|\bBun\.serve\("
    r"|\b[Hh]api\.[sS]erver\(|\bWebSocket(?:\.)?Server\(|\bstartStandaloneServer\("
)
_EXPORTED = re.compile(r"\bexport\s+default\s*\{|\bmodule\.exports\s*=\s*\{")
_WORD = r"(\d[\d_]{1,5}|[A-Za-z_$][\w$]*)"
_FIRST = re.compile(rf"\s*[\"'`]?{_WORD}[\"'`]?\s*(?:,|$)")
_GOT = re.compile(r"\s*\w+\.get\(\s*[\"']port[\"']\s*\)")
_FIRST_NAME = re.compile(r"\s*[A-Za-z_$][\w$]*\s*(?:,|$)")
_HOST_AFTER = re.compile(r"\s*[^,{]+,\s*(?:[\"'`]([^\"'`]*)[\"'`]|([A-Za-z_$][\w$]*))")
_PORT = re.compile(rf"(?<![\w.])[\"']?port[\"']?\s*:\s*{_WORD}(?![\w.(])|[{{,]\s*(port)\s*(?=[,}}])")
_HOST = re.compile(
    r"(?<![\w.])[\"']?host(?:name)?[\"']?\s*:\s*(?:[\"'`]([^\"'`]*)[\"'`]|([A-Za-z_$][\w$]*(?![\w.(]))|)"
    r"|[{,]\s*(host(?:name)?)\s*(?=[,}])"
)
_FETCHES = re.compile(r"(?<![\w.])(?:async\s+)?fetch\b")
_OF_NODE = re.compile(r"[\"']@hono/node-server[\"']")
_OF_APOLLO = re.compile(r"\bstartStandaloneServer\(")
_OF_FASTIFY = re.compile(r"[\"'](?:fastify|@nestjs/platform-fastify)[\"']")
_LONGEST = 4000
"""How many characters of a call are looked at."""


class Listened(NamedTuple):
    """A server: its port (0: not told as a number) and host (empty: not told as a text); `called`: it starts itself."""

    port: int = 0
    host: str = ""
    called: bool = True


def listened(text: str) -> Iterator[Listened]:
    """The servers that a program starts, or gives to what starts it."""
    of_node, of_fastify = _OF_NODE.search(text) is not None, _OF_FASTIFY.search(text) is not None
    for call in _CALL.finditer(text):
        inside = _shallow(text, call.end())
        told = re.search(r"\bport\b", inside, re.IGNORECASE) is not None
        if call["serve"] and not told and not of_node and not _FETCHES.search(inside):
            continue  # some other library's, or one that reads PORT
        port = _port(inside, text, first=bool(call["listen"]))
        if not told and call["serve"] and of_node:
            port = 3000
        elif not told and _OF_APOLLO.match(call[0]):
            port = 4000
        host = _host(inside, text, second=bool(call["listen"]))
        if host is None and call["listen"] and of_fastify and not _FIRST_NAME.match(inside):
            host = "localhost"
        yield Listened(port, host or "")
    for exported in _EXPORTED.finditer(text):
        inside = f"{{{_shallow(text, exported.end())}}}"
        if _FETCHES.search(inside):
            yield Listened(_port(inside, text), _host(inside, text) or "", called=False)


def called_ports(text: str, call: re.Pattern[str]) -> Iterator[int]:
    """The ports that calls are given: `call` is what they begin with, up to the open bracket."""
    for found in call.finditer(text):
        if port := _port(_shallow(text, found.end()), text):
            yield port


def _shallow(text: str, start: int) -> str:
    """What is behind an open bracket up to its other half, without what more than two more levels of brackets hold.

    Brackets in texts and comments count like others: one without its half makes the answer longer or shorter.
    """
    depth, kept = 0, []
    for letter in text[start : start + _LONGEST]:
        if letter in ")}]":
            if depth == 0:
                break
            depth -= 1
        if depth < 3:
            kept.append(letter)
        if letter in "({[":
            depth += 1
    return "".join(kept)


def _port(inside: str, text: str, *, first: bool = False) -> int:
    if first and (word := _FIRST.match(inside)):
        return _number(word[1], text)
    if first and _GOT.match(inside):
        told = re.search(r"\.set\(\s*[\"']port[\"']\s*,\s*(\d{2,5})\b", text)
        return _number(told[1], text) if told else 0
    found = _PORT.search(inside)
    return _number(found[1] or found[2], text) if found else 0


def _host(inside: str, text: str, *, second: bool = False) -> str | None:
    """The host that is told; empty if it is worked out, None if there is none."""
    found = _HOST.search(inside)
    if found:
        return found[1] if found[1] is not None else _text(found[2] or found[3] or "", text)
    after = _HOST_AFTER.match(inside) if second else None
    if after is None:
        return None
    return after[1] if after[1] is not None else _text(after[2], text)


def _number(word: str, text: str) -> int:
    """The port that a number or the constant of that name stands for; 0 if that is none."""
    if not word[0].isdecimal():
        constant = re.search(rf"\b(?:const|let|var)\s+{re.escape(word)}\s*(?::\s*\w+\s*)?=\s*(\d[\d_]{{1,5}})\b", text)
        word = constant[1] if constant else "0"
    number = int(word.replace("_", ""))
    return number if 9 < number < 65536 else 0


def _text(name: str, text: str) -> str:
    """The text that the constant of a name stands for; empty if it is worked out."""
    found = re.search(
        rf"\b(?:const|let|var)\s+{re.escape(name)}\s*(?::\s*\w+\s*)?=\s*[\"'`]([^\"'`]*)[\"'`]\s*(?:[;\n,]|$)", text
    )
    return found[1] if found else ""
