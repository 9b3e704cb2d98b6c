"""What the wizard shows, as rows and lines. Pure."""

import re
from collections.abc import Sequence
from pathlib import Path

from webduh_console.commands.draft import Draft
from webduh_console.commands.looking import Looked
from webduh_console.console.widgets.columns import Column
from webduh_console.console.widgets.lines import labelled, paragraph
from webduh_console.console.widgets.table import Cell, TableRow, cell
from webduh_console.console.wizard.settings import Setting, typed
from webduh_console.console.words import Piece, counted, visible
from webduh_console.frameworks.detection import WORDS
from webduh_console.model.build import EnvVar, Evidence
from webduh_console.model.release import Variable

HIDDEN = "••••••"
CANDIDATE_COLUMNS = (
    Column("state", "", least=9, most=9),
    Column("framework", "FRAMEWORK", least=8, most=22),
    Column("sure", "SURE", "right", least=4, most=5),
    Column("tier", "IS", least=8, most=18, rank=2),
    Column("why", "WHY", least=10, most=120, grow=True),
)
SETTING_COLUMNS = (
    Column("setting", "SETTING", least=8, most=22),
    Column("value", "VALUE", least=10, most=60, grow=True),
    Column("origin", "FROM", least=8, most=28),
    Column("says", "", least=10, most=52, rank=3),
)
NEED_COLUMNS = (
    Column("state", "", least=8, most=10),
    Column("name", "NAME", least=8, most=32),
    Column("value", "VALUE", least=8, most=40, grow=True),
    Column("when", "FOR", least=5, most=13, rank=2),
    Column("why", "WHY", least=8, most=60, rank=1),
)
MEMBER_COLUMNS = (Column("app", "APP", least=8, most=80, grow=True),)
_WHEN = {"build": "build", "run": "run", "both": "build and run"}


def _because(evidence: Sequence[Evidence]) -> str:
    return ", ".join(f"{one.file} {one.says}".strip() for one in evidence)


def candidate_rows(looked: Looked) -> list[TableRow]:
    """The framework that was chosen, and those that lost."""
    rows: list[TableRow] = []
    if looked.match is not None:
        chosen = looked.match
        name = f"{chosen.framework} {chosen.variant}".strip()
        cells = (
            cell("● chosen", "good"),
            cell(visible(name), "bold text"),
            cell(f"{chosen.confidence:.0%}"),
            cell(WORDS[chosen.tier], "muted"),
            cell(visible(_because(chosen.evidence)), "text"),
        )
        rows.append(TableRow(chosen.framework, cells))
    for other in looked.alternatives:
        says = f"{other.lost}; {_because(other.evidence)}"
        cells = (
            cell("○", "faint"),
            cell(visible(other.framework), "text"),
            cell(f"{other.confidence:.0%}", "muted"),
            cell(WORDS[other.tier], "muted"),
            cell(visible(says), "muted"),
        )
        rows.append(TableRow(other.framework, cells))
    return rows


def detail_lines(looked: Looked, width: int) -> list[list[Piece]]:
    """What was detected, and which file says so: as `webduh detect` tells it."""
    if looked.match is None:
        return []
    match, build = looked.match, looked.build
    from webduh_console.frameworks.report import command_line

    def commands(steps: Sequence[object]) -> list[str]:
        return [command_line(step.run) for step in steps]  # type: ignore[attr-defined]

    language = f" ({build.language})" if build.language else ""
    pairs: list[tuple[str, str, str]] = [("framework", f"{match.framework} {match.variant}".strip() + language, "")]
    pairs += [
        (f"{name} version", number, build.version_source.get(name, "")) for name, number in build.versions.items()
    ]
    pairs.append(("packages", build.package_manager or "", ""))
    pairs += [("because", one.says, one.file) for one in match.evidence]
    pairs += [("install", line, build.origin.get("install", "")) for line in commands(build.install)]
    pairs += [("build", line, build.origin.get("build", "")) for line in commands(build.build)]
    pairs += [(one.name, command_line(one.command), build.origin.get("start", "")) for one in build.processes]
    if build.static is not None:
        spa = ", unknown paths get index.html" if build.static.spa else ""
        pairs.append(("static", f"{build.static.dir}/{spa}", build.origin.get("static", "")))
    pairs += [("port", str(build.port or ""), build.origin.get("port", ""))]
    pairs += [("health", build.health, build.origin.get("health", ""))]
    pairs += [("volume", f"{one.name}: {one.path}", "") for one in build.volumes]
    last, told = "", []
    for label, text, origin in pairs:
        if text:
            value: list[Piece] = [(visible(text), "text"), (f"  {visible(origin)}" if origin else "", "faint")]
            told.append((label if label != last else " ", value))
            last = label
    lines = labelled(told)
    for warning in build.warnings:
        lines += paragraph(warning, width, "text", "!", "bold warn")
    return lines


def setting_row(setting: Setting, draft: Draft) -> TableRow:
    """A setting; what was typed here is marked."""
    here = typed(draft, setting)
    cells = (
        cell(visible(setting.label), "text"),
        cell(visible(setting.value) or "–", "bold accent" if here else "text" if setting.value else "faint"),
        cell(visible(setting.origin), "accent" if here else "muted"),
        cell(visible(" · ".join(filter(None, (setting.says, " ".join(setting.choices))))), "faint"),
    )
    return TableRow(setting.id, cells)


def about_lines(setting: Setting | None, width: int) -> list[list[Piece]]:
    """The setting under the cursor: its whole value, and what it is."""
    if setting is None:
        return []
    says = " · ".join(filter(None, (setting.says, " ".join(setting.choices))))
    return [*paragraph(setting.value or "–", width, "text"), *paragraph(says, width, "muted")]


def difference_lines(lines: Sequence[str]) -> list[list[Piece]]:
    """A unified diff in colours; its head is left out."""
    roles = {"+": "good", "-": "bad", "@": "faint"}
    return [[(f" {visible(line)}", roles.get(line[:1], "muted"))] for line in lines[2:]]


def need_rows(looked: Looked, draft: Draft) -> list[TableRow]:
    """The variables that it reads and those that are set; first what it cannot do without."""
    needs = {env.name: env for env in looked.needs}
    missing = {env.name for env in looked.missing(draft)}
    names = dict.fromkeys([*needs, *looked.variables, *draft.variables])

    def order(name: str) -> tuple[bool, bool]:  # a row stays where it is when it gets its value
        env = needs.get(name)
        return (env is None or not env.required or env.default is not None, env is None)

    return [_need_row(name, needs.get(name), looked, draft, name in missing) for name in sorted(names, key=order)]


def _need_row(name: str, env: EnvVar | None, looked: Looked, draft: Draft, missing: bool) -> TableRow:
    here = draft.variables.get(name)
    known = here or looked.variables.get(name)
    state: Cell = cell("✗ needed", "bad") if missing else cell("● set", "good") if known else cell("○", "faint")
    when = _WHEN[env.when] if env else ""
    why = env.why if env else known.origin if known else ""
    cells = (
        state,
        cell(visible(name), "bold text" if missing or here else "text"),
        _value(known, env, here is not None),
        cell(when, "muted"),
        cell(visible(why), "muted"),
    )
    return TableRow(name, cells)


def _value(known: Variable | None, env: EnvVar | None, here: bool) -> Cell:
    if known is not None:
        return cell(HIDDEN if known.secret else visible(known.value), "bold accent" if here else "text")
    if env is not None and env.default is not None:
        return cell(f"{visible(env.default)} unless set", "faint")
    return cell("secret" if env and env.secret else "–", "faint")


def script_lines(script: Sequence[str], width: int) -> list[list[Piece]]:
    """A script's lines, each wrapped."""
    return [line for text in script for line in paragraph(text, width, "text", "▸", "accent")]


_INSTRUCTION = re.compile(r"^(\s*)([A-Z]+)(\s)")
_PARTS = re.compile(r"""(--[a-z-]+(?:=\S+)?)|("(?:[^"\\]|\\.)*"|'[^']*')|(\$\{?\w+\}?)|(\bAS\b)""")
_INSTRUCTIONS = frozenset(
    [
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ]
)
_ROLES = ("busy", "good", "warn", "bold accent")


def dockerfile_lines(text: str) -> list[list[Piece]]:
    """A Dockerfile with its instructions, options, texts and variables in colours."""
    lines: list[list[Piece]] = []
    goes_on = False
    for line in text.splitlines():
        shown = visible(line)
        begins = _INSTRUCTION.match(shown)
        if shown.lstrip().startswith("#"):
            lines.append([(f" {shown}", "faint")])
            continue
        if begins and begins[2] in _INSTRUCTIONS and not goes_on:
            pieces: list[Piece] = [(f" {begins[1]}{begins[2]}", "bold accent"), (begins[3], "text")]
            shown = shown[begins.end() :]
        else:
            pieces = [(" ", "text")]
        at = 0
        for part in _PARTS.finditer(shown):
            pieces += [(shown[at : part.start()], "text"), (part[0], _ROLES[(part.lastindex or 1) - 1])]
            at = part.end()
        lines.append([piece for piece in [*pieces, (shown[at:], "text")] if piece[0]])
        goes_on = line.rstrip().endswith("\\")
    return lines


def fact_lines(draft: Draft, looked: Looked | None) -> list[list[Piece]]:
    """What is decided so far, in two lines: from where to where; how, and what is missing."""
    if looked is None:
        return [
            [(" A folder here, or the address of a Git repository.", "muted")],
            [(" Enter looks at it; nothing is changed before you have seen the plan.", "faint")],
        ]
    environment, domains = looked.key.environment, draft.domains or looked.domains
    first: list[Piece] = [
        (f" {visible(short(draft.source))}", "accent"),
        (f" {visible(draft.path)}" if draft.path else "", "accent"),
        (f" {visible(draft.ref)}" if draft.ref else "", "muted"),
        (" → ", "faint"),
        (visible(looked.app), "bold text"),
        (" in ", "faint"),
        (environment, "bold loud" if environment == "production" else "bold text"),
        (" on ", "faint"),
        (visible(draft.on or looked.target), "bold text"),
        (f" at {visible(' '.join(domains))}" if domains else "", "accent"),
    ]
    return [first, _second(draft, looked)]


def _second(draft: Draft, looked: Looked) -> list[Piece]:
    if looked.match is None:
        return [(" ✗ it is not clear what it is made with", "bad")]
    build, name = looked.build, f"{looked.match.framework} {looked.match.variant}".strip()
    versions = " ".join(f"{key} {number}" for key, number in build.versions.items())
    pieces: list[Piece] = [(f" {visible(name)}", "text"), (f"  {visible(versions)}" if versions else "", "muted")]
    missing = looked.missing(draft)
    if missing:
        pieces.append((f"   ✗ {counted(len(missing), 'variable')} needed", "bad"))
    if draft.changes:
        pieces.append((f"   ~ {counted(len(draft.changes), 'setting')} changed", "accent"))
    if build.warnings:
        pieces.append((f"   ! {counted(len(build.warnings), 'warning')}", "warn"))
    return pieces


def way_out(looked: Looked, width: int) -> list[list[Piece]]:
    """What can be done here about the problem of a source."""
    key, says = "3", "type how it is started, what is served, or a framework."
    if looked.match is not None:
        says = "type another name."
    elif looked.alternatives:
        key, says = "2 ⏎", "take the one under the cursor."
    return paragraph(says, width - 3, "text", f"   here {key}", "bold accent")


def domain_lines(draft: Draft, looked: Looked | None, kind: str) -> list[list[Piece]]:
    """The domains that lead to it with their origin; or how it is reached without one on a target of this kind."""
    if draft.domains:
        return [[(f" {visible(' '.join(draft.domains))}", "accent"), ("  typed here", "muted")]]
    if looked is not None and looked.domains:
        return [[(f" {visible(' '.join(looked.domains))}", "text"), (f"  {visible(looked.domains_from)}", "muted")]]
    if kind == "local":
        return [[(" a port of this machine, unless a domain is typed: ", "muted"), ("d", "bold accent")]]
    return [[(" none: nobody outside can reach it. Type one: ", "warn"), ("d", "bold accent")]]


def short(source: str) -> str:
    """A folder as people write it: `~/shop`."""
    home = str(Path.home())
    return f"~{source[len(home) :]}" if source == home or source.startswith(f"{home}/") else source
