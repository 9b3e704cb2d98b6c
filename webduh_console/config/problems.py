"""What is wrong in a file that a person wrote, and where."""

import msgspec

from webduh_console.errors import ConfigError


class Problem(msgspec.Struct, frozen=True, order=True):
    """One mistake. `line` and `column` count from 1; `path` is the setting (`processes.web.port`), empty for the file.

    `says` goes on after the path, `hint` says what to write instead.
    """

    file: str
    line: int
    column: int
    path: str
    says: str
    hint: str = ""

    def __str__(self) -> str:
        path = f" {self.path}" if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}{path}: {self.says}{hint}"


class ConfigFileError(ConfigError):
    """A file that a person wrote has mistakes; `problems` are all of them, in the order of the file.

    With `wished` it would have them, and was not written.
    """

    def __init__(self, file: str, problems: tuple[Problem, ...], wished: bool = False) -> None:
        self.file, self.problems = file, tuple(sorted(problems))
        count = "a mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        what = f"{file} would have {count}." if wished else f"{file} has {count}."
        super().__init__(what, why="\n".join(map(str, self.problems)), kept="Nothing was written." if wished else "")

    def __str__(self) -> str:
        return f"{self.what}\n{self.why}"
