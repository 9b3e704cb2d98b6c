"""The `webduh` program: options, scripts, and the faces. It opens the console when nothing is asked."""

import os
import sys


def main() -> None:
    """The entry point of `webduh`."""
    if sys.argv[1:] == ["--version"]:  # answered before anything is imported
        from webduh_console import __version__

        print(f"webduh {__version__}")
        return
    if not sys.argv[1:] and "_WEBDUH_COMPLETE" not in os.environ:  # the console opens without the command language
        from webduh_console.cli.opening import open_console, prepare

        prepare()
        sys.exit(open_console())
    from webduh_console.cli.program import run

    sys.exit(run(sys.argv[1:]))
