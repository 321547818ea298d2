"""Accounts that take in draws by sleeping: what a cluster costs is told apart from the work, and from other load."""

import time
from dataclasses import dataclass

import numpy as np

from sim.execution.accounts import Progress
from sim.results.parts import Parts


@dataclass
class Sleeper:
    """Has the face of `sim.execution.accounts.Accounts`.

    Attributes
    ----------
    seconds : that a draw takes.
    taken : draws so far.
    """

    seconds: float
    taken: int = 0

    def fresh(self) -> "Sleeper":
        """Without its draws."""
        return Sleeper(self.seconds)

    def take(self, draws: range, _chunk: int, progress: Progress) -> None:
        """Sleep."""
        time.sleep(self.seconds * len(draws))
        self.taken += len(draws)
        progress(len(draws))

    def handed_over(self) -> "tuple[Parts, Sleeper]":
        """How many there were, and what sleeps for others."""
        return {"taken": np.array(self.taken)}, self.fresh()

    def add_parts(self, parts: Parts) -> None:
        """Take in those of others."""
        self.taken += int(parts["taken"])
