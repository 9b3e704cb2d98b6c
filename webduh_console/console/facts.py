"""Apps, targets and releases in words: what the tables have no room for. Pure."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

import msgspec

from webduh_console.console.alerting import alert_lines, app_alerts
from webduh_console.console.board import cpu, memory, started
from webduh_console.console.cells import INSTANCE_STATES, environment_role
from webduh_console.console.ink import fitted, width_of
from webduh_console.console.widgets.lines import labelled, paragraph
from webduh_console.console.words import (
    OUTCOMES,
    Piece,
    ago,
    cores,
    counted,
    failed_run,
    fit,
    health,
    moment,
    size,
    span,
    spinner,
    visible,
    what_happened,
)
from webduh_console.model.names import AppKey
from webduh_console.model.release import Deployment, Release

if TYPE_CHECKING:
    from webduh_console.commands.api import Row


def app_facts(key: AppKey, row: "Row | None", deploying: bool, now: datetime, width: int) -> list[list[Piece]]:
    """How an app is, in two lines: state, release, address; then its figures, what waits, what changed last.

    What does not fit into `width` is left out, from the end.
    """
    if row is None:
        return [[(" ? nothing is known of it", "warn")], [], []]
    actual = row.actual
    glyph, word, role = health(actual) if not deploying else (spinner(now), "deploying", "busy")
    number = f"  v{actual.release.number}" if actual.release is not None else ""
    first: list[Piece] = [
        (f" {glyph} {word}", f"bold {role}"),
        (number, "bold text"),
        (f"  {actual.url}" if actual.url else "", "accent"),
        ("  on ", "faint"),
        (row.target, "text"),
        ("  as ", "faint"),
        (key.environment, f"bold {environment_role(key.environment)}"),
        (f"  {visible(actual.reason)}" if actual.reason else "", role),
    ]
    began = started(actual)
    up = span((now - began).total_seconds()) if began is not None else "–"
    groups: list[list[Piece]] = [
        [(" up ", "faint"), (up, "text")],
        [("   cpu ", "faint"), (cores(cpu(actual)), "text")],
        [("   mem ", "faint"), (size(memory(actual)), "text")],
    ]
    if row.pending:
        groups.append([(f"   ! {counted(row.pending, 'variable')} to deploy", "warn")])
    wrong = [alert for alert in app_alerts(row, now) if alert.name != "deployment"]  # which is the last change
    groups += [[(f"   ! {alert.says}", "bad" if alert.grave else "warn")] for alert in wrong]
    groups += [[(f"   ! {failed_run(run, now)}", "warn")] for run in actual.failing]
    if row.last is not None:
        sign, _, tone = OUTCOMES[row.last.outcome]
        groups.append([(f"   {sign} ", tone), (what_happened(row.last), "muted")])
        groups.append([(f" · {ago(row.last.started, now)}", "faint")])
    return [fitted(first, max(8, width)), fitting(groups, width), []]


def fitting(groups: Sequence[Sequence[Piece]], width: int) -> list[Piece]:
    """The first groups that fit into a width together; none is cut, and the first is always there."""
    kept: list[Piece] = list(groups[0]) if groups else []
    for group in groups[1:]:
        if width_of(kept) + width_of(group) > width:
            break
        kept += group
    return kept


def detail_lines(
    row: "Row",
    now: datetime,
    width: int,
    failed: Deployment | None = None,
    loads: Sequence[float] = (),
    instances: bool = True,
) -> list[list[Piece]]:
    """What the table has no room for: why it is not well, where it came from, its instances, its load, what failed."""
    actual = row.actual
    lines: list[list[Piece]] = []
    if actual.reason:
        glyph, _, role = health(actual)
        lines += [*paragraph(actual.reason, width - 2, "text", f" {glyph}", role), []]
    alerts = [msgspec.structs.replace(alert, about="") for alert in app_alerts(row, now)]  # the app is named above
    lines += alert_lines(alerts, "", width - 1)
    lines += [[(f" ! {failed_run(run, now)}", "warn")] for run in actual.failing]
    lines += labelled(_origin(row, now), indent=1)
    if actual.instances and instances:
        lines += [[], *_instance_lines(row, now)]
    if loads:
        lines += [[], [(" cpu", "faint"), (f"   last {span(len(loads) * 2)}, in cores", "faint")]]
        lines += load_lines(loads, width)
    if failed is not None and failed.error:
        sign, word, role = OUTCOMES[failed.outcome]
        lines += [[], [(f" {sign} {word}", f"bold {role}"), (f"  {ago(failed.started, now)}", "faint")]]
        for label, text, tone in (("", "what", "text"), ("why", "why", "muted"), ("next", "hint", "accent")):
            if failed.error.get(text):
                says = failed.error[text].replace(f"{row.key.slug}--", "")
                lines += [[("   ", "text"), *line] for line in paragraph(says, width - 5, tone, label)[:6]]
    return lines


def _origin(row: "Row", now: datetime) -> list[tuple[str, Sequence[Piece]]]:
    """Where what serves came from, as labelled pieces; what is not known is left out."""
    pairs: list[tuple[str, Sequence[Piece]]] = [
        ("address", [(row.actual.url, "accent")]),
        ("target", [(row.target, "text")]),
    ]
    release = row.actual.release
    if release is not None:
        source, digest = release.source, release.artifact.digest.removeprefix("sha256:")
        commit = f"{source.commit[:8]}{' with changes' if source.dirty else ''}" if source.commit else ""
        pairs += [
            ("release", [(f"v{release.number}", "bold text"), (f"  {ago(release.created, now)}", "muted")]),
            ("made by", [(release.by, "muted")]),
            ("commit", [(commit, "accent"), (f"  {source.branch}" if commit else "", "muted")]),
            ("framework", [(release.spec.framework, "text")]),
            ("artifact", [(f"{digest[:12]}  {size(release.artifact.size)}", "muted")]),
        ]
    return [
        *pairs,
        ("folder", [(visible(row.folder), "muted")]),
        ("variables", [(f"{row.pending} to deploy" if row.pending else "", "warn")]),
        ("observed", [(ago(row.at, now) if row.at is not None else "never", "muted")]),
    ]


def _instance_lines(row: "Row", now: datetime) -> list[list[Piece]]:
    """An instance a line under titles."""
    lines: list[list[Piece]] = [[(f" {'INSTANCE':<20} {'CPU':>6}  {'MEM':>5}  {'UP':>4}", "faint")]]
    for one in row.actual.instances:
        sign, role = INSTANCE_STATES[one.state]
        up = span((now - one.started).total_seconds()) if one.started is not None else "–"
        lines.append(
            [
                (f" {sign} ", role),
                (fit(one.process, 9), "text"),
                (f"{one.state:<9}", role),
                (f"{cores(one.cpu):>6}  {size(one.memory):>5}  {up:>4}", "muted"),
                (f"  {counted(one.restarts, 'restart')}" if one.restarts else "", "warn"),
            ]
        )
    return lines


def load_lines(loads: Sequence[float], width: int, height: int = 4) -> list[list[Piece]]:
    """The last CPU figures as a small area from zero, with its top as a tick."""
    from webduh_console.console.charts.dots import area
    from webduh_console.console.charts.scales import nice_top

    wide = max(2, min(60, width - 8))
    known = list(loads)[-wide * 2 :]
    top = nice_top(max(known), 0.1)
    rows = area([*[None] * (wide * 2 - len(known)), *((one, one) for one in known)], height, top)
    ticks = {0: f"{top:.2f}", height - 1: "0.00"}
    return [[(f" {ticks.get(at, ''):>4} ", "faint"), (text, "busy")] for at, text in enumerate(rows)]


def release_text(release: Release, zone: tzinfo | None) -> str:
    """Everything of a release but the values of its variables, as text that can be compared."""
    facts = {
        "release": release.number,
        "made": moment(release.created, zone),
        "by": release.by,
        "trigger": release.trigger,
        "target": release.target,
        "deployment": release.deployment,
        "source": msgspec.to_builtins(release.source),
        "artifact": msgspec.to_builtins(release.artifact),
        "spec": msgspec.to_builtins(release.spec),
        "variables": {name: "secret" if one.secret else "plain" for name, one in sorted(release.variables.items())},
    }
    return "\n".join(outline(facts, 0))


def compared(older: Release, newer: Release, zone: tzinfo | None) -> tuple[tuple[str, str], tuple[str, str]]:
    """Two releases as texts to be compared, with their titles: how they run, with what, and what they were made from.

    What differs anyhow stands in the titles. Of a secret it is said that its value is another, and no more.
    """
    titles = [f"v{one.number}  {moment(one.created, zone)} by {one.by}, {one.trigger}" for one in (older, newer)]
    texts = ["\n".join(outline(_comparable(one, other))) for one, other in ((older, newer), (newer, older))]
    return (texts[0], texts[1]), (titles[0], titles[1])


def _comparable(release: Release, other: Release) -> dict[str, object]:
    import msgspec

    def value(name: str) -> str:
        mine, theirs = release.variables[name], other.variables.get(name)
        if not mine.secret:
            return mine.value
        another = release.number > other.number and theirs is not None and theirs.value != mine.value
        return "secret, another value" if another else "secret"

    artifact = msgspec.to_builtins(release.artifact)
    del artifact["built_in"]
    return {
        "target": release.target,
        "spec": msgspec.to_builtins(release.spec),
        "variables": {name: value(name) for name in sorted(release.variables)},
        "source": msgspec.to_builtins(release.source),
        "artifact": artifact,
    }


def outline(value: object, depth: int = 0) -> list[str]:
    """Nested values as indented lines; what is empty is left out."""
    import shlex

    pad = "  " * depth
    if isinstance(value, dict):
        lines = []
        for key, inner in value.items():
            if inner in ("", None, [], {}, ()):
                continue
            if isinstance(inner, list | tuple) and all(isinstance(one, str) for one in inner):
                lines.append(f"{pad}{key}: {shlex.join(inner)}")
            elif isinstance(inner, list | tuple) and not any(isinstance(one, dict | list | tuple) for one in inner):
                lines.append(f"{pad}{key}: {', '.join(map(str, inner))}")
            elif isinstance(inner, dict | list | tuple):
                lines += [f"{pad}{key}:", *outline(inner, depth + 1)]
            else:
                lines.append(f"{pad}{key}: {inner}")
        return lines
    if isinstance(value, list | tuple):
        lines = []
        for inner in value:
            first, *rest = outline(inner, depth + 1) or [""]
            lines += [f"{pad}- {first.strip()}", *rest]
        return lines
    return [f"{pad}{value}"]
