"""The market of a run: its outputs chunk by chunk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import xarray as xr

from sim.assumptions.schema import Assumptions
from sim.draws.streams import FloatArray
from sim.model.chain import market
from sim.model.cohort import Chance
from sim.model.market.outcome import Branch, MarketOutcome
from sim.model.market.payer import cost_per_death_averted
from sim.model.market.plan import MarketPlan, MarketStreams, Trialled
from sim.model.market.profit import break_even_year, largest_need, peak
from sim.variables import IF_APPROVED, MARKET_REGION, MARKET_YEAR

_STRATA = ("transplant", "age_group")


@dataclass(frozen=True)
class MarketRun:
    """The market of a run.

    Attributes
    ----------
    assumptions : what is assumed; with a market.
    """

    assumptions: Assumptions

    def outputs(
        self,
        parameters: xr.Dataset,
        counted: xr.Dataset,
        expected: xr.Dataset,
        trial: xr.Dataset | None,
        chance: Chance,
        streams: MarketStreams | None,
    ) -> xr.Dataset:
        """The outputs of some draws: [draw, market_region, market_year], [draw, market_region] or [draw] each.

        Parameters
        ----------
        parameters : of the draws.
        counted, expected : the populations, as `chance` says and expected ones, with the years of the market.
        trial : the outputs of the trial; None where there is none.
        chance : whether patients are whole.
        streams : the market's random numbers; None leaves chance out.
        """
        trialled = None if trial is None else self._trialled(trial)
        return outputs(*market(self.assumptions, parameters, counted, expected, trialled, chance, streams))

    def _trialled(self, trial: xr.Dataset) -> Trialled:
        assert self.assumptions.trial is not None
        success = trial[f"prob_success_{self.assumptions.trial.primary}"].to_numpy()
        return Trialled(trial["readout_date"].to_numpy().astype(np.float64), success.astype(np.float64))


def outputs(plan: MarketPlan, outcome: MarketOutcome) -> xr.Dataset:
    """The output variables of a market.

    What is given that the drug is approved is missing in draws that never read out, where it cannot be.
    """
    comes = np.asarray(np.isfinite(outcome.calendar.approval).any(axis=1), dtype=np.float64)
    years = np.array(plan.years, dtype=np.float64)
    plain = {**_by_region(outcome.as_it_is), **_of_run(outcome.as_it_is, outcome.delay[0], years)}
    pays, loses = (_pays(branch) for branch in (outcome.if_approved, outcome.if_missed))
    plain["prob_npv_positive"] = outcome.approval * pays + (1.0 - outcome.approval) * loses
    twins = {**_by_region(outcome.if_approved), **_of_run(outcome.if_approved, outcome.delay[1], years)}
    found = {
        "eligible": _cells(outcome.patients.eligible),
        "reimbursed": _cells(outcome.patients.reimbursed),
        **plain,
        **{f"{name}{IF_APPROVED}": _where(comes, values) for name, values in twins.items()},
        "launch_date_if_approved": outcome.calendar.launch,
        "exclusivity_end_if_approved": outcome.calendar.exclusivity_end,
        "prob_approval": outcome.approval,
        "prob_peak_in_last_year_if_approved": _where(comes, _peak(outcome.if_approved, years).is_last),
    }
    return _dataset(found, plan)


def _by_region(branch: Branch) -> dict[str, FloatArray]:
    """What adds up over regions, and the cash flow: [draw, region, year], [draw, year]."""
    sales = branch.sales
    return {
        "treated": sales.treated,
        "vials": sales.vials,
        "gross_sales": sales.gross,
        "net_sales": sales.net,
        "named_patient_sales": sales.named,
        "cash_flow": branch.cash.flow,
        "deaths_averted": sales.deaths_averted,
        "budget_impact": sales.budget,
    }


def _of_run(branch: Branch, delay: FloatArray, years: FloatArray) -> dict[str, FloatArray]:
    """One number a draw: [draw] each."""
    sales, money = branch.sales, branch.cash
    highest = _peak(branch, years)
    return {
        "peak_sales": highest.sales,
        "peak_sales_year": highest.year,
        "cumulative_sales": sales.net.sum(axis=(1, 2)),
        "net_present_value": money.present_value,
        "break_even_year": break_even_year(money.flow, years),
        "largest_cash_need": largest_need(money.flow),
        "highest_upfront": money.present_value + money.upfront,
        "cost_of_delay": delay,
        "cost_per_death_averted": cost_per_death_averted(
            sales.budget.sum(axis=(1, 2)), sales.deaths_averted.sum(axis=(1, 2))
        ),
        "prob_npv_positive": _pays(branch),
    }


def _pays(branch: Branch) -> FloatArray:
    """Whether the present value is above 0, 0 or 1: [draw]."""
    return np.asarray(branch.cash.present_value > 0, dtype=np.float64)


class _Peak(NamedTuple):
    """The highest net sales of a year, that year, and whether it is the last, 0 or 1: [draw] each."""

    sales: FloatArray
    year: FloatArray
    is_last: FloatArray


def _peak(branch: Branch, years: FloatArray) -> _Peak:
    highest, when, is_last = peak(branch.sales.net.sum(axis=1), years)
    return _Peak(highest, when, is_last.astype(np.float64))


def _cells(patients: xr.DataArray) -> FloatArray:
    """The sum over transplant types and age groups: [draw, region, year]."""
    return np.asarray(patients.sum(list(_STRATA)).transpose("draw", "region", "year").to_numpy())


def _where(comes: FloatArray, values: FloatArray) -> FloatArray:
    return np.where(comes.reshape(-1, *[1] * (values.ndim - 1)) > 0, values, np.nan)


def _dataset(found: Mapping[str, FloatArray], plan: MarketPlan) -> xr.Dataset:
    dims = {1: ("draw",), 3: ("draw", MARKET_REGION, MARKET_YEAR)}
    arrays = {}
    for name, values in found.items():
        by_year = values.ndim == 2 and name.removesuffix(IF_APPROVED) == "cash_flow"
        two = ("draw", MARKET_YEAR if by_year else MARKET_REGION)
        arrays[name] = (dims.get(values.ndim, two), values)
    return xr.Dataset(arrays, coords={MARKET_REGION: list(plan.regions), MARKET_YEAR: list(plan.years)})
