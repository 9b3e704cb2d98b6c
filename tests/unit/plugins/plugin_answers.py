"""What a plugin says of a source tree."""

from webduh_console.frameworks import BuildPlan, Framework, Match
from webduh_console.frameworks.source import FolderSource


def matched(plugin: Framework, source: FolderSource) -> Match:
    """How a plugin recognizes a tree; it must."""
    found = plugin.detect(source)
    assert found is not None
    return found


def planned(plugin: Framework, source: FolderSource) -> BuildPlan:
    """The build plan of a plugin for a tree that it recognizes."""
    return plugin.plan(source, matched(plugin, source), {})
