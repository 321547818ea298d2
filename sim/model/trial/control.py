"""The historical controls: patients found by reviewing charts, and sometimes lost when they are reviewed again.

The charts that a number of controls takes are negative binomial, and each search is the exact quantile of one uniform
number: monotone, so that two plans share their luck. Where the charts end first, the controls in them are the binomial
quantile of the complementary number, which is the same event seen from its other side.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc, gammaincinv

from sim.dates import MONTH
from sim.draws.counts import binomial_quantile
from sim.draws.streams import FloatArray
from sim.model.trial.plan import IntArray, TrialStreams

_WEEK = 7 / MONTH
"""A week in months."""

_ENDLESS = 2.0**50
"""Charts that are never all reviewed: beyond it, whole numbers run out of digits."""

_NARROW = 0.1
"""Standard deviations to either side of the first guess at a quantile: near enough to start from, seldom too near."""


@dataclass(frozen=True)
class ChartReview:
    """How the historical controls are found.

    Attributes
    ----------
    target : controls wanted.
    start : when the review starts, [draw], months since the trial's start.
    charts_per_week : reviewed by the team, [draw]; above 0.
    candidate_yield : share of charts that show a candidate, [draw].
    committee_yield : share of candidates that the review committee takes as controls, [draw].
    charts_available : charts there are, [draw]; infinite is no end.
    re_review : probability that the included are reviewed again, [draw].
    kept : share of the included who stand then, [draw].
    re_review_weeks : how long that takes, [draw], weeks.
    """

    target: int
    start: FloatArray
    charts_per_week: FloatArray
    candidate_yield: FloatArray
    committee_yield: FloatArray
    charts_available: FloatArray
    re_review: FloatArray
    kept: FloatArray
    re_review_weeks: FloatArray

    @property
    def chart_yield(self) -> FloatArray:
        """Probability that a chart is a control: [draw]."""
        return self.candidate_yield * self.committee_yield


@dataclass(frozen=True)
class Controls:
    """The control arm as it came out.

    Attributes
    ----------
    months : when it is complete, with the target reached or with no chart left, [draw], months since the trial's start.
    charts : reviewed by then, [draw].
    found : controls at the end, [draw]; 0 where the review never ends.
    """

    months: FloatArray
    charts: FloatArray
    found: IntArray


def review(plan: ChartReview, streams: TrialStreams) -> Controls:
    """Review charts until the target is reached or no chart is left, in whole weeks.

    Where the included are reviewed again, those who do not stand are searched in further charts.

    Parameters
    ----------
    plan : of the review.
    streams : of the trial.
    """
    wanted = np.full(len(streams.draws), plan.target)
    charts, included = _search(streams.one("charts"), wanted, plan.chart_yield, plan.charts_available)
    again = streams.one("re_review") < plan.re_review
    stood = np.where(again, binomial_quantile(streams.one("kept"), included, plan.kept), included)
    left = _left(plan.charts_available, charts)
    more, replaced = _search(streams.one("further_charts"), included - stood, plan.chart_yield, left)
    weeks = np.ceil(charts / plan.charts_per_week) + np.ceil(more / plan.charts_per_week)
    months = plan.start + _WEEK * (weeks + np.where(again, plan.re_review_weeks, 0.0))
    return Controls(months, charts + more, stood + replaced)


def expected_review(plan: ChartReview) -> Controls:
    """The review without chance: expected charts and weeks, not whole; the controls to the nearest whole patient."""
    wanted = np.full(plan.start.shape, float(plan.target))
    charts, included = _expected_search(wanted, plan.chart_yield, plan.charts_available)
    lost = plan.re_review * (1.0 - plan.kept) * included
    left = _left(plan.charts_available, charts)
    more, replaced = _expected_search(lost, plan.chart_yield, left)
    weeks = (charts + more) / plan.charts_per_week + plan.re_review * plan.re_review_weeks
    found = np.rint(included - lost + replaced).astype(np.int64)
    return Controls(plan.start + _WEEK * weeks, charts + more, found)


def charts_needed(u: FloatArray, controls: IntArray, chart_yield: FloatArray, available: FloatArray) -> FloatArray:
    """The smallest m with P[N <= m] >= u, N being the charts up to and with the last of these controls.

    P[N <= m] is the regularised beta function; a gamma distribution of the same mean and variance says where to look,
    and halving the distance finds the chart. The guess decides how much work that is, never the answer.

    Parameters
    ----------
    u : uniform numbers strictly between 0 and 1, [draw].
    controls : wanted, [draw].
    chart_yield : probability that a chart is a control, [draw].
    available : charts there are, [draw].

    Returns
    -------
    Charts, [draw]; infinite where those available do not suffice.
    """
    high: FloatArray = np.minimum(np.floor(available), _ENDLESS)
    reached = _suffice(high, u, controls, chart_yield)
    low: FloatArray = np.where(reached, controls, high) - 1.0
    shape, scale = np.maximum(controls, 1), np.maximum(chart_yield, 1.0 / _ENDLESS)
    spread = np.sqrt(1.0 - chart_yield)
    guess = (shape + (gammaincinv(shape, u) - shape) * spread) / scale
    width = 1.0 + _NARROW * np.sqrt(shape) * spread / scale
    for aim in (np.floor(guess - width), np.ceil(guess + width)):
        low, high = _narrowed(np.clip(aim, low, high), low, high, u, controls, chart_yield)
    while (wide := np.flatnonzero(high - low > 1)).size:
        between = np.floor((low[wide] + high[wide]) / 2)
        narrowed = _narrowed(between, low[wide], high[wide], u[wide], controls[wide], chart_yield[wide])
        low[wide], high[wide] = narrowed
    return np.where(reached, high, np.inf)


def _narrowed(
    at: FloatArray, low: FloatArray, high: FloatArray, u: FloatArray, controls: IntArray, chart_yield: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The bracket (too few, enough) after a look at a number of charts inside it."""
    enough = _suffice(at, u, controls, chart_yield)
    return np.where(enough, low, at), np.where(enough, at, high)


def _suffice(charts: FloatArray, u: FloatArray, controls: IntArray, chart_yield: FloatArray) -> NDArray[np.bool_]:
    """Whether P[N <= charts] has reached u, judged in the smaller tail so that no digit is lost near 0 or 1."""
    first, second = np.maximum(controls, 1), np.maximum(charts - controls + 1.0, 1.0)
    upper = u > 0.5
    tail = np.zeros(u.shape)
    betaincc(first, second, chart_yield, out=tail, where=upper)
    betainc(first, second, chart_yield, out=tail, where=~upper)
    enough = np.where(upper, tail <= 1.0 - u, tail >= u)
    return np.where(controls > 0, (charts >= controls) & enough, charts >= 0)


def _search(
    u: FloatArray, wanted: IntArray, chart_yield: FloatArray, available: FloatArray
) -> tuple[FloatArray, IntArray]:
    """Charts reviewed until these controls are found or no chart is left, and the controls found: [draw] each."""
    charts = charts_needed(u, wanted, chart_yield, available)
    found = np.where(np.isinf(charts), 0, wanted)
    ended = np.flatnonzero(np.isinf(charts) & (available < _ENDLESS))
    charts[ended] = np.floor(available[ended])
    inside = binomial_quantile(1.0 - u[ended], charts[ended].astype(np.int64), chart_yield[ended])
    found[ended] = np.minimum(inside, wanted[ended] - 1)  # one short at most, whatever the rounding of either side
    return charts, found


def _expected_search(
    wanted: FloatArray, chart_yield: FloatArray, available: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """As `_search`, without chance: real numbers of charts and controls."""
    never = np.where(wanted > 0, np.inf, 0.0)
    charts = np.minimum(np.divide(wanted, chart_yield, out=never, where=chart_yield > 0), available)
    return charts, np.minimum(np.where(np.isinf(charts), 0.0, charts) * chart_yield, wanted)


def _left(available: FloatArray, charts: FloatArray) -> FloatArray:
    """Charts that nobody has reviewed; none after a review without end."""
    return np.subtract(available, charts, out=np.zeros(charts.shape), where=np.isfinite(charts))
