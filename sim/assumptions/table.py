"""The assumptions as a table: every quantity with value, unit, source and what it means in numbers."""

from dataclasses import asdict

import numpy as np
import pandas as pd

from sim.assumptions.quantity import ASSUMPTION, Leaf
from sim.assumptions.schema import Assumptions
from sim.variables import label_name

_PERCENTILES = {"p05": 0.05, "p50": 0.50, "p95": 0.95}

EVIDENCE_COLUMNS = ("id", "measure", "region", "published", "n", "k", "mean", "citation", "doi_or_pmid", "verified")


def assumptions_table(assumptions: Assumptions) -> pd.DataFrame:
    """One row per quantity and label.

    Returns
    -------
    Columns: quantity, value (as written), unit, mean, p05, p50, p95, of, criterion, source, spread, borrowed,
    citation, verified (`retrieved`, `recalled` or `assumption`).
    """
    rows: list[dict[str, str | float]] = []
    for name, quantity in assumptions.quantities.items():
        for labels, leaf in quantity.leaves.items():
            row: dict[str, str | float] = {
                "quantity": label_name(name, labels),
                "value": leaf.text,
                "unit": quantity.unit,
            }
            rows.append({**row, **_numbers(leaf), **_origin(leaf, assumptions)})
    for pair in assumptions.correlation:
        between = " ~ ".join(pair.between)
        rows.append({"quantity": between, "value": str(pair.spearman), "unit": "Spearman's rank correlation",
                     "source": pair.source, "verified": "assumption"})  # fmt: skip
    return pd.DataFrame(rows).fillna(dict.fromkeys(("of", "criterion", "spread", "borrowed", "citation"), ""))


def _numbers(leaf: Leaf) -> dict[str, float]:
    if leaf.distribution is None:
        return dict.fromkeys(("mean", *_PERCENTILES), np.nan)
    percentiles = leaf.distribution.ppf(np.array(list(_PERCENTILES.values())))
    return {"mean": leaf.distribution.mean, **dict(zip(_PERCENTILES, percentiles.tolist(), strict=True))}


def _origin(leaf: Leaf, assumptions: Assumptions) -> dict[str, str]:
    stated = {name: asdict(leaf)[name] or "" for name in ("of", "criterion", "source", "spread", "borrowed")}
    if leaf.source.startswith(ASSUMPTION):
        return stated | {"citation": "", "verified": "assumption"}
    row = assumptions.origin.ledger[leaf.source]
    return stated | {"citation": row["citation"], "verified": row["verified"]}


def evidence_table(assumptions: Assumptions) -> pd.DataFrame:
    """The ledger rows that the assumptions cite, in the order they first do: columns of the ledger as text."""
    cited = dict.fromkeys(
        source
        for leaf in assumptions.leaves.values()
        for source in (leaf.source, leaf.spread or ASSUMPTION)
        if not source.startswith(ASSUMPTION)
    )
    return pd.DataFrame([dict(assumptions.origin.ledger[source]) for source in cited]).reindex(
        columns=list(EVIDENCE_COLUMNS)
    )
