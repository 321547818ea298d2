"""The texts that pool rows of the ledger: `pooled(…)`, `pooled_mean(…)`, `beta_binomial(…)`."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from sim.assumptions.distributions import BetaMixture, Distribution, LogitT
from sim.assumptions.distributions.cursor import Cursor, shown
from sim.errors import InputError
from sim.evidence.beta_binomial import beta_binomial
from sim.evidence.pooling import COVERAGE, pool

Counts = Sequence[tuple[int, int]]

_FEWEST = 3
FEW = 5
"""Studies below which what a new population may be is hardly known."""

_LEDGER_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")


def read_pooled(
    name: str,
    cursor: Cursor,
    pooled_rows: Callable[[tuple[str, ...]], list[tuple[int, int]]],
    note: Callable[[str], None],
) -> Distribution:
    """Read `(id1, id2)` after one of the names and pool these rows.

    Parameters
    ----------
    name
        A key of `POOLING`.
    cursor
        Where the text is read.
    pooled_rows
        From ledger ids to events and patients of each.
    note
        Takes a warning in a few words.

    Raises
    ------
    InputError
        For fewer than two ids, one twice, or rows that cannot be pooled.
    """
    ids: list[str] = []
    for _ in cursor.arguments():
        ids.append(cursor.expect(_LEDGER_ID, "a ledger id"))
        if ids[-1] in ids[:-1]:
            raise InputError(f"{name}: {shown(ids[-1])} is given twice")
    if len(ids) < 2:
        raise InputError(f"{name}: {len(ids)} ledger ids; needs at least 2")
    counts = pooled_rows(tuple(ids))
    found = POOLING[name](counts)
    if name == "beta_binomial" and sum(events for events, _ in counts) in (0, sum(n for _, n in counts)):
        note("no study tells the share from none or all: the prediction rests on the prior as much as on the counts")
    if len(counts) < FEW and name != "pooled_mean":
        note(_warning(len(counts), found))
    return found


def pooled_texts(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Name and ledger ids of each pooling in a text that has been read."""
    for name, inside in re.findall(rf"\b({'|'.join(POOLING)})\s*\(([^()]*)\)", text):
        yield name, tuple(_LEDGER_ID.findall(inside))


def predictive(counts: Counts) -> LogitT:
    """What random-effects pooling predicts for a new population (Higgins, Thompson & Spiegelhalter 2009)."""
    found = pool(counts).logits
    if found.studies < _FEWEST:
        raise InputError(
            f"pooled: {found.studies} studies leave no degree of freedom for a prediction; it needs {_FEWEST}: "
            "take pooled_mean(…) or beta_binomial(…)"
        )
    return LogitT(found.mean, found.se_prediction, found.studies - 2, found.between)


def mean(counts: Counts) -> LogitT:
    """The mean over populations, with the safeguarded standard error of Hartung and Knapp."""
    found = pool(counts).logits
    return LogitT(found.mean, found.se_mean, found.studies - 1)


def beta_binomial_predictive(counts: Counts) -> BetaMixture:
    """What the beta-binomial model predicts for a new population."""
    found = beta_binomial(counts)
    return BetaMixture(found.predictive.a, found.predictive.b, found.predictive.weights, found.between)


def _warning(studies: int, found: Distribution) -> str:
    low, high = 100.0 * found.ppf(np.array([(1.0 - COVERAGE) / 2.0, (1.0 + COVERAGE) / 2.0]))
    says = f"95 %: {round(low, 3):.4g}–{round(high, 3):.4g} %"
    return f"{studies} studies: below {FEW} a prediction interval says next to nothing ({says})"


POOLING: Mapping[str, Callable[[Counts], Distribution]] = {
    "pooled": predictive,
    "pooled_mean": mean,
    "beta_binomial": beta_binomial_predictive,
}
"""The forms that pool rows, and what each makes of events and patients."""
