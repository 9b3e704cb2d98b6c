"""The plugin contract, discovery and detection: what an app is made with, and how it is built and run.

A plugin imports from here everything it needs: the types it answers with, and small pure readers of common files.
"""

from webduh_console.frameworks.declared import Declared, declared
from webduh_console.frameworks.procfile import argv, procfile, within
from webduh_console.frameworks.tree import SourceError
from webduh_console.frameworks.variables import is_secret, merged, named_in_example
from webduh_console.frameworks.versions import Version, first_version, line_version, strings, table, tool_version
from webduh_console.model.build import (
    TIERS,
    BuildPlan,
    BuildStep,
    Check,
    Command,
    EnvVar,
    Evidence,
    Framework,
    Match,
    Option,
    Process,
    Source,
    Static,
    Tier,
    Volume,
    Workspace,
)

__all__ = [
    "TIERS",
    "BuildPlan",
    "BuildStep",
    "Check",
    "Command",
    "Declared",
    "EnvVar",
    "Evidence",
    "Framework",
    "Match",
    "Option",
    "Process",
    "Source",
    "SourceError",
    "Static",
    "Tier",
    "Version",
    "Volume",
    "Workspace",
    "argv",
    "declared",
    "first_version",
    "is_secret",
    "line_version",
    "merged",
    "named_in_example",
    "procfile",
    "strings",
    "table",
    "tool_version",
    "within",
]
