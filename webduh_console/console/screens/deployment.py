"""A deployment: its steps as they go, their output, how it ended. Leaving the screen stops nothing."""

from collections.abc import Iterable
from typing import ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from webduh_console.console import planning
from webduh_console.console.actions import Action, bindings
from webduh_console.console.cells import environment_role
from webduh_console.console.deployments import Live
from webduh_console.console.logs.entries import Entry, made
from webduh_console.console.places import Place
from webduh_console.console.screens.base import ConsoleScreen
from webduh_console.console.timeline import StepView
from webduh_console.console.widgets.lines import Lines, error_lines, paragraph
from webduh_console.console.widgets.log_pane import LogPane
from webduh_console.console.widgets.steps import Steps
from webduh_console.console.widgets.table import titled
from webduh_console.console.words import OUTCOMES, Piece, seconds, spinner
from webduh_console.model.events import AnyEvent, Output


class EventsRead(Message):
    """What the state has of a deployment that another process runs."""

    def __init__(self, events: list[AnyEvent]) -> None:
        super().__init__()
        self.events = events


def output_entry(step: StepView, output: Output) -> Entry:
    """A line of output as the log pane keeps it; its source is the step."""
    return made(output.at.timestamp(), output.stream, step.name, output.text)


class DeploymentScreen(ConsoleScreen, inherit_bindings=False):
    """One deployment."""

    CSS_PATH = "deployment.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("screen", "deployment")

    def __init__(self, live: Live) -> None:
        super().__init__()
        self.live = live
        self.everything = False
        self._shown: tuple[object, int] = (None, 0)
        self._reading = False

    @property
    def place(self) -> Place | None:
        """The deployment; steps that belong to none are not kept."""
        return Place("deployment", name=self.live.id) if self.live.key.app else None

    def crumb(self) -> Piece:
        """What is deployed."""
        return (f"{self.live.action} {self.live.key.app or self.live.target}", "text")

    def body(self) -> Iterable[Widget]:
        """What it is and how it goes; steps; output."""
        yield Lines(id="head")
        steps, output = Steps(id="steps"), LogPane("output", self.console.zone, "No output.", self.console.clock)
        for pane, title in ((steps, "Steps"), (output, "Output")):
            pane.add_class("pane")
            titled(pane, title)
        yield Container(steps, output, id="panes")

    @property
    def steps(self) -> Steps:
        """The steps."""
        return self.query_one(Steps)

    @property
    def output(self) -> LogPane:
        """The output."""
        return self.query_one(LogPane)

    def on_mount(self) -> None:
        """Go along with the work."""
        self.query_one("#head", Lines).can_focus = False
        self.console.deployment_signal.subscribe(self, self._moved)
        self._ticking = self.set_interval(0.1, self._tick)
        self.steps.focus()
        self.show()
        if not self.live.own and not self.live.over and self.console.every > 0:
            self.set_interval(0.5, self._read)

    def _moved(self, live: Live) -> None:
        if live is self.live:
            self.show()
            self.refresh_line()

    def _tick(self) -> None:
        if self.live.over:
            self._ticking.pause()
        self._show_steps()

    def _read(self) -> None:
        if not self._reading and not self.live.over:
            self._reading = True
            self._read_events()

    @work(thread=True, exclusive=True, group="events", exit_on_error=False)
    def _read_events(self) -> None:
        from webduh_console.commands import api

        self.post_message(EventsRead(list(api.events(self.console.context, self.live.id))))

    def on_events_read(self, message: EventsRead) -> None:
        """Take what is new."""
        self._reading = False
        timeline = self.live.timeline
        for event in message.events[timeline.taken :]:
            timeline.take(event)
        self.show()

    def show(self) -> None:
        """Show everything as it is now."""
        self._show_steps()
        self._show_output()
        self.refresh_bindings()

    def _show_steps(self) -> None:
        head = self.query_one("#head", Lines)
        lines = self._head(max(20, self.size.width - 4))
        head.put(lines)
        head.styles.height = min(len(lines), max(2, self.size.height // 2))
        self.steps.put(self.live.timeline, self.console.clock())
        ended, of = self.live.timeline.position()
        titled(self.steps, "Steps", f"{ended} of {of}" if of else "")

    def _head(self, width: int) -> list[list[Piece]]:
        """What is done where, how it stands, and what went wrong."""
        live, timeline = self.live, self.live.timeline
        verbs = {"deploy": "Deploy", "rollback": "Roll back", "set-up": "Set up"}
        what: list[Piece] = [(f" {verbs.get(live.action, live.action.capitalize())} ", "muted")]
        if live.key.app:
            what += [
                (live.key.app, "bold text"),
                ("  ", "text"),
                (live.key.environment, f"bold {environment_role(live.key.environment)}"),
                ("  on ", "faint"),
            ]
        what.append((live.target, "text" if live.key.app else "bold text"))
        if not live.own:
            what.append(("  in another webduh" if not live.over else "", "faint"))
        lines: list[list[Piece]] = [what, [(" ", "text"), *self._standing()]]
        if live.error is not None:
            lines += [[], *_indented(error_lines(live.error.as_dict(), width))]
        elif timeline.finished is not None and timeline.finished.error:
            lines += [[], *_indented(error_lines(timeline.finished.error, width))]
        elif timeline.reverting is not None:
            lines += _indented(paragraph(timeline.reverting, width, "text", "because", "faint"))
        for warning in timeline.warnings[-3:]:
            lines += _indented(paragraph(f"{warning.text} {warning.hint}".strip(), width, "text", "!", "bold warn"))
        return [*lines, []]

    def _standing(self) -> list[Piece]:
        live, timeline, now = self.live, self.live.timeline, self.console.clock()
        took = seconds(timeline.elapsed(now))
        if live.error is not None:
            return [("✗ not begun", "bold bad")]
        if timeline.finished is not None:
            return self._ending(took)
        if live.cancelling or timeline.reverting is not None:
            return [(f"{spinner(now)} ↩ taking back", "bold warn"), (f"  {took}", "muted")]
        if timeline.serving is not None:
            return [
                (f"● serving v{timeline.serving.release}", "bold good"),
                (f"  {timeline.serving.url}", "accent"),
                (f"  after {seconds(timeline.serving.seconds)}", "muted"),
                ("  ·  retiring what served before", "faint"),
            ]
        step = timeline.current()
        doing = f" · {step.name}" if step is not None and step.state == "running" else ""
        return [
            (f"{spinner(now)} {'deploying' if live.key.app else 'at work'}", "bold busy"),
            (doing, "text"),
            (f" · {took}", "muted"),
        ]

    def _ending(self, took: str) -> list[Piece]:
        finished = self.live.timeline.finished
        assert finished is not None
        glyph, word, role = OUTCOMES[finished.outcome]
        if finished.outcome == "done" and not self.live.key.app:
            return [(f"{glyph} done", "bold good"), (f"  {took}", "muted")]
        if finished.outcome == "done":
            serving = self.live.timeline.serving
            after = f"  serving after {seconds(serving.seconds)}, all done after {took}" if serving else f"  {took}"
            number = f" v{finished.release}" if finished.release else ""
            return [(f"● serving{number}", "bold good"), (f"  {finished.url}", "accent"), (after, "muted")]
        back = f"  everything was taken back{'; what served before serves on' if self.live.key.app else ''}"
        meaning = "" if finished.outcome == "failed" else back
        return [(f"{glyph} {word}", f"bold {role}"), (f"  {took}", "muted"), (meaning, "text")]

    def _show_output(self) -> None:
        """The chosen step's lines, or all; only what is new is added."""
        timeline = self.live.timeline
        step = None if self._whole() else self.steps.step
        chosen = timeline.output if step is None else [(step, line) for line in step.lines]
        subject = None if step is None else (step.name, step.place)
        before, count = self._shown
        entries = [output_entry(*pair) for pair in (chosen[count:] if subject == before else chosen)]
        if subject != before or count == 0:
            self.output.replace(entries)
        elif entries:
            self.output.add(entries)
        self._shown = (subject, len(chosen))
        self._output_title()

    def _whole(self) -> bool:
        """Whether all output is shown: when it is wished, and when all is done and no step was chosen."""
        finished = self.live.timeline.finished
        return self.everything or (self.steps.follows and finished is not None and finished.outcome == "done")

    def _output_title(self) -> None:
        step = self.steps.step
        name = "all steps" if self._whole() or step is None else step.name
        titled(self.output, f"Output · {name}", self.output.state_words())

    def can(self, action: Action) -> bool:
        """Only what runs here can be cancelled; an address is there when it serves."""
        if action.needs == "running":
            return self.live.own and not (self.live.over or self.live.cancelling or self.live.timeline.reverting)
        return bool(self._url()) if action.needs == "address" else True

    def _url(self) -> str:
        timeline = self.live.timeline
        return (timeline.finished.url if timeline.finished else "") or (
            timeline.serving.url if timeline.serving else ""
        )

    def look_for(self, needle: str) -> None:
        """Filter the output."""
        self.output.look_for(needle)

    def needle(self) -> str:
        """The filter of the output."""
        return self.output.needle

    @on(Steps.Moved)
    def _step_chosen(self) -> None:
        self._show_output()

    @on(Steps.Chosen)
    def _open_output(self) -> None:
        self.everything, self.steps.follows = False, False
        self._show_output()
        self.output.focus()

    @on(LogPane.Changed)
    def _output_changed(self) -> None:
        self._output_title()

    async def action_filter(self) -> None:
        """Type a filter for the output."""
        self.output.action_filter_lines()

    def action_all_output(self) -> None:
        """The output of every step, or of the chosen one."""
        self.everything = not self._whole()
        self.steps.follows = self.steps.follows and self.everything
        self._show_output()

    def action_follow(self) -> None:
        """Go along with the work again."""
        self.steps.follows = True
        self.output.action_last()
        self.show()

    def action_open_address(self) -> None:
        """What serves, in the browser."""
        planning.browse(self.console, self._url())

    def action_cancel(self) -> None:
        """Ask, then cancel and watch the way back."""
        from webduh_console.console.screens.dialogs import ConfirmScreen

        done = [step.name for step in self.live.timeline.steps if step.state == "done"]
        says = [f"The {self.live.title} is cancelled."]
        says.append(
            f"What was done so far is taken back in reverse: {', '.join(reversed(done))}."
            if done
            else "Nothing was done so far."
        )
        if self.live.timeline.serving is None and self.live.key.app:
            says.append("What served before serves on.")
        self.app.push_screen(
            ConfirmScreen("Cancel the deployment?" if self.live.key.app else f"Cancel the {self.live.action}?", says),
            self._cancel,
        )

    def _cancel(self, agreed: bool | None) -> None:
        if agreed and self.live.cancel is not None and not self.live.over:
            self.live.cancel.set()
            self.steps.follows = True
            self.show()


def _indented(lines: list[list[Piece]]) -> list[list[Piece]]:
    return [[(" ", "text"), *line] for line in lines]
