"""The step of set-up that has schedules looked at each minute."""

from collections.abc import Iterator
from dataclasses import dataclass

from webduh_console.errors import TargetError
from webduh_console.model.events import Event, Output
from webduh_console.model.target import Run, Work
from webduh_console.targets.server import proxy
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.setting_up import SetupStep
from webduh_console.targets.server.survey import Found
from webduh_console.targets.server.tick import Means, command, cron_file, cron_line, ticking, units, words
from webduh_console.targets.server.ticking import NAME, TICK

# Standard input: both units, with a line between them.
_SYSTEMD = r"""
umask 022
cd /etc/systemd/system || exit 1
rm -f .webduh-schedules.new && cat >.webduh-schedules.new || exit 1
sed '/^# timer$/,$d' .webduh-schedules.new >webduh-schedules.service &&
  sed '1,/^# timer$/d' .webduh-schedules.new >webduh-schedules.timer && rm .webduh-schedules.new || exit 1
systemctl daemon-reload && systemctl enable webduh-schedules.timer && systemctl restart webduh-schedules.timer
"""
_CRON_D = r"""
umask 022
cat >/etc/cron.d/.webduh.new && mv /etc/cron.d/.webduh.new /etc/cron.d/webduh
"""
# Words: what its line says at least.
_CRONTAB = r"""
line=$(cat)
{ crontab -l 2>/dev/null | grep -vF "$1"; printf '%s\n' "$line"; } | crontab -
"""
_UNDO = r"""
case $1 in
systemd)
  systemctl disable --now webduh-schedules.timer
  rm -f /etc/systemd/system/webduh-schedules.service /etc/systemd/system/webduh-schedules.timer
  systemctl daemon-reload
  ;;
cron) rm -f /etc/cron.d/webduh ;;
crontab) crontab -l | grep -vF "$2" | crontab - ;;
esac
:
"""


def write_script(folder: RootFolder) -> None:
    """The script is there as this version has it."""
    proxy.write(folder, ".", NAME, TICK)


@dataclass(kw_only=True)
class MakeTick(SetupStep):
    """Schedules are looked at each minute, where the server can do that."""

    name: str = "schedules"
    means: Means = ""

    def describe(self, found: Found) -> str:
        """What would be installed; nothing where there is nothing to install it with."""
        state = ticking(found, self.folder.layout.root)
        return "" if state.works or not state.means else f"have {words(state)} look at schedules each minute"

    def change(self, run: Run, found: Found) -> Iterator[Event]:
        """Write the script, and the timer or the line that starts it."""
        root = self.folder.layout.root
        self.means = ticking(found, root).means
        write_script(self.folder)
        if self.means == "systemd":
            text = "# timer\n".join(units(root).values())
            answer = self.machine.sh(_SYSTEMD, stdin=text.encode(), root=True)
        elif self.means == "cron":
            answer = self.machine.sh(_CRON_D, stdin=cron_file(root).encode(), root=True)
        else:
            answer = self.machine.sh(_CRONTAB, command(root), stdin=cron_line(root).encode())
        if answer.code:
            raise self._failed(answer.err)
        self.made.append(NAME)
        yield Output(text=f"schedules are looked at each minute, by {words(ticking(found, root))}")

    def undo(self, run: Run) -> Work:
        """Take it away if this run made it."""
        root = self.folder.layout.root
        if self.made:
            self.machine.sh(_UNDO, self.means, command(root), root=self.means != "crontab")
            self.made.clear()
            yield Output(text="schedules are not looked at any more")
        return {}

    def _failed(self, why: str) -> TargetError:
        return self.failed(f"Schedules cannot be looked at on {self.place}.", why, "Look at the server's log.")
