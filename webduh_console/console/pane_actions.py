"""What can be done in what has keys of its own: logs, charts, the deploy wizard, rooms. Part of the registry."""

from webduh_console.console.action import Action

_LOG, _CHART, _WIZARD = ("log",), ("chart",), ("wizard",)

LOG_ACTIONS: tuple[Action, ...] = (
    Action("search", "search", "Search: words, ~regular expression", _LOG, ("slash",), "read", "", 13),
    Action("next_match", "next", "To the next line that was found", _LOG, ("n",)),
    Action("previous_match", "previous", "To the line before that was found", _LOG, ("N",)),
    Action(
        "filter_lines", "filter", "Show only lines with words, ~regex, !without", _LOG, ("ampersand",), "read", "", 15
    ),
    Action("drop_filter", "drop filter", "Drop the last filter", _LOG, ("backspace",)),
    Action("levels", "levels", "Show all levels, warnings, only errors", _LOG, ("e",), "read", "", 16),
    Action("sources", "sources", "Choose whose lines are shown", _LOG, ("v",), "read", "", 21),
    Action("clear_view", "clear", "Stop searching; drop search and filters", _LOG, ("escape",), "read", "", 79),
    Action("open_line", "open", "Show the whole line with its fields", _LOG, ("enter",), "read", "", 20),
    Action("fold", "unfold", "Unfold or fold the JSON of a line", _LOG, ("space",), "read", "", 22),
    Action("fold_all", "unfold all", "Unfold or fold the JSON of all lines", _LOG, ("J",)),
    Action("wrap", "wrap", "Wrap long lines, or not", _LOG, ("w",), "read", "", 18),
    Action("timestamps", "times", "Show or hide the times", _LOG, ("t",), "read", "", 17),
    Action("clock", "clock", "Times here, in UTC, or how long ago", _LOG, ("T",)),
    Action("go_to_time", "go to time", "Go to a time: 14:05, -10m, 2026-03-04T17:05", _LOG, ("at",), "read", "", 19),
    Action("mark", "mark", "Mark the line, or not", _LOG, ("m",)),
    Action("next_mark", "next mark", "To the next marked line", _LOG, ("apostrophe",)),
    Action("previous_mark", "previous mark", "To the marked line before", _LOG, ("quotation_mark",)),
    Action("range", "range", "Begin or end a range of lines", _LOG, ("V",)),
    Action("copy_lines", "copy", "Copy the line, or the range", _LOG, ("y",), "read", "", 23),
    Action("save", "save", "Save the shown lines to a file", _LOG, ("ctrl+s",), "read", "", 24),
    Action("save_all", "save all", "Save all lines to a file, also those not shown", _LOG, ("W",)),
    Action("only", "only this", "Show only this source, or all", ("sources",), ("o",), "read", "", 6),
)
"""What can be done in a log pane alone."""

CHART_ACTIONS: tuple[Action, ...] = (
    Action("cursor_left", "look back", "Look at the time before: what every figure was then", _CHART, ("left", "h")),
    Action("cursor_right", "look on", "Look at the time after", _CHART, ("right",)),
    Action("cursor_far_left", "far back", "Look ten cells back", _CHART, ("shift+left", "H")),
    Action("cursor_far_right", "far on", "Look ten cells on", _CHART, ("shift+right",)),
    Action("zoom_in", "closer", "Show half the time", _CHART, ("plus", "equals_sign"), "read", "", 14),
    Action("zoom_out", "wider", "Show twice the time", _CHART, ("minus",), "read", "", 15),
    Action("pan_back", "earlier", "Show the time before", _CHART, ("comma", "less_than_sign"), "read", "", 16),
    Action("pan_on", "later", "Show the time after", _CHART, ("full_stop", "greater_than_sign"), "read", "", 17),
    Action("next_range", "range", "Show 5 min, 15 min, 1 h, 6 h, 24 h, 7 d, 30 d", _CHART, ("z",), "read", "", 13),
    Action("previous_range", "shorter", "Show the range before", _CHART, ("Z",)),
    Action("live", "now", "Back to now, and go along with it", _CHART, ("end", "f"), "read", "", 18),
    Action("only_series", "one series", "Show one series alone, then the next", _CHART, ("v",), "read", "", 19),
    Action("drop_cursor", "back to now", "Look at no time any more", _CHART, ("escape",), "read", "", 79),
)
"""What can be done in a chart alone."""
WIZARD_ACTIONS: tuple[Action, ...] = (
    Action("plan_it", "plan", "Show what would change; then it can be carried out", _WIZARD, ("p",), "change", "", 8),
    Action("copy_script", "copy script", "Copy the script that does the same", _WIZARD, ("y",), "read", "", 11),
    Action("add_here", "add", "Add a variable, or a server", _WIZARD, ("a",), "change", "", 9),
    Action("set_domain", "domain", "Type the domains that lead to it", _WIZARD, ("d",), "change", "", 9),
    Action(
        "as_detected", "take back", "Take back what was typed here", _WIZARD, ("delete", "backspace"), "change", "", 10
    ),
    Action("start_afresh", "start afresh", "Forget what was typed for this source", _WIZARD, ("ctrl+n",), "change"),
    Action("choose_source", "source", "Choose the folder or the repository", _WIZARD, ("1",)),
    Action("show_detected", "detected", "Show what it is made with, and why", _WIZARD, ("2",)),
    Action("show_settings", "settings", "Show and change the settings", _WIZARD, ("3",)),
    Action("show_dockerfile", "Dockerfile", "Show the Dockerfile that a server builds", _WIZARD, ("4",)),
    Action("show_needs", "variables", "Show and set the variables it reads", _WIZARD, ("5",)),
    Action("choose_target", "target", "Choose target and domain", _WIZARD, ("6",)),
)
"""What can be done in the deploy wizard alone."""

ROOM_ACTIONS: tuple[Action, ...] = (
    Action("show_containers", "containers", "Show every container", ("target",), ("2",)),
    Action("show_images", "images", "Show the images, and who needs them", ("target",), ("3",)),
    Action("show_volumes", "volumes", "Show the volumes, and whose they are", ("target",), ("4",)),
    Action("show_networks", "networks", "Show the networks, and who is on them", ("target",), ("5",)),
    Action("show_routes", "routes", "Show the routes as Traefik sees them", ("target",), ("6",)),
    Action("show_processes", "processes", "Show the processes of the machine", ("target",), ("7",)),
    Action("show_disk", "disk", "Show the file systems, and what Docker keeps", ("target",), ("8",)),
    Action("show_checks", "checks", "Show the checks with their fixes", ("target",), ("9",)),
    Action("show_history", "metrics", "Show load, memory and disk over time", ("target",), ("0",)),
    Action("order", "sort", "Sort by the next column", ("rooms",), ("o",), "read", "", 30),
    Action("order_reverse", "reverse", "Turn the order round", ("rooms",), ("O",)),
    Action("restart", "restart", "Restart the container", ("containers",), ("R",), "change", "container", 15),
    Action("stop_or_start", "stop, start", "Stop or start it", ("containers",), ("S",), "change", "container", 16),
    Action(
        "remove_unused",
        "remove",
        "Remove what nobody needs: says what is lost first",
        ("surplus",),
        ("delete", "D"),
        "destroy",
        "surplus",
        15,
    ),
    Action("exec", "run", "Run a command on servers", ("home", "target", "exec"), ("x",), "change", "server", 24),
)
"""What can be done in the rooms of a target."""
