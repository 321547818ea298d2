"""The assumptions as a table: every quantity with value, unit, source and what it means in numbers."""

import numpy as np
import pandas as pd

from sim.assumptions.distributions import Discrete
from sim.assumptions.history import history_table, law_rows
from sim.assumptions.leaf import Leaf
from sim.assumptions.pooling_table import pooling_table
from sim.assumptions.schema import Assumptions
from sim.variables import label_name

_PERCENTILES = {"p05": 0.05, "p50": 0.50, "p95": 0.95}

_STATED = ("of", "criterion", "treated", "source", "spread", "borrowed")

EVIDENCE_COLUMNS = (
    "id", "measure", "region", "transplant_type", "published", "n", "k", "mean", "criterion", "denominator", "treated",
    "citation", "doi_or_pmid", "verified",
)  # fmt: skip


def assumptions_table(assumptions: Assumptions) -> pd.DataFrame:
    """One row per quantity and label.

    Returns
    -------
    Columns: quantity, value (as written), unit, mean, p05, p50, p95, of, criterion, treated, source, spread, borrowed,
    rows (of the ledger), citation, verified (`retrieved`, `recalled` or `assumption`), flags (what to be warned of).
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
            rows.extend({**_origin(leaf, assumptions), **law} for law in law_rows(labels, leaf))
    for pair in assumptions.correlation:
        between = " ~ ".join(pair.between)
        rows.append({"quantity": between, "value": str(pair.spearman), "unit": "Spearman's rank correlation",
                     "source": pair.source, "verified": "assumption"})  # fmt: skip
    return pd.DataFrame(rows).fillna(dict.fromkeys((*_STATED, "rows", "citation", "flags"), ""))


def _numbers(leaf: Leaf) -> dict[str, float]:
    found = leaf.distribution
    if found is None or (isinstance(found, Discrete) and not found.is_numeric):
        return dict.fromkeys(("mean", *_PERCENTILES), np.nan)
    percentiles = found.ppf(np.array(list(_PERCENTILES.values())))
    return {"mean": found.mean, **dict(zip(_PERCENTILES, percentiles.tolist(), strict=True))}


def _origin(leaf: Leaf, assumptions: Assumptions) -> dict[str, str]:
    rows = [assumptions.origin.ledger[row] for row in leaf.carrying]
    verified = {row["verified"] for row in rows} or {"assumption"}
    return {
        **{name: getattr(leaf, name) or "" for name in _STATED},
        "rows": ", ".join(leaf.rows),
        "citation": "; ".join(dict.fromkeys(row["citation"] for row in rows)),
        "verified": "recalled" if "recalled" in verified else next(iter(verified)),
        "flags": "; ".join(leaf.flags),
    }


def further_tables(assumptions: Assumptions) -> dict[str, pd.DataFrame]:
    """What a run shows of its evidence besides, by name; only what there is."""
    tables: dict[str, pd.DataFrame] = {"history": history_table(assumptions), "pooling": pooling_table(assumptions)}
    return {name: table for name, table in tables.items() if len(table)}


def evidence_table(assumptions: Assumptions) -> pd.DataFrame:
    """The ledger rows that the assumptions rest on, in the order they first do: columns of the ledger as text."""
    cited = dict.fromkeys(row for leaf in assumptions.leaves.values() for row in leaf.rows)
    return pd.DataFrame([dict(assumptions.origin.ledger[source]) for source in cited]).reindex(
        columns=list(EVIDENCE_COLUMNS)
    )
