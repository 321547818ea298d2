"""A market put together: approved or not, what is sold, what that is worth, and what a month of delay costs."""

from dataclasses import dataclass, fields

import numpy as np
import xarray as xr

from sim.dates import MONTH
from sim.draws.streams import FloatArray
from sim.model.cohort import Chance, Expected
from sim.model.market.calendar import Calendar, approved, calendar
from sim.model.market.patients import Patients, of_market, reached
from sim.model.market.plan import MarketNumbers, MarketPlan, MarketStreams, Trialled
from sim.model.market.sales import Benefit, Sales, sell
from sim.model.market.value import Cash, cash

_DELAY = MONTH / 365.25
"""A month, in years."""


@dataclass(frozen=True)
class Branch:
    """One future: what is sold and what it is worth."""

    sales: Sales
    cash: Cash


@dataclass(frozen=True)
class MarketOutcome:
    """A market as it came out.

    Attributes
    ----------
    patients : who can be treated.
    calendar : the dates if it is approved.
    approval : whether it is, 0 or 1, or without chance its probability, [draw].
    as_it_is : what comes, a draw that fails as one that failed; without chance the mean of both futures.
    if_approved : what comes if it is approved.
    if_missed : what comes if it is not.
    delay : what a month's delay of the read-out costs, as it is and if approved, [draw] each, money; of expected
        patients.
    """

    patients: Patients
    calendar: Calendar
    approval: FloatArray
    as_it_is: Branch
    if_approved: Branch
    if_missed: Branch
    delay: tuple[FloatArray, FloatArray]


def market_outcome(
    plan: MarketPlan,
    numbers: MarketNumbers,
    populations: xr.Dataset,
    expected: xr.Dataset,
    trialled: Trialled,
    chance: Chance,
    streams: MarketStreams | None,
) -> MarketOutcome:
    """The market of some draws.

    Parameters
    ----------
    plan, numbers : of the market.
    populations : of the funnel, whole patients or expected ones as `chance` says,
        [draw, region, transplant, age_group, year].
    expected : the expected ones of the same draws.
    trialled : what the trial gives.
    chance : whether patients are whole.
    streams : the random numbers; None leaves chance out.
    """
    futures = _Futures(plan, numbers, _benefit(plan, numbers, expected), streams)
    approval = approved(numbers.timing, trialled, streams)
    patients = reached(plan, numbers.demand, populations, chance)
    won, lost = futures.of(patients, trialled.readout, chance)
    now = won, lost
    likely = patients
    if not isinstance(chance, Expected):
        # a month's delay is judged on expected patients: whole ones, who fall into other years, would make noise
        likely = reached(plan, numbers.demand, expected, Expected())
        now = futures.of(likely, trialled.readout, Expected())
    later = futures.of(likely, trialled.readout + _DELAY, Expected())
    return MarketOutcome(
        patients=patients,
        calendar=calendar(plan, numbers.timing, trialled.readout, streams),
        approval=approval,
        as_it_is=_mixed(approval, won, lost),
        if_approved=won,
        if_missed=lost,
        delay=(_worth(approval, *now) - _worth(approval, *later), _worth(1.0, *now) - _worth(1.0, *later)),
    )


@dataclass(frozen=True)
class _Futures:
    """What comes of a read-out.

    Attributes
    ----------
    plan, numbers, benefit, streams : as for `market_outcome`.
    """

    plan: MarketPlan
    numbers: MarketNumbers
    benefit: Benefit
    streams: MarketStreams | None

    def of(self, patients: Patients, readout: FloatArray, chance: Chance) -> tuple[Branch, Branch]:
        """The future in which the drug is approved, and the one in which it is not."""
        dates = calendar(self.plan, self.numbers.timing, readout, self.streams)
        named, missed = self.numbers.named, np.full(dates.launch.shape, np.inf)
        if named is not None:
            missed = readout[:, None] + named.after_miss
        return (
            self._branch(patients, readout, dates, dates.launch, chance),
            self._branch(patients, readout, None, missed, chance),
        )

    def _branch(
        self, patients: Patients, readout: FloatArray, dates: Calendar | None, named_until: FloatArray, chance: Chance
    ) -> Branch:
        sales = sell(self.plan, self.numbers, patients, self.benefit, dates, named_until, chance)
        return Branch(sales, cash(self.plan, self.numbers, sales, dates, readout))


def _mixed(share: FloatArray, won: Branch, lost: Branch) -> Branch:
    """The mean of both futures, by the probability of the first: [draw]."""

    def mixed(kind: type[Sales] | type[Cash], first: Sales | Cash, second: Sales | Cash) -> dict[str, FloatArray]:
        names = [field.name for field in fields(kind)]
        return {name: _mean(share, getattr(first, name), getattr(second, name)) for name in names}

    return Branch(Sales(**mixed(Sales, won.sales, lost.sales)), Cash(**mixed(Cash, won.cash, lost.cash)))


def _mean(share: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    """The first by its share and the second by the rest, [draw, …]; exact where the share is 0 or 1."""
    weight = share.reshape(-1, *[1] * (first.ndim - 1))
    return np.asarray(weight * first + (1.0 - weight) * second)


def _worth(share: FloatArray | float, won: Branch, lost: Branch) -> FloatArray:
    """The present value, by the probability of approval: [draw]."""
    return np.asarray(share * won.cash.present_value + (1.0 - share) * lost.cash.present_value)


def _benefit(plan: MarketPlan, numbers: MarketNumbers, expected: xr.Dataset) -> Benefit:
    """How ill the patients are, from the rates of the draw; where regions are not told apart they are alike."""
    first = expected.isel(year=[0])
    names = ("transplants", "vod", "severe_vod", "deaths_day100")
    cells = [first[name] if plan.is_split else of_market(plan, first[name]) for name in names]
    transplants, vod, severe, deaths = (cell.to_numpy()[..., 0] for cell in cells)
    mortality = _ratio(deaths, severe)
    saved = numbers.course.survival[:, None, None, None] - (1.0 - mortality)
    if plan.label == "prevention":
        share, averted = (
            np.zeros_like(mortality),
            _ratio(deaths, transplants) * numbers.demand.prevented[:, None, None, None],
        )
    else:
        share = np.ones_like(mortality) if plan.label == "severe_vod" else _ratio(severe, vod)
        averted = share * saved
    regions = len(plan.regions)
    if plan.is_split:
        share, averted = np.repeat(share, regions, axis=1), np.repeat(averted, regions, axis=1)
    return Benefit(share, averted)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """The share of what there is; 0 of nothing."""
    return np.asarray(np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0))
