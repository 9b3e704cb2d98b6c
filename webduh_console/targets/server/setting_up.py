"""What the steps that make a server ready share: how it shall be, what it said last, and how a step goes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from webduh_console.errors import TargetError
from webduh_console.model.events import Event, Output, Phase
from webduh_console.model.target import Run, Work
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.layout import ROOT, Layout
from webduh_console.targets.server.survey import Found, survey
from webduh_console.transport.machine import Machine


@dataclass(frozen=True)
class Options:
    """How a server is set up. `http` and `https` are the ports that Traefik is reached on."""

    install_docker: bool = False
    http: int = 80
    https: int = 443

    @property
    def ports(self) -> tuple[int, int]:
        """Both ports."""
        return self.http, self.https


class Look:
    """What a server said last; whoever changes something there forgets it.

    A `folder` at the usual place only says where to look first: it becomes the one where the records are or will be.
    """

    def __init__(self, folder: RootFolder, ports: tuple[int, int]) -> None:
        self.folder, self._ports = folder, ports
        self._found: Found | None = None

    def found(self) -> Found:
        """What the server says, asked anew after a change."""
        if not self._found:
            self._found = survey(self.folder, self._ports)
            before = self.folder.layout
            # Who has to ask Docker is only known once there is one.
            self.folder = RootFolder(self.folder.machine, before, only_as_root(self._found))
            if before.root == ROOT:
                self.folder = settled(self.folder, self._found)
            if self.folder.layout.root != before.root:
                self._found = survey(self.folder, self._ports)
        return self._found

    def forget(self) -> None:
        """Something was changed there."""
        self._found = None


@dataclass(kw_only=True)
class SetupStep:
    """The part that all steps share. Of a run only its `cancel` is read.

    `made` is what this step object made, and so may take away again.
    """

    look: Look
    options: Options = Options()
    name: str = ""
    phase: Phase = "prepare"
    made: list[str] = field(default_factory=list)

    @property
    def place(self) -> str:
        """The server's name."""
        return self.machine.name

    @property
    def folder(self) -> RootFolder:
        """The root folder there."""
        return self.look.folder

    @property
    def machine(self) -> Machine:
        """The server."""
        return self.folder.machine

    def describe(self, found: Found) -> str:
        """What it would do on a server like this; empty when there is nothing to do."""
        raise NotImplementedError

    def refusal(self, found: Found) -> TargetError | None:
        """Why it cannot do what `describe` says; None when it can."""
        return None

    def change(self, run: Run, found: Found) -> Iterator[Event]:
        """Do what `describe` says; it was not refused."""
        raise NotImplementedError

    def do(self, run: Run) -> Work:
        """Look, and do what is not so yet; the figure `changed` says whether anything was."""
        found = self.look.found()
        if not self.describe(found):
            yield Output(text="nothing to do")
            return {"changed": 0.0}
        run.cancel.check()
        if error := self.refusal(found):
            raise error
        self.look.forget()
        yield from self.change(run, found)
        return {"changed": 1.0}

    def undo(self, run: Run) -> Work:
        """Take away what this run made."""
        yield from ()
        return {}

    def failed(self, what: str, why: str, hint: str) -> TargetError:
        """An error of setup, which leaves the apps alone."""
        kept = "What served before serves on; what was set up before stays."
        return TargetError(what, why=f"{why.strip().rstrip('.') or 'It did not say why'}.", kept=kept, hint=hint)


def only_as_root(found: Found) -> bool:
    """Whether Docker answers root there, and not us."""
    return found.one("rights") == "sudo -n" and found.one("docker.as") == "root"


def settled(folder: RootFolder, found: Found) -> RootFolder:
    """The folder where this server's records are or will be, and whether its Docker is only reached as root.

    Traefik's container knows the folder; else it is /var/lib/webduh, or one in the user's home without root rights.
    """
    root = found.one("traefik.root") or (ROOT if found.root or found.one("root.writable") else "")
    return RootFolder(folder.machine, Layout(root or f"{found.one('home')}/.webduh"), only_as_root(found))
