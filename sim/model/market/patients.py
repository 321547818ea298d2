"""From the patients of the funnel to those who are eligible, reached and treated, by region of the market."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.model.cohort import Chance
from sim.model.market.plan import Demand, Label, MarketPlan
from sim.variables import CELL_DIMS, TOTAL

_DIMS = ("draw", *CELL_DIMS)
_SHORT = 1e-9  # by how much shares of regions may pass 1: what rounding does


@dataclass(frozen=True)
class Patients:
    """The patients of a market: [draw, region, transplant, age_group, year] each.

    Attributes
    ----------
    eligible : diagnosed patients of the label.
    reimbursed : those of them whose treatment is paid for.
    beside : patients next to the label, who can be treated off label alone.
    """

    eligible: xr.DataArray
    reimbursed: xr.DataArray
    beside: xr.DataArray


def reached(plan: MarketPlan, demand: Demand, populations: xr.Dataset, chance: Chance) -> Patients:
    """Who can be treated at all.

    Parameters
    ----------
    plan, demand : of the market.
    populations : of the funnel, [draw, region, transplant, age_group, year], with the years of the market.
    chance : whether patients are whole.

    Raises
    ------
    InputError : where the shares of regions add up to more than 1 in some draw.
    """
    funnel = populations.sel(year=list(plan.years))
    inside, beside = _by_label(plan.label, demand, funnel, chance)
    inside = _in_regions(plan, demand, "label", inside, chance)
    beside = _in_regions(plan, demand, "beside", beside, chance)
    eligible = chance.passing("eligible", inside, by_region(demand.diagnosed, plan.regions))
    reimbursed = chance.passing("reimbursed", eligible, by_region(demand.access, plan.regions))
    return Patients(eligible, reimbursed, beside)


def treated(
    plan: MarketPlan, demand: Demand, patients: Patients, at_peak: FloatArray, chance: Chance
) -> tuple[xr.DataArray, xr.DataArray]:
    """Who is treated by label and off label: [draw, region, transplant, age_group, year] each.

    Parameters
    ----------
    plan, demand : of the market.
    patients : who can be.
    at_peak : share of the peak that is reached, the mean over a year, [draw, region, year].
    chance : whether patients are whole.
    """
    by_label = by_region_year(demand.peak_share[:, :, None] * at_peak, plan)
    off_label = by_region_year((demand.diagnosed * demand.access * demand.off_label)[:, :, None] * at_peak, plan)
    return (
        chance.passing("treated", patients.reimbursed, by_label),
        chance.passing("treated_off_label", patients.beside, off_label),
    )


def of_market(plan: MarketPlan, cells: xr.DataArray) -> xr.DataArray:
    """The cells of the regions of a market, or all together where it has the one region `all`: [draw, region, …]."""
    if plan.regions == (TOTAL,):
        return cells.sum("region").expand_dims(region=[TOTAL]).transpose(*cells.dims)
    return cells.sel(region=list(plan.regions))


def by_region(values: FloatArray, regions: Sequence[str]) -> xr.DataArray:
    """Values by draw and region, labelled."""
    return xr.DataArray(values, dims=("draw", "region"), coords={"region": list(regions)})


def by_region_year(values: FloatArray, plan: MarketPlan) -> xr.DataArray:
    """Values by draw, region and year, labelled."""
    coords = {"region": list(plan.regions), "year": list(plan.years)}
    return xr.DataArray(values, dims=("draw", "region", "year"), coords=coords)


def _by_label(label: Label, demand: Demand, funnel: xr.Dataset, chance: Chance) -> tuple[xr.DataArray, xr.DataArray]:
    """The patients whom the label is for, and those next to it."""
    transplants, vod, severe = (funnel[name] for name in ("transplants", "vod", "severe_vod"))
    if label == "severe_vod":
        return severe, vod - severe
    high_risk = xr.DataArray(demand.high_risk, dims="draw")
    if label == "vod":
        return vod, chance.passing("high_risk", transplants - vod, high_risk)
    return chance.passing("high_risk", transplants, high_risk), chance.passing("vod_at_low_risk", vod, 1.0 - high_risk)


def _in_regions(plan: MarketPlan, demand: Demand, name: str, patients: xr.DataArray, chance: Chance) -> xr.DataArray:
    """The patients of the regions where the drug is sold, divided among these one after the other."""
    if not plan.is_split:
        return of_market(plan, patients)
    left, rest, parts = patients, np.ones(len(demand.region_shares)), []
    for place, region in enumerate(plan.regions):
        share = demand.region_shares[:, place]
        if (share > rest + _SHORT).any():
            raise InputError(
                f"market.region_shares: the shares up to '{region}' add up to {(1 - rest + share).max():.3g} in some "
                "draw, above 1"
            )
        of_rest = np.divide(share, rest, out=np.zeros_like(share), where=rest > 0)
        own = left.assign_coords(region=[region])
        part = chance.passing(f"market_{name}", own, xr.DataArray(np.minimum(of_rest, 1.0), dims="draw"))
        parts.append(part)
        left, rest = left - part.assign_coords(region=left["region"]), np.maximum(rest - share, 0.0)
    return xr.concat(parts, dim="region").transpose(*_DIMS)
