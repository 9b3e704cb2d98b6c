"""The files of a new plugin, as `webduh plugin new` writes them. Pure."""

from pathlib import Path

HERE = Path(__file__).parent
FILES = {
    "pyproject.toml": "pyproject.toml.txt",
    "README.md": "README.md.txt",
    "webduh_MODULE.py": "plugin.py.txt",
    "test_MODULE.py": "test.py.txt",
    "example/NAME.toml": "example.toml.txt",
    "example/index.html": "index.html.txt",
}
"""What is written → the template beside this file; NAME and MODULE stand for the plugin's name in paths and texts."""


def files_of(name: str) -> dict[str, str]:
    """Path → text of a working plugin for a framework of this name (`a-z`, `0-9` and single hyphens), with a test."""
    module = name.replace("-", "_")

    def filled(text: str) -> str:
        return text.replace("MODULE", module).replace("NAME", name)

    return {filled(path): filled((HERE / template).read_text("utf-8")) for path, template in FILES.items()}
