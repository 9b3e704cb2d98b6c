"""What is detected in apps of compiled languages, whatever the plugin."""

from source_tree import Tree

from webduh_console.frameworks import BuildPlan
from webduh_console.frameworks.detection import detect
from webduh_console.frameworks.discovery import plugins
from webduh_console.frameworks.report import command_line
from webduh_console.model.build import Detection


def detected(tree: Tree, files: dict[str, str], options: dict[str, str] | None = None) -> Detection:
    """What all plugins together say of a folder with these files."""
    return detect(tree(files), plugins(), None, options)


def plan(tree: Tree, files: dict[str, str], options: dict[str, str] | None = None) -> BuildPlan:
    """The plan of a folder with these files."""
    return detected(tree, files, options).plan


def built(found: BuildPlan) -> list[str]:
    """The build's commands, each as one line."""
    return [command_line(step.run) for step in found.build]


def started(found: BuildPlan) -> str:
    """The start command as one line."""
    assert found.start is not None
    return command_line(found.start)
