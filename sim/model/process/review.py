"""The historical-control team: it reads charts week by week, and a committee takes controls from its candidates."""

import math
from collections.abc import Iterator
from typing import final

import numpy as np
import simpy

from sim.draws.streams import FloatArray
from sim.model.process.numbers import Numbers
from sim.model.process.plan import ReviewPlan
from sim.model.process.stage import Acting, Stage

_WEEK = 7.0
"""Days."""

_BLOCK = 256
"""Candidates whose charts are worked out at a time."""

_WHO = "control team"


@final
class Review:
    """The historical arm of one trial.

    The team is one resource: it cannot read charts in the weeks in which it reviews again. Reading stops with the chart
    of the last control wanted, and the arm is complete when the committee has met at the end of that week.

    Parameters
    ----------
    stage : clock, log and numbers.
    plan : of the review.
    """

    def __init__(self, stage: Stage, plan: ReviewPlan) -> None:
        self.complete = stage.clock.event()
        self.month = math.inf
        self.found = 0
        self.charts = 0
        self.candidates = 0
        self._stage = stage
        self._plan = plan
        available = plan.charts_available
        self._charts_available = available if math.isinf(available) else math.floor(available)
        self._team = simpy.Resource(stage.clock)
        self._again = stage.numbers("control_team.re_review")
        self._coming = _candidates(stage.numbers("control_team.charts"), plan)
        self._next = next(self._coming, None)
        stage.clock.process(self._work())

    def _work(self) -> Acting:
        """From the first chart to the last control."""
        yield self._stage.until(self._plan.start)
        self._stage.note(_WHO, "begins to read charts", f"{self._plan.target} controls wanted")
        yield from self._search()
        if self._again.uniform() < self._plan.re_review:
            yield from self._review_again()
            yield from self._search()
        self.month = self._stage.clock.now
        self._stage.note(_WHO, "control arm is complete", f"{self.found} controls from {self.charts} charts")
        self.complete.succeed()

    def _search(self) -> Acting:
        """Read weekly batches until the controls are found or the charts at an end."""
        plan = self._plan
        before, weeks = self.charts, 0
        with self._team.request() as turn:
            yield turn
            while self.found < plan.target and self.charts < self._charts_available:
                yield self._stage.days(_WEEK)
                weeks += 1
                self._meet(min(before + weeks * plan.charts_per_week, self._charts_available))

    def _meet(self, last: float) -> None:
        """The committee's weekly meeting over the candidates up to a chart."""
        read, presented, taken = self.charts, 0, 0
        self.charts = int(last)
        while self._next is not None and self._next[0] <= last and self.found < self._plan.target:
            chart, is_control = self._next
            presented += 1
            if is_control:
                taken += 1
                self.found += 1
                if self.found == self._plan.target:
                    self.charts = chart
            self._next = next(self._coming, None)
        self.candidates += presented
        self._stage.note(
            _WHO,
            f"reads {self.charts - read} charts",
            f"{presented} candidates, {taken} taken; {self.found} of {self._plan.target} controls",
        )

    def _review_again(self) -> Acting:
        """Every control found is looked at once more; some do not stand."""
        with self._team.request() as turn:
            yield turn
            yield self._stage.days(_WEEK * self._plan.re_review_weeks)
        stands = sum(self._again.uniform() < self._plan.kept for _ in range(self.found))
        self._stage.note(_WHO, "reviews the controls again", f"{stands} of {self.found} stand")
        self.found = stands


def _candidates(numbers: Numbers, plan: ReviewPlan) -> Iterator[tuple[int, bool]]:
    """Number of each chart that is a candidate, from 1, and whether the committee takes it; without end.

    Charts are alike, so that the number of charts from one candidate to the next is geometric.
    """
    if plan.candidate_yield <= 0.0:
        return
    read = 0
    while True:
        uniform = numbers.block(_BLOCK, 2)
        charts = read + np.cumsum(_geometric(uniform[:, 0], plan.candidate_yield))
        read = int(charts[-1])
        yield from zip(charts.tolist(), (uniform[:, 1] < plan.committee_yield).tolist(), strict=True)


def _geometric(uniform: FloatArray, probability: float) -> FloatArray:
    """Charts up to and with the first candidate: [place]."""
    if probability >= 1.0:
        return np.ones_like(uniform)
    return np.maximum(np.ceil(np.log1p(-uniform) / math.log1p(-probability)), 1.0)
