"""How much of an answer rests on assumptions: what each class of inputs explains of its spread, from the draws in hand.

A linear regression of the answer's ranks on the inputs' ranks (Iman & Conover, "The use of the rank transform in
regression", Technometrics 21 (1979)). Independent inputs divide what it explains: the part of each is its standardised
coefficient times its correlation with the answer, and the parts add up to R². What is left is chance, and what inputs
do only together or in no steady direction.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from sim.analysis.sensitivity.sample import columns_of
from sim.analysis.shapley import FloatArray
from sim.results.batches import Batches
from sim.results.run import Results
from sim.results.totals import headline_total
from sim.variables import CHOICES, HEADLINE, VARIABLES

COLUMNS = ("class", "quantities", "share", "error", "of", "note")

ASSUMED, RANGE_ASSUMED, CITED, REST = "assumed", "range assumed", "cited", "chance and interplay"
"""Assumed altogether; a cited value with an assumed range; value and range cited; what no input alone explains."""

CLASSES = (ASSUMED, RANGE_ASSUMED, CITED)
"""Of inputs, the least grounded first."""

_ANSWERS = ("peak_sales_if_approved", HEADLINE)  # the first that a run has is divided
_ASSUMPTION = "assumption:"  # how a source begins that is a reason and no row of the ledger
_REST_OF_SPLIT = "rest"  # the value of a label that takes what the others leave, and is no quantity of its own
_SHOCK, _NOISE = ".shock", ".noise"  # a trend's shocks follow its noise
_DRAWS_EACH = 5  # draws that there must be for each input


class _Input(NamedTuple):
    """One column of the regression.

    Attributes
    ----------
    quantity : the row of the table of assumptions it belongs to; or the rate of which each draw has one row.
    grounds : its class.
    numbers : [draw].
    """

    quantity: str
    grounds: str
    numbers: FloatArray


def grounds(results: Results) -> pd.DataFrame:
    """Shares of the spread of an answer that assumed and cited inputs explain.

    The answer is peak net sales if approved where there is a market, else severe VOD in the first year, all strata
    together. A rate of which each draw has that of a criterion or cohort counts by how it varies among the draws of one
    label, the choice itself by what its labels differ in; such a rate is classed by its least grounded label.

    Parameters
    ----------
    results : a run, its draws in hand.

    Returns
    -------
    A row per class, and one for chance and interplay: class; quantities, how many uncertain ones it has; share of the
    variance of the answer's ranks, adjusted for the number of inputs (Ezekiel 1930), all together 1; its Monte Carlo
    error; of, the answer; note. Where a correlation joins two classes shares are empty and the note says why. No row
    where nothing varies or there are too few draws.
    """
    answer = next(name for name in _ANSWERS if name in results.draws)
    outcome = _outcome(results, answer)
    there = np.isfinite(outcome)
    if there.sum() < 2 or np.ptp(outcome[there]) == 0:
        return pd.DataFrame(columns=list(COLUMNS))
    inputs = [found._replace(numbers=found.numbers[there]) for found in _inputs(results)]
    inputs = [found for found in inputs if np.ptp(found.numbers) > 0]
    if not inputs or there.sum() < _DRAWS_EACH * len(inputs):
        return pd.DataFrame(columns=list(COLUMNS))
    note = _crossing(results, inputs)
    shares, errors = _shares(results, inputs, outcome)
    if note:
        shares, errors = np.full(len(shares), np.nan), np.full(len(shares), np.nan)
    counts = [*_counts(results, inputs).values(), 0]
    rows = zip((*CLASSES, REST), counts, shares.tolist(), errors.tolist(), strict=True)
    return pd.DataFrame([(*row, answer, note) for row in rows], columns=list(COLUMNS))


def _outcome(results: Results, answer: str) -> FloatArray:
    """The answer, one number a draw: [draw]."""
    array = results.draws[answer]
    if VARIABLES[answer].level == "cell":
        array = headline_total(array).sel(year=results.years[0])
    return array.to_numpy().astype(np.float64)


def _inputs(results: Results) -> list[_Input]:
    """Every uncertain input, each of its labels for itself; what is the same in every draw twice is there once."""
    classes, label = _classes(results.assumptions), _label_of(results.draws)
    found: dict[bytes, _Input] = {}
    for name, array in results.draws.data_vars.items():
        if str(name) in VARIABLES:
            continue
        for quantity, column in columns_of(_with_its_noise(str(name)), array):
            resolved = [known for row, known in classes.items() if _is_of(row, quantity)]
            if not resolved or np.ptp(column) == 0:
                continue
            worst = min(resolved, key=CLASSES.index)
            for values in _regressors(str(name), column, label):
                found.setdefault(values.tobytes(), _Input(quantity, worst, values))
    return list(found.values())


def _with_its_noise(name: str) -> str:
    """The name by which an input is known in the table of assumptions: a trend's shocks go by its noise."""
    return name.removesuffix(_SHOCK) + _NOISE if name.endswith(_SHOCK) else name


def _label_of(draws: xr.Dataset) -> FloatArray | None:
    """The place of each draw's labels among all, [draw]; None where nothing is chosen."""
    picks = [draws[f"vod.{choice}"].to_numpy() for choice in CHOICES if f"vod.{choice}" in draws]
    return np.unique(np.stack(picks, axis=1), axis=0, return_inverse=True)[1].ravel().astype(float) if picks else None


def _regressors(name: str, column: FloatArray, label: FloatArray | None) -> Iterator[FloatArray]:
    """What a column brings to the regression, [draw] each: ranks, within a choice's label; of a choice its labels."""
    if label is None or not name.startswith("vod."):
        yield ranks(column)
    elif name.removeprefix("vod.") in CHOICES:
        for value in np.unique(column)[1:]:
            yield (column == value).astype(np.float64)
    else:
        within = ranks(column)
        for value in np.unique(label):
            within[label == value] -= within[label == value].mean()
        yield within


def ranks(column: FloatArray) -> FloatArray:
    """The ranks of some numbers from 1 on; equal ones share the mean of theirs: [draw]."""
    _, place, count = np.unique(column, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - (count - 1) / 2)[place.ravel()], dtype=np.float64)


def _classes(table: pd.DataFrame) -> dict[str, str]:
    """Quantity → its class, from the table of assumptions."""
    known = table[["quantity", "value", "source", "spread"]].fillna("").astype(str)
    rows = known[known["value"] != _REST_OF_SPLIT].itertuples(index=False, name=None)
    return {quantity: _class_of(source, spread) for quantity, _, source, spread in rows}


def _class_of(source: str, spread: str) -> str:
    if source.startswith(_ASSUMPTION):
        return ASSUMED
    return RANGE_ASSUMED if spread.startswith(_ASSUMPTION) else CITED


def _is_of(row: str, quantity: str) -> bool:
    """Whether a row of the table is this quantity, or one of its labels that each draw has one of."""
    (name, _, labels), (own, _, others) = row.partition("["), quantity.partition("[")
    return name == own and set(filter(None, others.rstrip("]").split(", "))) <= set(labels.rstrip("]").split(", "))


def _counts(results: Results, inputs: Sequence[_Input]) -> dict[str, int]:
    """Class → how many quantities of the table of assumptions are uncertain."""
    table, classes = results.assumptions, _classes(results.assumptions)
    certain = set(table[table["p05"].notna() & (table["p05"] == table["p95"])]["quantity"])
    names = {found.quantity for found in inputs}
    rows = [row for row in classes if row not in certain and any(_is_of(row, name) for name in names)]
    return {known: sum(classes[row] == known for row in rows) for known in CLASSES}


def _crossing(results: Results, inputs: Sequence[_Input]) -> str:
    """What joins two classes, in words; empty where nothing does."""
    known = {found.quantity: found.grounds for found in inputs}
    for pair in results.configuration.get("correlation") or ():
        first, second = pair["between"]
        if known.get(first) != known.get(second):
            return f"the correlation of {first} and {second} joins two classes"
    return ""


def _shares(results: Results, inputs: Sequence[_Input], outcome: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The share of each class and of the rest, and their errors by leaving out one batch after the other: [class]."""
    source, there = results.provenance, np.isfinite(outcome)
    batches = Batches.of(str(source["method"]), int(source["replicates"]), len(there))
    columns = [*(found.numbers for found in inputs), ranks(outcome[there]), np.ones(there.sum())]
    table = np.stack(columns, axis=1)
    table[:, :-1] = (table[:, :-1] - table[:, :-1].mean(axis=0)) / table[:, :-1].std(axis=0)
    places = [CLASSES.index(found.grounds) for found in inputs]
    if not batches.number:
        return _divided(table.T @ table, places), np.full(len(CLASSES) + 1, np.nan)
    batch = (np.arange(len(there)) % batches.number)[there]
    parts = np.stack([table[batch == number].T @ table[batch == number] for number in range(batches.number)])
    whole = _divided(parts.sum(axis=0), places)
    without = np.stack([_divided(parts.sum(axis=0) - part, places) for part in parts])
    return whole, batches.error(batches.number * whole - (batches.number - 1) * without)


def _divided(products: FloatArray, places: Sequence[int]) -> FloatArray:
    """The shares from sums of products of the columns: inputs, answer, ones: [class]."""
    draws = products[-1, -1]
    means = products[-1, :-1] / draws
    covariance = products[:-1, :-1] / draws - np.outer(means, means)
    coefficients = np.linalg.lstsq(covariance[:-1, :-1], covariance[:-1, -1], rcond=None)[0]
    parts = coefficients * covariance[:-1, -1] / covariance[-1, -1]
    luck = (1 - parts.sum()) / (draws - len(parts) - 1)  # what an input explains that explains nothing
    shares = np.bincount(places, parts - luck, minlength=len(CLASSES))
    held = np.clip(shares, 0, None)
    return np.append(held, max(1 - held.sum(), 0.0))
