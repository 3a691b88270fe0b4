"""Hands: who hands messages over to providers, each with connections of its own, while somebody else keeps the books."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from relance.delivery.port import Message, Receipt
from relance.delivery.registry import Channels
from relance.delivery.strides import Taken

GATHER_S = 0.001
"""How long whoever has ended waits for others to share a commit: little beside a provider's answer, much beside a local one's."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a message that was handed over: a receipt, or why there is none. `taken` is None where a hand broke down."""

    taken: Taken | None
    outcome: Receipt | BaseException


class Hands:
    """Threads that hand over one message each. `busy`: messages that were given and whose end nobody has heard of."""

    def __init__(self, number: int, make: Callable[[], Channels]) -> None:
        self.number = number
        self.busy = 0
        self._make = make
        self._tasks: SimpleQueue[tuple[Taken, Message] | None] = SimpleQueue()
        self._ended: SimpleQueue[Ended] = SimpleQueue()
        self._threads = [threading.Thread(target=self._work, name=f"sender-{one}") for one in range(number)]

    def start(self) -> None:
        """Begin to wait for messages."""
        for thread in self._threads:
            thread.start()

    def give(self, taken: Taken, message: Message) -> None:
        """Have a message handed over by whoever is free."""
        self.busy += 1
        self._tasks.put((taken, message))

    def ended(self, wait_s: float | None) -> list[Ended]:
        """What has ended since; waits for the first up to `wait_s` seconds, or (None) for as long as it takes.

        It then waits a moment for the others, so that they share a commit.
        """
        found: list[Ended] = []
        with suppress(Empty):
            if self.busy:
                found.append(self._ended.get(timeout=wait_s) if wait_s != 0 else self._ended.get_nowait())
                until = time.monotonic() + GATHER_S
                while len(found) < self.busy:
                    found.append(self._ended.get(timeout=max(until - time.monotonic(), 0)))
            elif wait_s:
                time.sleep(wait_s)
        self.busy -= sum(one.taken is not None for one in found)
        return found

    def stop(self) -> None:
        """Wait until each has ended what it was given, and close their connections."""
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        try:
            with self._make() as channels:
                while (task := self._tasks.get()) is not None:
                    self._ended.put(_handed_over(channels, *task))
        except BaseException as error:  # noqa: BLE001 - raised where its end is heard of
            self._ended.put(Ended(None, error))


class OneHand(Hands):
    """Hands a message over at once, in the caller's own thread: for one sender threads are of no use."""

    def __init__(self, channels: Channels) -> None:
        super().__init__(1, lambda: channels)
        self._channels = channels
        self._done: list[Ended] = []

    def start(self) -> None:
        """Nothing to be done."""

    def give(self, taken: Taken, message: Message) -> None:
        """Hand a message over."""
        self.busy += 1
        self._done.append(_handed_over(self._channels, taken, message))

    def ended(self, wait_s: float | None) -> list[Ended]:
        """What has ended since."""
        if not self._done and wait_s:
            time.sleep(wait_s)
        found, self._done = self._done, []
        self.busy -= len(found)
        return found

    def stop(self) -> None:
        """Nothing to be done: the channels are the caller's."""


@contextmanager
def hands(number: int, make: Callable[[], Channels], channels: Channels) -> Iterator[Hands]:
    """As many hands as senders, at work until the block ends; one alone uses the caller's channels."""
    found = OneHand(channels) if number == 1 else Hands(number, make)
    found.start()
    try:
        yield found
    finally:
        found.stop()


def _handed_over(channels: Channels, taken: Taken, message: Message) -> Ended:
    try:
        return Ended(taken, channels.of(message).send(message))
    except BaseException as error:  # noqa: BLE001 - judged by who keeps the books
        return Ended(taken, error)
