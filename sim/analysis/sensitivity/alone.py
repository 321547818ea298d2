"""Each input alone: beyond which value of it the target is met.

With the model the others stand at their medians and chance is left out. From a finished run it is the threshold in the
draws that tells best those that meet the target from those that do not (Youden, "Index for rating diagnostic tests",
Cancer 3 (1950): the share of the one kind beyond it less the share of the other).
"""

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.analysis.sensitivity.aim import Aim
from sim.analysis.sensitivity.labels import labels_of
from sim.analysis.sensitivity.question import Question
from sim.analysis.sensitivity.sample import Sample
from sim.analysis.sensitivity.surface import BoolArray, Surface
from sim.analysis.sensitivity.tornado import value_at
from sim.assumptions.schema import Assumptions
from sim.draws.streams import FloatArray

ALONE = "alone"
"""The name of the table."""

COLUMNS = (
    "input", "at_least", "at_most", "labels", "low_percentile", "high_percentile", "probability", "error", "inside",
    "inside_error", "of_all", "how", "wish", "bound", "origin", "target", "year", "unit",
)  # fmt: skip

MODEL = "others at their medians"
"""How the model was asked."""

SAMPLED = "best threshold in the draws"
"""How a finished run was asked."""

_STEPS = 32  # between the ends of an input, among which a crossing is looked for
_EDGE = 1e-4  # of an input's values on either side, beyond which nobody looks
_CLOSE = 1e-10  # to which a crossing is found, as a uniform number
_DOUBT = 1.63  # Kolmogorov and Smirnov's bound: one threshold in a hundred exceeds it by chance
_EMPTY = ("at_least", "at_most", "low_percentile", "high_percentile", "probability", "error", "inside", "inside_error")
_FAR = 1e300  # stands for an answer that never comes


Places = NDArray[np.int64]


class _Range(NamedTuple):
    """Where an input lies when the target is met.

    Attributes
    ----------
    low, high : as uniform numbers; 0 and 1 where there is no end.
    share : of all its values at which the target is met, in this range or elsewhere.
    """

    low: float
    high: float
    share: float


def alone(question: Question, aim: Aim) -> pd.DataFrame:
    """The table of each input alone.

    Parameters
    ----------
    question : with the model each input is moved; without it the run's own draws answer.
    aim : what is to be reached.

    Returns
    -------
    A row per input, those that can decide first: input; from and up to which value the target is met, empty where there
    is no such end, or where no value does it; of a choice the labels; the same ends as percentiles of its own, both
    empty where no value does it; the probability that it lies there, with its error; the share of the run's draws
    there that meet the target, and its error, and the share of all; how it was asked; what was to be reached.
    """
    assumptions = question.assumptions
    if assumptions is None or assumptions.sampling.method == "point":
        rows = [_threshold(question, aim, place) for place in range(len(question.sample.names))]
        table = pd.DataFrame(rows).assign(how=SAMPLED)
    else:
        surface = question.surface(ALONE)
        ranges = ranges_of(surface, aim)
        rows = [_told(question, assumptions, aim, *pair) for pair in zip(surface.names, ranges, strict=True)]
        table = pd.DataFrame(rows).assign(how=MODEL)
        table["sort"] = np.minimum(table["probability"], 1 - table["probability"])
    order = table["sort"].sort_values(ascending=False, kind="stable").index
    table["of_all"] = aim.met(question.sample.answer).mean()
    return table.loc[order].reset_index(drop=True).assign(**aim.marks, **question.target.marks)[list(COLUMNS)]


def ranges_of(surface: Surface, aim: Aim) -> list[_Range]:
    """Where each input of a surface lies when the aim is met, the others at their medians, without chance.

    Every input is tried at evenly spaced uniform numbers, and each change from met to not is then found exactly. Of
    several ranges it is the widest that is given, and the share counts all.
    """
    levels = np.concatenate([[_EDGE], np.arange(1, _STEPS) / _STEPS, [1 - _EDGE]])
    inputs = np.repeat(np.arange(len(surface.names), dtype=np.int64), len(levels))
    met = aim.met(_answer(surface, inputs, np.tile(levels, len(surface.names)))).reshape(-1, len(levels))
    places, steps = np.nonzero(met[:, 1:] != met[:, :-1])
    crossings = _crossings(surface, aim, places.astype(np.int64), levels[steps], levels[steps + 1])
    return [_range(met[place], crossings[places == place]) for place in range(len(surface.names))]


def _range(met: BoolArray, crossings: FloatArray) -> _Range:
    """The widest of the ranges between crossings in which the target is met."""
    ends = np.concatenate([[0.0], crossings, [1.0]])
    first = 0 if met[0] else 1
    pairs = list(zip(ends[first:-1:2], ends[first + 1 :: 2], strict=True))
    if not pairs:
        return _Range(math.nan, math.nan, 0.0)
    low, high = max(pairs, key=lambda pair: pair[1] - pair[0])
    return _Range(float(low), float(high), float(sum(high - low for low, high in pairs)))


def _crossings(surface: Surface, aim: Aim, inputs: Places, low: FloatArray, high: FloatArray) -> FloatArray:
    """Where the answer reaches the aim, between two uniform numbers of an input each: [crossing]."""
    from scipy.optimize import elementwise

    if not len(inputs):
        return np.empty(0)

    def beyond(level: FloatArray, place: FloatArray) -> FloatArray:
        found = aim.beyond(_answer(surface, np.ravel(place).astype(np.int64), np.ravel(level)))
        kept = np.where(np.isnan(found), -_FAR, np.clip(found, -_FAR, _FAR))
        return kept.reshape(np.shape(level))

    found = elementwise.find_root(beyond, (low, high), args=(inputs,), tolerances={"xatol": _CLOSE})
    return np.asarray(found.x, dtype=np.float64)


def _answer(surface: Surface, inputs: Places, levels: FloatArray) -> FloatArray:
    """The answer with one input each moved: [place]."""
    places = np.full((len(inputs), surface.width), 0.5)
    for number, columns in enumerate(surface.columns):
        rows = np.flatnonzero(inputs == number)
        places[np.ix_(rows, np.array(columns))] = levels[rows, None]
    return surface.at(places, None)


def _told(question: Question, assumptions: Assumptions, aim: Aim, name: str, found: _Range) -> dict[str, Any]:
    """A row: the range in the input's own unit, and what the run's draws say of it."""
    sample, labels = question.sample, labels_of(question.results, name)
    low, high = (value_at(assumptions, name, level) if 0 < level < 1 else math.nan for level in (found.low, found.high))
    row: dict[str, Any] = {
        "input": name,
        "at_least": low,
        "at_most": high,
        "labels": "",
        "low_percentile": 100 * found.low,
        "high_percentile": 100 * found.high,
        "probability": found.share,
        "error": 0.0,
        "inside": math.nan,
        "inside_error": math.nan,
    }
    if name in sample.names and found.share > 0:
        values = sample.numbers[:, sample.names.index(name)]
        if labels:
            middle = np.round([low, high])
            inside = ~(values < middle[0]) & ~(values > middle[1])
            row |= {"at_least": math.nan, "at_most": math.nan}
            row["labels"] = " or ".join(labels[int(place)] for place in np.unique(values[inside]))
        else:
            inside = ~(values < low) & ~(values > high)
        row["inside"], row["inside_error"] = _share(sample, aim.met(sample.answer), inside)
    return row


def _threshold(question: Question, aim: Aim, place: int) -> dict[str, Any]:
    """A row: the threshold of an input that tells best which draws meet the target."""
    sample, name = question.sample, question.sample.names[place]
    values, met = sample.numbers[:, place], aim.met(sample.answer)
    labels = labels_of(question.results, name)
    inside, above, gain = _best_label(values, met) if labels else _best_half(values, met)
    if gain < _DOUBT * math.sqrt(1 / met.sum() + 1 / (~met).sum()):
        return {"input": name, "labels": "", "sort": gain} | dict.fromkeys(_EMPTY, math.nan)
    ends = float(values[inside].min()), float(values[inside].max())
    row: dict[str, Any] = {
        "input": name,
        "at_least": ends[0] if above and not labels else math.nan,
        "at_most": ends[1] if not above and not labels else math.nan,
        "labels": " or ".join(labels[int(one)] for one in np.unique(values[inside])) if labels else "",
        "low_percentile": 100 * float((values < ends[0]).mean()) if above else 0.0,
        "high_percentile": 100.0 if above else 100 * float((values <= ends[1]).mean()),
        "sort": gain,
    }
    row["probability"], row["error"] = _share(sample, inside, np.ones(len(values), dtype=bool))
    row["inside"], row["inside_error"] = _share(sample, met, inside)
    return row


def _best_half(values: FloatArray, met: BoolArray) -> tuple[BoolArray, bool, float]:
    """The draws on the better side of the best threshold, whether that is the upper, and Youden's index of it."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(met[order]) / met.sum() - np.cumsum(~met[order]) / (~met).sum()
    whole = np.append(values[order][1:] > values[order][:-1], False)  # no threshold lies between equal values
    index = np.where(whole, below, 0.0)
    at = int(np.abs(index).argmax())
    above = bool(index[at] < 0)
    end = values[order][at]
    return np.asarray(values > end if above else values <= end), above, float(abs(index[at]))


def _best_label(values: FloatArray, met: BoolArray) -> tuple[BoolArray, bool, float]:
    """The draws of those labels under which the target is met more often than in all draws, and Youden's index."""
    better = [label for label in np.unique(values) if met[values == label].mean() > met.mean()]
    inside = np.isin(values, better) if better else np.ones(len(values), dtype=bool)
    return inside, True, float(inside[met].mean() - inside[~met].mean())


def _share(sample: Sample, what: BoolArray, among: BoolArray) -> tuple[float, float]:
    """The share of something among some draws, and its Monte Carlo error."""
    if not among.any():
        return math.nan, math.nan
    batches = [(sample.batch == one) & among for one in range(sample.batches.number)]
    if not batches or not all(part.any() for part in batches):
        return float(what[among].mean()), math.nan
    error = float(sample.batches.error(np.array([what[part].mean() for part in batches])))
    return float(what[among].mean()), error if error > 0 or sample.batches.exact else math.nan
