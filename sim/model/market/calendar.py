"""When the drug is approved, launched, copied: from the read-out of each draw."""

from dataclasses import dataclass

import numpy as np

from sim.draws.streams import FloatArray
from sim.model.market.competition import entry
from sim.model.market.plan import MarketPlan, MarketStreams, Timing, Trialled

_MEDIAN = 0.5  # of chance, where it is left out


@dataclass(frozen=True)
class Calendar:
    """The dates of a market if the drug is approved, decimal years, infinite is never: [draw, region] each.

    Attributes
    ----------
    approval : by region.
    launch : the first day on which a patient is paid for.
    exclusivity_end : the later of orphan exclusivity and patent.
    entry : of a competitor.
    """

    approval: FloatArray
    launch: FloatArray
    exclusivity_end: FloatArray
    entry: FloatArray


def calendar(plan: MarketPlan, timing: Timing, readout: FloatArray, streams: MarketStreams | None) -> Calendar:
    """The dates that follow a read-out.

    Parameters
    ----------
    plan, timing : of the market.
    readout : decimal year, [draw]; infinite is never.
    streams : the random numbers; without them a competitor enters at the median of its law.
    """
    approval = readout[:, None] + timing.to_approval
    launch = np.maximum(approval + timing.to_launch, timing.earliest)
    ends = np.maximum(approval + timing.orphan, timing.patent)
    if streams is None:
        uniform = np.full(launch.shape, _MEDIAN)
    else:
        uniform = np.stack([streams.one(f"entry[{region}]") for region in plan.regions], axis=-1)
    return Calendar(approval, launch, ends, entry(uniform, launch, ends, timing.during, timing.after))


def approved(timing: Timing, trialled: Trialled, streams: MarketStreams | None) -> FloatArray:
    """Whether the drug is approved, 0 or 1; without chance its probability: [draw].

    Regulators judge the same trial, so one draw has one answer; without a read-out there is none.
    """
    probability = trialled.success * timing.if_won + (1.0 - trialled.success) * timing.if_missed
    answer = probability if streams is None else (streams.one("approval") < probability).astype(np.float64)
    return np.where(np.isfinite(trialled.readout), answer, 0.0)


def part_of_year(years: FloatArray, start: FloatArray, end: FloatArray) -> FloatArray:
    """The part of each calendar year that lies from a start to an end.

    Parameters
    ----------
    years : calendar years, [year].
    start, end : decimal years, [draw, …].

    Returns
    -------
    [draw, …, year], from 0 to 1.
    """
    first, last = start[..., None], end[..., None]
    return np.asarray(np.clip(np.minimum(last, years + 1.0) - np.maximum(first, years), 0.0, 1.0))


def in_year(years: FloatArray, day: FloatArray) -> FloatArray:
    """1 in the calendar year that a day falls in, else 0: [draw, …] → [draw, …, year]."""
    inside = (day[..., None] >= years) & (day[..., None] < years + 1.0)
    return np.asarray(inside, dtype=np.float64)
