"""Targets, their containers and their checks, as table rows and lines. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from webduh_console.commands.alerts import FULL, Alert
from webduh_console.console.alerting import alert_lines, alert_piece
from webduh_console.console.cells import SPARK
from webduh_console.console.widgets.columns import Column
from webduh_console.console.widgets.lines import labelled, paragraph
from webduh_console.console.widgets.table import Cell, TableRow, cell
from webduh_console.console.words import TARGETS, Piece, ago, bar, cores, counted, size, spark, spinner, visible
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact

if TYPE_CHECKING:
    from webduh_console.commands.api import Heard
    from webduh_console.model.inventory import ContainerRow

_NEARLY_FULL = 0.85
_LATE = 10.0
_CONTAINER_STATES = {
    "running": ("●", "good"),
    "restarting": ("◔", "bad"),
    "created": ("◔", "busy"),
    "paused": ("◑", "warn"),
    "removing": ("◑", "busy"),
    "exited": ("○", "faint"),
    "dead": ("✗", "bad"),
}

TARGET_COLUMNS = (
    Column("state", "STATE", least=6, most=13),
    Column("name", "TARGET", least=5, most=18),
    Column("apps", "APPS", "right", least=4, most=5),
    Column("cpu", "CPU", "right", least=4, most=6, rank=1),
    Column("memory", "MEM", "right", least=4, most=6, rank=2),
    Column("disk", "DISK", "right", least=4, most=5, rank=3),
    Column("note", "", least=8, most=60, rank=5, grow=True),
)


def standing(heard: "Heard", answered: datetime | None, now: datetime) -> tuple[str, str, str]:
    """Glyph, word and role of a target; one whose last answer is old is named as late."""
    state = heard.row.state
    if state == "up" and answered is not None and (now - answered).total_seconds() >= _LATE:
        return "◌", "no answer", "warn"
    return TARGETS.get(state, TARGETS["unknown"])


def target_row(heard: "Heard", answered: datetime | None, now: datetime, alerts: Sequence[Alert] = ()) -> TableRow:
    """A target as a row of `TARGET_COLUMNS`; why it does not answer takes the place of its figures, and the worst alert
    that of its version. How many alerts there are is said behind its state.
    """
    row, vitals = heard.row, heard.vitals
    glyph, word, role = standing(heard, answered, now)
    alert = alert_piece(alerts[:1], row.name)
    count = [(f" !{len(alerts)}", alert[1])] if alerts else []
    head = ((*cell(f"{glyph} {word}", role), *count), cell(row.name, "bold text"))
    if row.state not in ("up", "stopped"):
        why = visible(heard.why or row.detail) if row.detail else "not asked yet"
        nothing = (cell(""),) * (len(TARGET_COLUMNS) - 3)
        return TableRow(row.name, (*head, cell(why, "muted" if row.detail else "faint"), *nothing), rest=2)
    shown = row.state == "up"
    note = f"Docker {vitals.docker}" if vitals is not None else row.detail
    figures = (
        cell(str(row.apps), "text"),
        cell(cores(row.cpu) if shown else "–", "text" if shown else "faint"),
        _memory(heard) if shown else cell("–", "faint"),
        _share(vitals.disk.used, vitals.disk.total) if vitals is not None else cell("–", "faint"),
        cell(*alert) if alert[0] else cell(visible(note), "faint"),
    )
    return TableRow(row.name, (*head, *figures))


def _memory(heard: "Heard") -> Cell:
    """What is used: of a server's memory, or else by the apps."""
    if heard.vitals is None:
        return cell(size(heard.row.memory))
    share = heard.vitals.memory
    return cell(size(share.used), fullness(share.used / share.total if share.total else 0.0))


def _share(used: int, total: int) -> Cell:
    part = used / total if total else 0.0
    return cell(f"{part:.0%}", fullness(part))


def fullness(part: float) -> str:
    """The role in which a share that is used, 0 to 1, is drawn."""
    return "bad" if part >= FULL else "warn" if part >= _NEARLY_FULL else "text"


def key_of(slug: str) -> AppKey | None:
    """The app that a container's label names; None for a container that is none of ours."""
    try:
        return AppKey.from_slug(slug)
    except ValueError:
        return None


def container_cells(shown: "ContainerRow") -> tuple[Cell, ...]:
    """A container's state, app, name, CPU, memory, image and status."""
    glyph, role = _CONTAINER_STATES.get(shown.state, ("?", "warn"))
    key = key_of(shown.app)
    ours = key is not None or shown.name.startswith("webduh-")
    name = shown.name.removeprefix(f"{shown.app}--") if key is not None else shown.name
    return (
        cell(f"{glyph} {visible(shown.state)}", role),
        cell(visible(str(key)), "bold text") if key is not None else cell("webduh" if ours else "–", "faint"),
        cell(visible(name), "text" if ours else "muted"),
        cell(cores(shown.cpu) if shown.cpu is not None else "–", "text" if ours else "muted"),
        cell(size(shown.memory) if shown.memory is not None else "–", "text" if ours else "muted"),
        cell(visible(shown.image), "faint"),
        cell(visible(shown.status), "faint"),
    )


def target_facts(
    heard: "Heard", answered: datetime | None, loads: Sequence[float], address: str, now: datetime, width: int
) -> list[list[Piece]]:
    """How a target is: state, address and Docker; then its figures, or why it does not answer."""
    row, vitals = heard.row, heard.vitals
    glyph, word, role = standing(heard, answered, now)
    first: list[Piece] = [(f" {glyph} {word}", f"bold {role}")]
    if address:
        first += [("  at ", "faint"), (visible(address), "accent")]
    if vitals is not None:
        first.append((f"  Docker {visible(vitals.docker)}", "muted"))
    if word == "no answer" and answered is not None:
        first.append((f"  the last one came {ago(answered, now)}", "muted"))
    if row.state in ("unreachable", "unready"):
        return [first, *[[(" ", "text"), *line] for line in paragraph(row.detail, width - 2)]]
    if vitals is None:
        if row.state not in ("up", "stopped"):
            return [first, [(" not asked yet", "faint")]]
        return [
            [*first, (f"  {visible(row.detail)}", "muted")],
            [
                (f" {counted(row.apps, 'app')}", "text"),
                ("   cpu ", "faint"),
                (cores(row.cpu), "text"),
                ("   mem ", "faint"),
                (size(row.memory), "text"),
            ],
        ]
    wide = 12 if width >= 100 else 5
    second: list[Piece] = [(" load ", "faint"), (cores(vitals.load), "text")]
    if width >= 100 and loads:
        known = list(loads)[-SPARK:]
        second += [("  ", "text"), ("·" * (SPARK - len(known)), "line"), (spark(known, len(known), top=0.5), "busy")]
    for label, share in (("mem", vitals.memory), ("disk", vitals.disk)):
        part = share.used / share.total if share.total else 0.0
        filled, rest = bar(part, wide)
        role = fullness(part)
        second += [
            (f"   {label} ", "faint"),
            (filled, role if role != "text" else "busy"),
            (rest, "line"),
            (f" {size(share.used)}", role),
            (f"/{size(share.total)}", "muted"),
        ]
    second += [(f"   {counted(row.apps, 'app')}", "text"), (f"   {vitals.containers} running", "muted")]
    return [first, second]


def check_lines(facts: Sequence[Fact], width: int) -> list[list[Piece]]:
    """A line a fact, with its server where there are several; what is wrong comes first, each with its fix below."""
    several = len({fact.place for fact in facts}) > 1

    def named(fact: Fact) -> str:
        return f"{fact.place}  {fact.name}" if several else fact.name

    name = max((len(named(fact)) for fact in facts), default=0)
    lines: list[list[Piece]] = []
    for fact in sorted(facts, key=lambda fact: fact.ok):
        sign: Piece = (" ✓", "good") if fact.ok else (" ✗", "bold bad")
        role = "text" if fact.ok else "bold text"
        first, *more = paragraph(
            fact.value, width - 3, "muted" if fact.ok else "bad", f" {named(fact).ljust(name)}", role
        )
        lines += [[sign, *first], *([("  ", "text"), *line] for line in more)]
        if not fact.ok and fact.fix:
            pad = " " * (name + 5)
            fix = paragraph(fact.fix, width - len(pad) - 1, "accent", "fix")
            lines += [*([(pad, "text"), *line] for line in fix), []]
    return lines


def needed_lines(
    target: str, alerts: Sequence[Alert], facts: Sequence[Fact] | None, asking: bool, now: datetime, width: int
) -> list[list[Piece]]:
    """Alerts, then the checks (None: not checked yet)."""
    lines = alert_lines(alerts, target, width)
    if facts is not None:
        return lines + check_lines(facts, width)
    if asking:
        return [*lines, [(f" {spinner(now)} ", "busy"), (f"asking {target} …", "muted")]]
    return [*lines, [(" Not checked yet.", "faint")]]


def needed_words(alerts: Sequence[Alert], facts: Sequence[Fact] | None, asking: bool, now: datetime) -> str:
    """In short how many alerts and checks there are; empty before there are any."""
    words = [counted(len(alerts), "alert")] if alerts else []
    if facts is not None:
        wrong = sum(not fact.ok for fact in facts)
        more = f"  ·  {spinner(now)} asking …" if asking else ""
        words.append((f"{wrong} of {len(facts)} to mend" if wrong else "all well") + more)
    return " · ".join(words)


def chosen_lines(
    heard: "Heard", answered: datetime | None, now: datetime, width: int, alerts: Sequence[Alert] = ()
) -> list[list[Piece]]:
    """More of the target under the cursor, and all that is wrong with it."""
    row, vitals = heard.row, heard.vitals
    glyph, word, role = standing(heard, answered, now)
    lines = labelled(
        [
            ("state", [(f"{glyph} {word}", role)]),
            ("kind", [(row.kind, "text")]),
            ("apps", [(str(row.apps) if row.state in ("up", "stopped") else "", "text")]),
            ("answered", [(ago(answered, now) if answered is not None else "not yet", "muted")]),
            ("load", [(cores(vitals.load), "text"), ("  over a minute", "faint")] if vitals else []),
            ("docker", [(visible(vitals.docker), "text")] if vitals else []),
            ("disk", [(visible(row.detail), "muted")] if row.state in ("up", "stopped") else []),
        ],
        indent=1,
    )
    if row.detail and row.state not in ("up", "stopped"):
        lines += [[], *paragraph(row.detail, width - 3, "text", f" {glyph}", role)]
    if alerts:
        lines += [[], *alert_lines(alerts, row.name, width)]
    return lines
