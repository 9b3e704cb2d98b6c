"""The one registry of what can be done in the console.

Footer, help, palette, key map, read-only mode and the command line read it; a key that does not stand here does not
exist.
"""

from collections.abc import Iterable

from textual.binding import Binding, BindingType

from webduh_console.console.action import Action
from webduh_console.console.pane_actions import CHART_ACTIONS, LOG_ACTIONS, ROOM_ACTIONS, WIZARD_ACTIONS

__all__ = ["ACTIONS", "BY_NAME", "SCOPES", "Action", "allowed", "bindings", "in_scope", "is_typed", "key_sign"]

_EVERY_SCREEN = ("screen", "modal")
_LISTS = ("table", "lines", "log", "steps")
_TABBED = ("app", "target", "wizard")

ACTIONS: tuple[Action, ...] = (
    # What a screen is for.
    Action("deploy", "deploy", "Deploy the app: shows the plan first", ("home", "app"), ("d",), "change", "app", 20),
    Action("deploy_folder", "new", "Deploy a folder or a repository", ("home",), ("n",), "change", "", 21),
    Action("try_demo", "demo", "Deploy the demo app", ("empty",), ("1",), "change", "", 10),
    Action("new_app", "deploy a folder", "Deploy a folder or a repository", ("empty",), ("2", "n"), "change", "", 11),
    Action("add_server", "add a server", "Type the command that adds a server", ("empty",), ("3",), "change", "", 12),
    Action("read_guide", "guide", "Read how to begin", ("empty",), ("4",), "read", "", 13),
    Action("logs", "logs", "Show what the app writes", ("home", "app"), ("l",), "read", "app", 22),
    Action("rollback", "roll back", "Go back to an earlier release", ("home", "app"), ("r",), "change", "app", 23),
    Action(
        "open_address",
        "browse",
        "Open the address in the browser",
        ("home", "app", "deployment"),
        ("o",),
        "read",
        "address",
        24,
    ),
    Action(
        "mark_app",
        "mark",
        "Mark the app: deploy and roll back act on all that are marked",
        ("home",),
        ("space",),
        "read",
        "app",
        25,
    ),
    Action("deployments", "deployments", "Move to the deployments, or back", ("home",), ("v",), "read", "", 26),
    Action("targets", "targets", "Move to the targets, or back", ("home",), ("t",), "read", "", 27),
    Action("shell", "shell", "Open a shell in a running instance", ("app",), ("s",), "change", "shell", 24),
    Action(
        "run_command",
        "run",
        "Run a command once in the serving release, with its variables and volumes",
        ("app",),
        ("exclamation_mark",),
        "change",
        "shell",
        28,
    ),
    Action("server_shell", "shell", "Open a shell on the server", ("target",), ("s",), "change", "server", 20),
    Action("check", "check", "Check the target again", ("target",), ("c",), "read", "", 21),
    Action(
        "set_up",
        "set up",
        "Make the server ready: shows what it would do first",
        ("target",),
        ("i",),
        "change",
        "server",
        22,
    ),
    Action(
        "prune",
        "prune",
        "Remove what no release names: shows it first",
        ("target",),
        ("p",),
        "destroy",
        "server",
        23,
    ),
    Action("sort", "sort", "Sort by the next column", ("home", "result"), ("s",), "read", "", 30),
    Action("sort_reverse", "reverse", "Turn the order round", ("home", "result"), ("S",)),
    Action("update", "update", "Ask the targets now", ("home", "app", "target"), ("u",), "read", "", 31),
    Action("show_overview", "overview", "Show how it is", ("app", "target"), ("1",)),
    Action("show_releases", "releases", "Show the releases that are kept", ("app",), ("2",)),
    Action("show_deployments", "deployments", "Show what was deployed and when", ("app",), ("3",)),
    Action("show_logs", "logs", "Show what the app writes", ("app",), ("4",)),
    Action("show_variables", "variables", "Show the variables of the serving release", ("app",), ("5",)),
    Action("show_parts", "parts", "Show processes, schedules, routes, volumes", ("app",), ("6",)),
    Action("show_metrics", "metrics", "Show CPU, memory and requests over time, with the logs", ("app",), ("7",)),
    Action(
        "by_instance", "instances", "Show each instance for itself, or all together", ("app",), ("i",), "read", "", 27
    ),
    Action("next_tab", "next tab", "Go to the next tab", _TABBED, ("right_square_bracket", "right"), "read", "", 25),
    Action("previous_tab", "previous tab", "Go to the previous tab", _TABBED, ("left_square_bracket", "left")),
    *ROOM_ACTIONS,
    Action(
        "mark_release",
        "mark",
        "Mark the release that others are compared with",
        ("app",),
        ("space",),
        "read",
        "release",
        18,
    ),
    Action(
        "difference",
        "differences",
        "Compare the release with the marked one, or with the one before",
        ("app",),
        ("equals_sign", "x"),
        "read",
        "release",
        19,
    ),
    Action("add_variable", "add", "Add a variable", ("variables",), ("a",), "change", "", 15),
    Action("edit_variable", "edit", "Type another value", ("variables",), ("e",), "change", "variable", 16),
    Action(
        "take_variable_away",
        "take away",
        "Take the variable away with the next deployment",
        ("variables",),
        ("delete", "backspace"),
        "change",
        "variable",
        17,
    ),
    Action("leave_variable", "forget change", "Leave it as it is", ("variables",), ("z",), "change", "waiting", 18),
    Action("reveal", "show", "Show a secret's value, after a question", ("variables",), ("p",), "read", "secret", 19),
    Action("run_schedule", "run", "Run the schedule now", ("parts",), ("x",), "change", "schedule", 15),
    Action("schedule_history", "runs", "What became of its runs", ("parts",), ("h",), "read", "schedule", 16),
    Action(
        "cancel",
        "cancel",
        "Cancel the deployment and take it back",
        ("deployment",),
        ("c", "ctrl+x"),
        "change",
        "running",
        10,
    ),
    Action(
        "all_output", "all output", "Show the output of every step, or of one", ("deployment",), ("a",), "read", "", 12
    ),
    Action("go", "go", "Carry out the plan", ("plan",), ("enter",), "change", "", 1),
    Action(
        "answer_yes",
        "yes to all questions",
        "Answer the plan's questions with yes",
        ("plan",),
        ("y",),
        "change",
        "questions",
        2,
    ),
    Action("agree", "yes", "Agree", ("confirm",), ("y", "enter"), "read", "", 1),
    Action("disagree", "no", "Do not", ("confirm",), ("n",), "read", "", 2),
    # Lists and logs.
    Action("choose", "open", "Open what is under the cursor", ("table", "steps"), ("enter",), "read", "", 5),
    Action("up", "up", "One line up", _LISTS, ("up", "k")),
    Action("down", "down", "One line down", _LISTS, ("down", "j")),
    Action("page_up", "page up", "One page up", _LISTS, ("pageup", "ctrl+b")),
    Action("page_down", "page down", "One page down", _LISTS, ("pagedown", "ctrl+f")),
    Action("first", "first", "To the first line", _LISTS, ("home", "g")),
    Action("last", "last", "To the last line", _LISTS, ("end", "G")),
    Action("left", "left", "To the left", ("lines", "log"), ("left", "h")),
    Action("right", "right", "To the right", ("lines", "log"), ("right",)),
    Action("follow", "follow", "Stay at the newest line, or not", ("log", "deployment"), ("f",), "read", "", 14),
    *LOG_ACTIONS,
    *CHART_ACTIONS,
    *WIZARD_ACTIONS,
    Action(
        "filter",
        "filter",
        "Show only matching lines; !word leaves out",
        ("home", "app", "target", "result", "deployment"),
        ("slash",),
        "read",
        "",
        40,
    ),
    # Everywhere.
    Action("command", "command", "Type a command, as after `webduh`", ("anywhere",), ("colon",), "read", "", 41),
    Action(
        "command_palette", "palette", "Search everything that can be done", ("anywhere",), ("ctrl+p",), priority=True
    ),
    Action("help", "all keys", "Show every key of this screen", ("anywhere",), ("question_mark", "f1"), "read", "", 90),
    Action(
        "jump",
        "go to",
        "Go to any app, server or deployment by a few letters",
        ("anywhere",),
        ("ctrl+k",),
        "read",
        "",
        42,
    ),
    Action("next_theme", "theme", "Change the theme", ("anywhere",), ("ctrl+t",)),
    Action("quit", "quit", "Leave the console", ("anywhere",), ("ctrl+q",), priority=True),
    Action("leave", "quit", "Leave the console", ("anywhere",), ("q",), "read", "", 91),
    Action("back", "back", "Go out one level", _EVERY_SCREEN, ("escape",), "read", "", 80),
    Action("go_back", "before", "Back to where you were", ("screen",), ("alt+left", "ctrl+o")),
    Action("go_forward", "after", "Forward again", ("screen",), ("alt+right",)),
    Action("bookmark", "mark", "Mark this place, or forget it: `go to` has it first", ("screen",), ("b",)),
    Action("next_pane", "next pane", "Go to the next pane", _EVERY_SCREEN, ("tab",)),
    Action("previous_pane", "previous pane", "Go to the previous pane", _EVERY_SCREEN, ("shift+tab",)),
    Action("copy", "copy", "Copy what is selected", _EVERY_SCREEN, ("ctrl+c", "super+c")),
    Action("dismiss_bar", "close", "Close the line", ("bar",), ("escape",), "read", "", 3),
    Action("complete", "complete", "Take the completion", ("bar",), ("tab",), "read", "", 2),
    Action("older", "older", "The line before in the history", ("bar",), ("up",), "read", "", 4),
    Action("newer", "newer", "The next line in the history", ("bar",), ("down",)),
    Action("look_at", "look at it", "Look at the folder or the repository", ("source",), ("enter",), "read", "", 1),
    Action("take_folder", "complete", "Take the marked folder; next field", ("source",), ("tab",), "read", "", 2),
    Action("folder_below", "next folder", "Mark the folder below", ("source",), ("down",), "read", "", 3),
    Action("folder_above", "folder above", "Mark the folder above", ("source",), ("up",)),
    Action("leave_source", "back", "Go out one level", ("source",), ("escape",), "read", "", 4),
)

BY_NAME: dict[str, Action] = {action.name: action for action in ACTIONS}

SCOPES: dict[str, str] = {
    "anywhere": "Everywhere",
    "screen": "Every screen",
    "home": "Apps",
    "empty": "First steps",
    "wizard": "Deploy",
    "app": "App",
    "variables": "Variables",
    "parts": "Parts",
    "target": "Target",
    "rooms": "Rooms of a target",
    "containers": "Containers",
    "surplus": "Images and volumes",
    "exec": "Command on servers",
    "deployment": "Deployment",
    "plan": "Plan",
    "confirm": "Question",
    "result": "Result",
    "table": "Lists and texts",
    "lines": "Texts",
    "log": "Logs",
    "chart": "Charts",
    "sources": "Sources",
    "steps": "Steps",
    "bar": "Command line",
    "source": "Source of a deployment",
    "modal": "Dialogs",
}
"""The scopes there are → their titles in the help."""

_SIGNS = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "equals_sign": "=",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "ampersand": "&",
    "at": "@",
    "exclamation_mark": "!",
    "plus": "+",
    "minus": "-",
    "comma": ",",
    "full_stop": ".",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "apostrophe": "'",
    "quotation_mark": '"',
    "escape": "esc",
    "enter": "⏎",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "space": "space",
}


def in_scope(scope: str) -> Iterable[Action]:
    """The actions of a scope, in the registry's order."""
    return (action for action in ACTIONS if scope in action.scopes)


def bindings(*scopes: str) -> list[BindingType]:
    """The bindings of a screen or widget class.

    Their ids are the actions' names, which the user's key map refers to.
    """
    chosen = {action.name: action for scope in scopes for action in in_scope(scope)}
    return [
        Binding(",".join(action.keys), action.name, action.words, id=action.name, show=False, priority=action.priority)
        for action in chosen.values()
    ]


def allowed(action: Action, read_only: bool) -> bool:
    """Whether an action may be offered and run: in read-only mode only what changes nothing."""
    return not read_only or action.kind == "read"


def is_typed(key: str) -> bool:
    """Whether a text field takes the key as text."""
    sign = _SIGNS.get(key, key)
    return key == "space" or (len(sign) == 1 and sign.isascii())


def key_sign(key: str) -> str:
    """A key as people write it: `?`, `^p`, `esc`, `D`."""
    if key.startswith("ctrl+"):
        return f"^{key_sign(key[5:])}"
    if key.startswith("shift+"):
        return f"⇧{key_sign(key[6:])}"
    return _SIGNS.get(key, key)
