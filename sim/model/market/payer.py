"""What a drug costs those who pay for care, and what they get for it."""

from collections.abc import Mapping

import numpy as np

from sim.draws.streams import FloatArray

_MONTHS = 12.0


def budget_impact(with_drug: Mapping[str, FloatArray | float], without: Mapping[str, FloatArray | float]) -> FloatArray:
    """What care costs more with the drug than without it (as Danese et al. 2008, Clin Ther 30).

    Parameters
    ----------
    with_drug, without : the costs of either world by their names, money a year; they broadcast.

    Returns
    -------
    Money a year; below 0 is saved.
    """
    return np.asarray(sum(with_drug.values()) - sum(without.values()), dtype=np.float64)


def per_member_month(difference: FloatArray | float, members: FloatArray | float) -> FloatArray:
    """A difference in cost, for each member of a plan and month.

    Parameters
    ----------
    difference : money a year.
    members : people insured, above 0.

    Returns
    -------
    Money per member and month.
    """
    return np.asarray(difference, dtype=np.float64) / members / _MONTHS


def cost_per_death_averted(cost: FloatArray | float, deaths: FloatArray | float) -> FloatArray:
    """What a death averted costs.

    Parameters
    ----------
    cost : more than without the drug, money; below 0 is saved.
    deaths : averted; below 0 is more of them.

    Returns
    -------
    Money per death averted. It is 0 or less where deaths are averted at no cost or a saving, infinite where money buys
    none, and missing where neither money is spent nor a death averted: a saving that costs lives has no such number.
    """
    cost, deaths = np.asarray(cost, dtype=np.float64), np.asarray(deaths, dtype=np.float64)
    averted = deaths > 0
    ratio = cost / np.where(averted, deaths, 1.0)
    return np.where(averted, ratio, np.where(cost > 0, np.inf, np.nan))
