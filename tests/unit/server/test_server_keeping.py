import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from webduh_console.errors import TargetError
from webduh_console.targets.server.keeping import kept


class Asked:
    """Something that is found out once, when `open` is set; how often it was tried is counted."""

    def __init__(self, fails: bool = False) -> None:
        self.open, self.begun, self.fails, self.tried = threading.Event(), threading.Event(), fails, 0

    @kept
    def answer(self) -> int:
        """How often it was asked for."""
        self.tried += 1
        self.begun.set()
        assert self.open.wait(10)
        if self.fails:
            raise TargetError("It does not answer.")
        return self.tried


def test_it_is_found_out_once_for_each_object_whoever_asks() -> None:
    one = Asked()
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(lambda: one.answer) for _ in range(8)]
        one.open.set()
        assert [answer.result() for answer in answers] == [1] * 8
    assert one.tried == 1


def test_one_that_does_not_answer_keeps_nobody_waiting_who_asks_another() -> None:
    slow, quick = Asked(), Asked()
    quick.open.set()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: slow.answer)
        assert slow.begun.wait(10)
        assert quick.answer == 1
        slow.open.set()
        assert waiting.result() == 1


def test_whoever_waited_for_what_failed_hears_the_same_and_later_it_is_tried_again() -> None:
    gone = Asked(fails=True)
    asking = threading.Barrier(2)

    def ask() -> str:
        asking.wait(10)
        with pytest.raises(TargetError) as caught:
            _ = gone.answer
        return caught.value.what

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(ask) for _ in range(2)]
        assert gone.begun.wait(10)
        gone.open.set()
        assert [each.result() for each in both] == ["It does not answer."] * 2
    gone.fails = False
    assert gone.answer == gone.tried
