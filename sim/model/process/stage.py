"""Where one trial is played: its clock, its log and its numbers."""

from collections.abc import Generator
from typing import final

import simpy

from sim.dates import MONTH
from sim.model.process.numbers import Numbers
from sim.model.process.story import Event

Acting = Generator[simpy.Event, object, None]
"""What a part of the trial does in time."""


@final
class Stage:
    """The clock, the log and the numbers of one draw.

    Parameters
    ----------
    seed : the run's seed.
    draw : the number of the draw.
    """

    def __init__(self, seed: int, draw: int) -> None:
        self.clock = simpy.Environment()
        self.events: list[Event] = []
        self._seed = seed
        self._draw = draw

    def note(self, who: str, what: str, detail: str = "") -> None:
        """Write a line of the log, now."""
        self.events.append(Event(self.clock.now, who, what, detail))

    def until(self, month: float) -> simpy.Timeout:
        """Wait for a month; one that is past is now."""
        return self.clock.timeout(max(0.0, month - self.clock.now))

    def days(self, days: float) -> simpy.Timeout:
        """Wait so many days."""
        return self.clock.timeout(days / MONTH)

    def numbers(self, name: str) -> Numbers:
        """The random numbers of a part of the trial."""
        return Numbers(self._seed, f"process.{name}", self._draw)
