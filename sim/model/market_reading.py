"""From assumptions and the parameters of some draws to the plain values that the market works on."""

from collections.abc import Iterable

import numpy as np
import xarray as xr

from sim.assumptions.market.demand import Uptake as AssumedUptake
from sim.assumptions.market.market import Market
from sim.assumptions.schema import Assumptions
from sim.dates import decimal_year
from sim.draws.streams import FloatArray
from sim.model.market.dosing import vials_per_day
from sim.model.market.plan import (
    Course,
    Demand,
    MarketNumbers,
    MarketPlan,
    MilestoneEvent,
    Money,
    NamedPatients,
    Timing,
)
from sim.model.market.uptake import Bass, Linear, Logistic, Observed, Uptake
from sim.variables import MARKET_REGION, TOTAL

_YEAR = 12.0  # months


class MarketReader:
    """Reads one market for some draws.

    Parameters
    ----------
    assumptions : what is assumed; with a market.
    parameters : values of every quantity, as `sim.draws.parameters.sample` gives them.
    """

    def __init__(self, assumptions: Assumptions, parameters: xr.Dataset) -> None:
        assert assumptions.market is not None
        self._market: Market = assumptions.market
        self._assumptions = assumptions
        self._parameters = parameters
        self._draws = int(parameters.sizes["draw"])
        strata = assumptions.transplants.strata
        self._regions = self._market.regions_in(strata)
        self._ages = strata.age_group
        self._is_split = strata.region == (TOTAL,)

    def plan(self) -> MarketPlan:
        """What holds in every draw."""
        market, named = self._market, self._market.named_patient
        own = None if named is None or named.price is None else named.price
        return MarketPlan(
            years=self._assumptions.market_years,
            regions=self._regions,
            label=market.patients.label,
            is_split=self._is_split,
            valuation=decimal_year(market.valuation_date),
            timing=market.discounting,
            price_year=market.price_year,
            per_patient=tuple(market.list_price[region].is_per_patient for region in self._regions),
            named_per_patient=None
            if named is None
            else tuple(own is not None and own[region].is_per_patient for region in self._regions),
            at_cost=own is None,
            milestones=self._milestones(),
        )

    def _milestones(self) -> tuple[tuple[MilestoneEvent, float], ...]:
        paid = self._market.costs.milestones.values()
        return tuple((milestone.event, milestone.above or 0.0) for milestone in paid)

    def numbers(self) -> MarketNumbers:
        """What differs from draw to draw."""
        return MarketNumbers(self._timing(), self._demand(), self._course(), self._named(), self._money())

    def survival(self) -> FloatArray:
        """Share of the treated severe cases alive at day 100, as in the trial where there is one: [draw]."""
        trial = self._assumptions.trial
        if trial is None:
            return self._one("without_trial.survival")
        return np.asarray(self._parameters["trial.treated.survival"].to_numpy(), dtype=np.float64)

    def _one(self, name: str) -> FloatArray:
        """A quantity that is the same in all regions: [draw]."""
        return np.asarray(self._parameters[f"market.{name}"].to_numpy(), dtype=np.float64)

    def _some(self, name: str) -> FloatArray:
        """A quantity that not every market draws; 0 where it does not: [draw]."""
        return self._one(name) if f"market.{name}" in self._parameters else self._constant(0.0)

    def _each(self, name: str) -> FloatArray:
        """A quantity by region: [draw, region]."""
        found = self._parameters[f"market.{name}"]
        if MARKET_REGION in found.dims:
            chosen = found.sel({MARKET_REGION: list(self._regions)}).transpose("draw", MARKET_REGION)
            return np.asarray(chosen.to_numpy(), dtype=np.float64)
        return self._spread(self._one(name))

    def _spread(self, values: FloatArray) -> FloatArray:
        """The same in every region: [draw] → [draw, region]."""
        return np.broadcast_to(values[:, None], (self._draws, len(self._regions)))

    def _constant(self, value: float) -> FloatArray:
        return np.full(self._draws, value)

    def _timing(self) -> Timing:
        earliest = self._market.launch.earliest
        steps = ("kept_first", "kept_second", "kept_later")
        return Timing(
            to_approval=(self._each("launch.filing") + self._each("launch.review")) / _YEAR,
            to_launch=self._each("launch.reimbursement") / _YEAR,
            earliest=self._spread(self._constant(-np.inf)) if earliest is None else self._each("launch.earliest"),
            orphan=self._each("exclusivity.orphan"),
            patent=self._each("exclusivity.patent"),
            during=self._each("competition.during"),
            after=self._each("competition.after"),
            kept=np.stack([self._each(f"competition.{step}") for step in steps], axis=-1),
            if_won=self._one("launch.approval_if_won"),
            if_missed=self._one("launch.approval_if_missed"),
        )

    def _demand(self) -> Demand:
        patients = self._market.patients
        split = self._each("region_shares") if self._is_split else self._spread(self._constant(1.0))
        return Demand(
            region_shares=split,
            diagnosed=self._each("patients.diagnosed"),
            off_label=self._each("patients.off_label"),
            access=self._each("patients.access"),
            peak_share=self._each("patients.peak_share"),
            high_risk=self._some("patients.high_risk"),
            prevented=self._some("patients.prevented"),
            uptake=self._uptake(patients.uptake),
        )

    def _uptake(self, assumed: AssumedUptake) -> Uptake:
        def drawn(name: str) -> FloatArray:
            return self._each(f"patients.uptake.{name}")[:, :, None]

        if assumed.curve == "linear":
            return Linear(drawn("years"))
        if assumed.curve == "logistic":
            return Logistic(drawn("midpoint"), drawn("rise"))
        if assumed.curve == "bass":
            return Bass(drawn("innovation"), drawn("imitation"))
        assert assumed.points is not None
        years, shares = zip(*assumed.points, strict=True)
        return Observed(np.array(years), np.array(shares))

    def _course(self) -> Course:
        dosing = self._market.dosing
        weight = self._parameters["market.dosing.weight"]
        by_age = weight.dims == ("draw", "age_group")
        kilograms = weight.to_numpy() if by_age else np.repeat(weight.to_numpy()[:, None], len(self._ages), axis=1)
        ends = ("response", "death", "toxicity")
        return Course(
            vials_per_day=vials_per_day(
                kilograms,
                self._one("dosing.dose")[:, None],
                dosing.infusions,
                self._one("dosing.vial")[:, None],
                dosing.wastage,
                self._one("dosing.weight_spread")[:, None],
            ),
            days={end: self._one(f"dosing.days.{end}") for end in ends},
            dies_on_treatment=self._one("dosing.dies_on_treatment"),
            toxicity=self._one("dosing.toxicity"),
            survival=self.survival(),
        )

    def _named(self) -> NamedPatients | None:
        named = self._market.named_patient
        if named is None:
            return None
        own = named.price is not None
        price = self._prices("named_patient.price") if own else self._spread(self._money_of("costs.goods"))
        never = self._spread(self._constant(np.inf))
        return NamedPatients(
            opens=self._one("named_patient.opens"),
            share=self._each("named_patient.share"),
            price=price,
            after_miss=never if named.ends_after_miss is None else self._each("named_patient.ends_after_miss") / _YEAR,
        )

    def _prices(self, name: str) -> FloatArray:
        """Prices of all regions in the market's currency: [draw, region]."""
        return np.stack([self._money_of(f"{name}.{region}") for region in self._regions], axis=-1)

    def _money_of(self, name: str) -> FloatArray:
        """Money that is the same in all regions, in the market's currency: [draw]."""
        return self._one(name) * self._worth(name)

    def _worth(self, name: str) -> FloatArray:
        """What one unit of a quantity's currency is worth: [draw]."""
        code = self._market.currency_of(name)
        return self._constant(1.0) if code == self._market.currency else self._one(f"exchange.{code}")

    def _by_region(self, name: str) -> FloatArray:
        """Money by region, in the market's currency: [draw, region]."""
        return np.asarray(self._each(name) * self._worth(name)[:, None])

    def _money(self) -> Money:
        market = self._market
        once = {name: self._money_of(f"costs.{name}") for name in ("goods", "development", "trial_year", "upfront")}
        return Money(
            list_price=self._prices("list_price"),
            price_change=self._each("price_change"),
            deducted=self._each("gross_to_net"),
            launch=self._by_region("costs.launch"),
            selling=self._by_region("costs.selling"),
            **once,
            royalty=self._one("costs.royalty"),
            tax=self._one("costs.tax"),
            milestones=self._amounts(market.costs.milestones),
            inflation=self._some("inflation"),
            discount=self._one("discount_rate"),
            care=self._money_of("payer.care_with") - self._money_of("payer.care_without"),
        )

    def _amounts(self, names: Iterable[str]) -> tuple[FloatArray, ...]:
        return tuple(self._money_of(f"costs.milestones.{name}.amount") for name in names)
