"""Asking somebody else's code a question, without waiting for ever for an answer."""

import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

_T = TypeVar("_T")
_Answer = tuple[bool, Any]


class HungError(Exception):
    """There was no answer in time."""


class Asker:
    """Asks one question at a time, in a thread that is given up for another one when an answer does not come.

    A thread is not to be stopped from outside: one that is given up goes on until its question ends, or the program.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._questions: queue.SimpleQueue[Callable[[], Any] | None] | None = None
        self._answers: queue.SimpleQueue[_Answer] = queue.SimpleQueue()

    def ask(self, question: Callable[[], _T]) -> _T:
        """The answer, or whatever the question raises; HungError when it takes too long."""
        if self._questions is None:
            self._begin()
        assert self._questions is not None
        self._questions.put(question)
        try:
            well, answer = self._answers.get(timeout=self._seconds)
        except queue.Empty:
            self._questions = None
            raise HungError(f"no answer within {self._seconds:g} s") from None
        if not well:
            raise answer
        found: _T = answer
        return found

    def end(self) -> None:
        """Let the thread go."""
        if self._questions is not None:
            self._questions.put(None)

    def _begin(self) -> None:
        questions: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        answers: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
        self._questions, self._answers = questions, answers
        threading.Thread(target=_answer, args=(questions, answers), name="plugins", daemon=True).start()


def _answer(questions: "queue.SimpleQueue[Callable[[], Any] | None]", answers: "queue.SimpleQueue[_Answer]") -> None:
    while (question := questions.get()) is not None:
        try:
            answers.put((True, question()))
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to whoever asked
            answers.put((False, error))
