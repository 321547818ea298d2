"""What a fitted trend rests on, as tables: the years it is pinned at, and the law that carries it to others."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sim.assumptions.leaf import Leaf
from sim.assumptions.schema import Assumptions
from sim.assumptions.volume import DRIFT, LAW_UNIT, NOISE
from sim.evidence.history import Point
from sim.evidence.ledger import Ledger
from sim.evidence.trend import Trend
from sim.variables import STRATA, TOTAL, label_name

_PERCENTILES = {"p05": 0.05, "p50": 0.50, "p95": 0.95}
_COLUMNS = (*STRATA, "year", "volume", "rows", "verified", "counted")


def history_table(assumptions: Assumptions) -> pd.DataFrame:
    """The counted years of every fitted trend.

    Returns
    -------
    Columns: region, transplant, age_group (`all` where the volume is not divided so), year, volume (transplants in that
    year), rows (of the ledger), verified (`retrieved` or `recalled`), counted (`first_transplants` or
    `all_transplants`). No rows where no volume follows a trend.
    """
    volume, ledger = assumptions.transplants.volume, assumptions.origin.ledger
    rows = [
        {**dict.fromkeys(STRATA, TOTAL), **dict(zip(volume.by, labels, strict=True)), **_point(point, ledger),
         "counted": volume.counted}
        for labels, trend in volume.trends.items()
        for point in trend.history.points
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _point(point: Point, ledger: Ledger) -> dict[str, int | float | str]:
    recalled = any(ledger[row]["verified"] == "recalled" for row in point.rows)
    return {
        "year": point.year,
        "volume": point.volume,
        "rows": ", ".join(point.rows),
        "verified": "recalled" if recalled else "retrieved",
    }


def law_rows(labels: tuple[str, ...], leaf: Leaf) -> Iterator[dict[str, str | float]]:
    """Drift and noise of a leaf's trend as rows of the table of assumptions; none for a leaf without one."""
    if leaf.trend is None:
        return
    shared = {
        "value": "fitted",
        "unit": LAW_UNIT,
        "source": leaf.trend.history.rows[0],
        "borrowed": leaf.borrowed or "",
    }
    for name, numbers in ((DRIFT, _drift(leaf.trend)), (NOISE, _noise(leaf.trend))):
        yield {"quantity": label_name(name, labels), **shared, **numbers}


def _drift(trend: Trend) -> dict[str, float]:
    return {"mean": trend.drift, **{name: trend.drift_quantile(p) for name, p in _PERCENTILES.items()}}


def _noise(trend: Trend) -> dict[str, float]:
    percentiles = trend.noise_at(np.array(list(_PERCENTILES.values())))
    return {"mean": trend.noise_mean, **dict(zip(_PERCENTILES, percentiles.tolist(), strict=True))}
