"""What was begun in the deploy wizard and left: it is there again for as long as the console runs."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webduh_console.commands.draft import Draft


@dataclass
class Begun:
    """A draft, and what was typed in lines that were closed before Enter."""

    draft: "Draft"
    half: dict[str, str] = field(default_factory=dict)


class Drafts:
    """The drafts that were not deployed yet, a source each. `text` is a source that was half typed."""

    def __init__(self) -> None:
        self._begun: dict[tuple[str, str], Begun] = {}
        self.text = ""

    def all(self) -> list[Begun]:
        """Those that say more than a source, the newest first."""
        return [one for one in reversed(self._begun.values()) if one.draft.typed or one.half]

    def of(self, draft: "Draft") -> Begun | None:
        """What was begun for a draft's source; of a repository each folder is another one."""
        return self._begun.get((draft.source, draft.path))

    def keep(self, draft: "Draft", half: dict[str, str]) -> None:
        """Keep it until it is deployed, or somebody starts afresh."""
        self.drop(draft)
        self._begun[draft.source, draft.path] = Begun(draft, half)

    def drop(self, draft: "Draft") -> None:
        """Forget what was begun for a draft's source."""
        self._begun.pop((draft.source, draft.path), None)
