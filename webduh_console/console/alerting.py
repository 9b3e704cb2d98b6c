"""What is wrong with the targets and apps on the board, as words and lines. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from webduh_console.commands.alerts import Alert, lately, of_app, of_server, worst_first
from webduh_console.console.board import Board
from webduh_console.console.widgets.lines import paragraph
from webduh_console.console.words import Piece, visible

if TYPE_CHECKING:
    from webduh_console.commands.api import Row


def app_alerts(row: "Row", now: datetime) -> list[Alert]:
    """What is wrong with an app, beyond its health."""
    return of_app(row.key, row.actual, row.last, now)


def target_alerts(board: Board, name: str, now: datetime, checks: bool = True) -> list[Alert]:
    """What is wrong with a target and with the apps on it, the worst first; without its `checks` if they are shown
    beside. Of one that does not answer only what its apps' deployments say is known.
    """
    apps = [alert for row in board.rows.values() if row.target == name for alert in app_alerts(row, now)]
    return worst_first([*_own(board, name, now, checks), *apps])


def all_alerts(board: Board, now: datetime) -> dict[str, list[Alert]]:
    """The same of every target, by name."""
    found = {name: list(_own(board, name, now)) for name in board.targets}
    for row in board.rows.values():
        if row.target in found:
            found[row.target] += app_alerts(row, now)
    return {name: worst_first(alerts) for name, alerts in found.items()}


def _own(board: Board, name: str, now: datetime, checks: bool = True) -> Sequence[Alert]:
    """What is wrong with a target itself."""
    heard, (facts, at) = board.targets[name], board.checks.get(name, ((), None))
    if heard.row.state not in ("up", "unready"):
        return ()
    unready = heard.why if heard.row.state == "unready" else ""
    return of_server(name, unready, heard.vitals, lately(facts, at, now) if checks else ())


def alert_piece(alerts: Sequence[Alert], target: str) -> Piece:
    """How many there are and the worst in words: `! 2: disk 93 % full`; nothing for none."""
    if not alerts:
        return ("", "text")
    worst = alerts[0]
    about = "" if worst.about == target else f"{worst.about}: "
    number = f"{len(alerts)}: " if len(alerts) > 1 else ""
    return (visible(f"! {number}{about}{worst.says}"), "bad" if worst.grave else "warn")


def alert_lines(alerts: Sequence[Alert], target: str, width: int) -> list[list[Piece]]:
    """All of them, each with what to do below, and an empty line after each."""
    lines: list[list[Piece]] = []
    for alert in alerts:
        sign, role = (" ✗", "bad") if alert.grave else (" !", "warn")
        about = "" if alert.about == target else f"{alert.about}: "
        first, *more = paragraph(f"{about}{alert.says}", width - 3, "bold text")
        lines += [[(f"{sign} ", f"bold {role}"), *first], *([("   ", "text"), *line] for line in more)]
        lines += [[("   ", "text"), *line] for line in paragraph(alert.do, width - 4, "accent", "do")]
        lines.append([])
    return lines
