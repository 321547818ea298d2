"""What was pooled, as a table: the studies of each quantity, their mean and what a new population may be."""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from sim.assumptions.distributions import Distribution
from sim.assumptions.pooling_forms import POOLING, pooled_texts
from sim.assumptions.schema import Assumptions
from sim.evidence.beta_binomial import Posterior, beta_binomial
from sim.evidence.intervals import wilson
from sim.evidence.ledger import Ledger
from sim.evidence.pooling import COVERAGE, Interval, pool

Counts = Sequence[tuple[int, int]]
Cells = dict[str, str | int | float]

COLUMNS = (
    "quantity", "method", "kind", "id", "label", "k", "n", "estimate", "low", "high", "weight", "verified",
)  # fmt: skip

_AUTHOR = re.compile(r"(?P<name>[\w'\-]+(?: [\w'\-]+){0,2}?)(?: [A-Z]{1,3})?(?: et al|,? (?:19|20)\d\d)")
"""The first author, as citations begin: `Carreras E et al. …`, `Carreras 1998 …`."""


def pooling_table(assumptions: Assumptions) -> pd.DataFrame:
    """The studies of every quantity whose text pools rows of the ledger, and what they come to.

    Returns
    -------
    Columns: quantity, method (`pooled`, `pooled_mean`, `beta_binomial`: which of the two results the quantity takes),
    kind (`study`, `mean`, `prediction`), id, label (author, year and region of a study), k, n, estimate (of a
    prediction: the median), low, high (95 %; of a study by Wilson), weight (adding up to 1), verified. No rows where
    nothing is pooled.
    """
    rows = [
        {"quantity": name, "method": method, **row}
        for name, leaf in assumptions.leaves.items()
        for method, ids in pooled_texts(leaf.text)
        for row in _rows(method, assumptions.origin.ledger, ids)
    ]
    texts = {"id": "", "label": "", "verified": ""}
    return pd.DataFrame(rows, columns=list(COLUMNS)).fillna(texts).astype({"k": "Int64", "n": "Int64"})


def _rows(method: str, ledger: Ledger, ids: Sequence[str]) -> Iterator[Cells]:
    """The studies known by the ledger's date, their mean, and the prediction."""
    counts = ledger.counts(ids)
    weights, mean, interval, prediction = _result(method, counts)
    for identifier, (events, n), weight in zip(ledger.known(ids), counts, weights, strict=True):
        row = ledger[identifier]
        low, high = wilson(events, n)
        yield {
            **{"kind": "study", "id": identifier, "label": study_label(row), "k": events, "n": n},
            **{"estimate": events / n, "low": low, "high": high, "weight": weight, "verified": row["verified"]},
        }
    yield {"kind": "mean", "estimate": mean, "low": interval[0], "high": interval[1]}
    low, middle, high = prediction.ppf(np.array([(1.0 - COVERAGE) / 2.0, 0.5, (1.0 + COVERAGE) / 2.0]))
    yield {"kind": "prediction", "estimate": middle, "low": low, "high": high}


def _result(method: str, counts: Counts) -> tuple[Sequence[float], float, Interval, Distribution]:
    """Weights of the studies, the mean with its interval, and the prediction for a new population."""
    if method == "beta_binomial":
        posterior = beta_binomial(counts)
        return _weights(posterior, counts), posterior.mean, posterior.mean_interval, POOLING[method](counts)
    found = pool(counts)
    return found.logits.weights, found.share, found.safeguarded, POOLING["pooled"](counts)


def _weights(posterior: Posterior, counts: Counts) -> Sequence[float]:
    """What a study counts for: n / (1 + r (n - 1)) at the mean correlation r (Kleinman 1973, J Am Stat Assoc 68)."""
    sizes = [n / (1.0 + posterior.correlation * (n - 1.0)) for _, n in counts]
    return [size / sum(sizes) for size in sizes]


def study_label(row: Mapping[str, str]) -> str:
    """A row of the ledger in a few words: `Carreras 1998, Europe`; its id where the citation names no author."""
    author = _AUTHOR.match(row["citation"])
    name = f"{author['name']} {row['published']}" if author else row["id"]
    return f"{name}, {row['region']}" if row["region"] else name
