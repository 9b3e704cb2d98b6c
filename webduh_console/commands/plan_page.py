"""A plan as a page to read, like a diff, and as JSON."""

from collections.abc import Sequence
from typing import Any

import msgspec

from webduh_console.commands.context import Context
from webduh_console.commands.downtime import downtime_data
from webduh_console.commands.results import Text
from webduh_console.commands.words import count
from webduh_console.model.mask import one_line
from webduh_console.model.observe import Fact
from webduh_console.model.plan import Change, Plan

LONGEST = 60
"""How many characters of a value are shown on each side of an arrow."""


def plan_page(ctx: Context, plan: Plan, exit_code: bool = False) -> Text:
    """A plan as a page, and as JSON without the values of variables; its code is 3 if asked, and something changes."""
    target = ctx.target(plan.target)
    blockers = [fact for fact in target.preflight(plan) if not fact.ok]
    steps = [step.name for step in target.steps(plan)]
    data = {
        **named(plan),
        "action": plan.action,
        "base": plan.base,
        "to": plan.to,
        "url": target.url(plan),
        "framework": plan.spec.framework,
        "downtime": downtime_data(plan),
        "changes": [change_data(change) for change in plan.changes],
        "steps": ["check", "build", "lease", "record", *steps, "current"],
        "questions": msgspec.to_builtins(plan.questions),
        "warnings": list(plan.warnings),
        "blockers": [{"name": fact.name, "value": fact.value, "fix": fact.fix} for fact in blockers],
    }
    text = plan_text(plan, target.url(plan), blockers)
    code = 3 if exit_code and plan.changes else 0
    return Text(f"plan: {plan.key} on {plan.target}", text, data, code, signed=True)


def named(plan: Plan) -> dict[str, Any]:
    """What a plan is for, under the keys that every answer about an app has."""
    key = plan.key
    return {"app": key.app, "project": key.project, "environment": key.environment, "target": plan.target}


def change_data(change: Change) -> dict[str, str]:
    """A change for a program: kind, name, sign, before, after."""
    return {"sign": change.sign, **msgspec.structs.asdict(change)}


def plan_text(plan: Plan, url: str, blockers: Sequence[Fact] = ()) -> str:
    """A plan as lines: `+` comes, `-` goes, `~` changes, `!` warns, `?` asks, `✗` stops it."""
    base = f"release {plan.base} serves" if plan.base else "nothing serves yet"
    lines = [f"{plan.key} on {plan.target}: {base}" + (f", to be reached at {url}" if url else "")]
    lines += change_lines(plan.changes)
    lines += [f"  ! {one_line(warning)}" for warning in plan.warnings]
    lines += [f"  ? {question.text} ({question.option})" for question in plan.questions]
    lines += [f"  ✗ {fact.name}: {fact.value}. {fact.fix}" for fact in blockers]
    return "\n".join(lines)


def change_lines(changes: Sequence[Change]) -> list[str]:
    """A line a change, and one that counts them; without any, one that says so."""
    if not changes:
        return ["  nothing would change"]
    kind = max(len(change.kind) for change in changes)
    name = min(max(len(one_line(change.name)) for change in changes), 40)
    lines = [
        f"  {change.sign} {change.kind:<{kind}}  {one_line(change.name):<{name}}  {_values(change)}".rstrip()
        for change in changes
    ]
    signs = [change.sign for change in changes]
    counted = {"+": "new", "~": "changed", "-": "gone"}
    words = ", ".join(f"{signs.count(sign)} {word}" for sign, word in counted.items() if sign in signs)
    return [*lines, f"  {count(len(changes), 'difference')}: {words}"]


def _values(change: Change) -> str:
    before, after = (_cut(one_line(text)) for text in (change.before, change.after))
    if change.kind == "variable":
        return "" if change.sign == "-" else after
    return f"{before} → {after}" if change.sign == "~" else after or before


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
