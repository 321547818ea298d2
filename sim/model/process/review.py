"""The historical-control team: it reads charts week by week, and a committee takes controls from its candidates."""

import math
from collections.abc import Iterator
from typing import NamedTuple, final

import numpy as np
import simpy

from sim.draws.counts import binomial_quantile
from sim.draws.streams import FloatArray
from sim.model.process.plan import ReviewPlan
from sim.model.process.stage import Acting, Stage

_WEEK = 7.0
"""Days."""

_ENDLESS = 2.0**50
"""Charts that are never all reviewed, as in the exact law."""

_WHO = "control team"


class Meeting(NamedTuple):
    """A weekly meeting of the committee in which it takes somebody, or the last.

    Attributes
    ----------
    week : of the search, from 1.
    charts : read in the search by then.
    presented, taken : candidates since the meeting before, and controls among them.
    """

    week: float
    charts: int
    presented: int
    taken: int


@final
class Review:
    """The historical arm of one trial.

    The team is one resource: it cannot read charts in the weeks in which it reviews again. Reading stops with the chart
    of the last control wanted, and the arm is complete when the committee has met at the end of that week. Weeks in
    which the committee takes nobody are told with the next in which it does: rare controls take years, but no work.

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
        self._charts_available = math.inf if available >= _ENDLESS else math.floor(available)
        self._team = simpy.Resource(stage.clock)
        self._again = stage.numbers("control_team.re_review")
        self._hits = stage.numbers("control_team.charts")
        self._others = stage.numbers("control_team.candidates")
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
        """Read weekly batches until the controls are found or the charts at an end; without either, for ever."""
        before, weeks = self.charts, 0.0
        with self._team.request() as turn:
            yield turn
            for meeting in self._meetings():
                yield self._stage.days(_WEEK * (meeting.week - weeks))
                self._meet(meeting, before, meeting.week - weeks)
                weeks = meeting.week
            if self.found < self._plan.target and self.charts < self._charts_available:
                yield self._stage.clock.event()

    def _meetings(self) -> Iterator[Meeting]:
        """The meetings of a search that starts now.

        Charts are alike, so that the charts from one control to the next are geometric, and those between are
        candidates independently of each other.
        """
        plan, wanted = self._plan, self._plan.target - self.found
        chance, left = plan.candidate_yield * plan.committee_yield, self._charts_available - self.charts
        if not wanted or not left:
            return
        charts = np.cumsum(_geometric(self._hits.block(wanted, 1)[:, 0], chance))
        charts = charts[(charts <= left) & (charts < _ENDLESS)]
        last = charts[-1:] if len(charts) == wanted else np.full(0 if math.isinf(left) else 1, left)
        weeks, taken = np.unique(np.ceil(charts / plan.charts_per_week), return_counts=True)
        ending = np.setdiff1d(np.ceil(last / plan.charts_per_week), weeks)
        weeks, taken = np.append(weeks, ending), np.append(taken, np.zeros(len(ending), dtype=np.int64))
        least = np.concatenate([[0.0], charts])[np.cumsum(taken)]
        read = np.maximum(np.floor(weeks * plan.charts_per_week), least)
        read[len(read) - len(last) :] = last
        fails = np.diff(read, prepend=0.0).astype(np.int64) - taken
        share = np.full(len(weeks), (plan.candidate_yield - chance) / (1.0 - chance) if chance < 1.0 else 0.0)
        presented = taken + binomial_quantile(self._others.block(len(weeks), 1)[:, 0], fails, share)
        yield from map(Meeting, weeks.tolist(), read.astype(np.int64).tolist(), presented.tolist(), taken.tolist())

    def _meet(self, meeting: Meeting, before: int, weeks: float) -> None:
        """The committee's meeting over the candidates of so many weeks."""
        read, self.charts = self.charts, before + meeting.charts
        self.candidates += meeting.presented
        self.found += meeting.taken
        self._stage.note(
            _WHO,
            f"reads {self.charts - read} charts" + (f" in {weeks:.0f} weeks" if weeks > 1 else ""),
            f"{meeting.presented} candidates, {meeting.taken} taken; {self.found} of {self._plan.target} controls",
        )

    def _review_again(self) -> Acting:
        """Every control found is looked at once more; some do not stand."""
        with self._team.request() as turn:
            yield turn
            yield self._stage.days(_WEEK * self._plan.re_review_weeks)
        stands = sum(self._again.uniform() < self._plan.kept for _ in range(self.found))
        self._stage.note(_WHO, "reviews the controls again", f"{stands} of {self.found} stand")
        self.found = stands


def _geometric(uniform: FloatArray, probability: float) -> FloatArray:
    """Charts up to and with the first that is a control, infinite where none ever is: [place]."""
    if probability >= 1.0:
        return np.ones_like(uniform)
    if probability <= 0.0:
        return np.full_like(uniform, np.inf)
    return np.maximum(np.ceil(np.log1p(-uniform) / math.log1p(-probability)), 1.0)
