"""The plugin contract, discovery and detection: what an app is made with, and how it is built and run.

A plugin imports from here everything it needs: the types it answers with, and small pure readers of common files.
"""

from webduh_console.frameworks.procfile import argv, procfile
from webduh_console.frameworks.tree import SourceError
from webduh_console.frameworks.variables import is_secret, merged, named_in_example
from webduh_console.frameworks.versions import Version, first_version, line_version, strings, table, tool_version
from webduh_console.model.build import (
    TIERS,
    BuildPlan,
    BuildStep,
    Command,
    EnvVar,
    Evidence,
    Framework,
    Match,
    Process,
    Source,
    Static,
    Tier,
    Volume,
)

__all__ = [
    "TIERS",
    "BuildPlan",
    "BuildStep",
    "Command",
    "EnvVar",
    "Evidence",
    "Framework",
    "Match",
    "Process",
    "Source",
    "SourceError",
    "Static",
    "Tier",
    "Version",
    "Volume",
    "argv",
    "first_version",
    "is_secret",
    "line_version",
    "merged",
    "named_in_example",
    "procfile",
    "strings",
    "table",
    "tool_version",
]
