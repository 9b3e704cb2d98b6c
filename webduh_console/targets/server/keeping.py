"""A property that is found out once for each object, whoever asks."""

import copy
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from webduh_console.errors import TargetError

T = TypeVar("T")


class kept(Generic[T]):  # noqa: N801 - a decorator, named as those of functools are
    """Like `functools.cached_property`, whose lock in Python 3.11 is one for all objects: here one server that does not
    answer keeps nobody waiting who asks another.

    Whoever waited for something that could not be found out hears the same error.
    """

    def __init__(self, find: Callable[[Any], T]) -> None:
        self._find = find
        self._making = threading.Lock()
        self.__doc__ = find.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> "kept[T]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> "kept[T] | T":
        if instance is None:
            return self
        asked = time.monotonic()
        state = self._state(instance)
        with state.lock:
            if self._name not in instance.__dict__:
                if state.failed_at >= asked:
                    raise copy.copy(state.failure)
                try:
                    instance.__dict__[self._name] = self._find(instance)
                except TargetError as error:
                    state.failed_at, state.failure = time.monotonic(), error
                    raise
            found: T = instance.__dict__[self._name]
            return found

    def _state(self, instance: object) -> "_State":
        with self._making:
            made: _State = instance.__dict__.setdefault(f"_{self._name}_state", _State())
            return made


class _State:
    """Who is at it for one object, and how it failed last."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.failed_at = -1.0
        self.failure = TargetError("")
