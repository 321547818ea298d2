"""Under which conditions a target is met: of each input alone, and of several together in a box.

The box is found in one half of the draws and judged in the other, so that what is said of it is not flattered by the
search: whole batches of the run go to either half.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.analysis.sensitivity.aim import Aim, aim_of
from sim.analysis.sensitivity.alone import ALONE, alone
from sim.analysis.sensitivity.labels import labels_of
from sim.analysis.sensitivity.prim import Box, doubts, paste, peel, share, without_doubtful
from sim.analysis.sensitivity.question import Question
from sim.analysis.sensitivity.sample import Sample
from sim.analysis.sensitivity.surface import BoolArray
from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.results.batches import Batches

BOXES = "boxes"
"""The name of the method, and of the table of its box."""

COLUMNS = (
    "input", "at_least", "at_most", "labels", "low_percentile", "high_percentile", "chance", "density_without",
    "density", "density_error", "coverage", "coverage_error", "mass", "mass_error", "of_all", "of_all_error", "wanted",
    "judged", "wish", "bound", "origin", "target", "year", "unit",
)  # fmt: skip

FEWEST = 256
"""Draws in which the target is there, below which no box is looked for."""

FEWEST_EITHER = 32
"""Draws that meet the target, and draws that do not, below which no box is looked for."""

_LEAST_GAIN = 0.01  # of the share inside: a restriction that gives less is left out of the sentence and the box
_FEWEST_BATCHES = 4  # whose scatter is an error


class _Column(NamedTuple):
    """A column of numbers that a box may restrict.

    Attributes
    ----------
    input : its name.
    label : the label whose presence it is, 0 or 1; empty where it holds the input's own numbers.
    numbers : [draw].
    """

    input: str
    label: str
    numbers: FloatArray


def boxes(question: Question) -> dict[str, pd.DataFrame]:
    """The tables of both: `alone`, and `boxes` with a row for each restriction of the box.

    Parameters
    ----------
    question : with the model each input alone is moved; without it the run's own draws answer that too.

    Returns
    -------
    `alone` as `sim.analysis.sensitivity.alone` says. `boxes`: input; from and up to which value it lies in the box,
    empty where it is free to that side, and which labels of a choice; the same as percentiles of its own; the
    quasi-p-value; the density without this restriction; of the whole box density (the share that meets the target
    inside), coverage (the share of all that meet it that lies inside) and mass (the share of all draws inside), with
    Monte Carlo errors; the share of all draws that meet it; the density that was wanted; the draws that judged; what
    was to be reached. A single row without an input where no restriction does anything.

    Raises
    ------
    InputError : when there are too few draws, or the target is met always or never.
    """
    sample, aim = question.sample, aim_of(question)
    met = aim.met(sample.answer)
    few = min(int(met.sum()), int((~met).sum()))
    if len(met) < FEWEST or few < FEWEST_EITHER:
        raise InputError(
            f"sampling.draws: boxes needs {FEWEST} draws, {FEWEST_EITHER} of them on either side of "
            f"{question.target.variable} {aim.wish} {aim.bound:.6g}; there are {len(met)}, {few} on the smaller side"
        )
    return {ALONE: alone(question, aim), BOXES: _table(question, aim, met)}


def _table(question: Question, aim: Aim, met: BoolArray) -> pd.DataFrame:
    sample, wanted = question.sample, question.asked.density
    columns = list(_columns(question))
    numbers = np.stack([column.numbers for column in columns], axis=1)
    judging, batches = _halves(sample)
    box = chosen(numbers[~judging], met[~judging], wanted)
    box = without_doubtful(box, numbers[judging], met[judging], _LEAST_GAIN)
    told = _judged(box, numbers[judging], met[judging], sample.batch[judging], batches)
    chances = doubts(box, numbers[judging], met[judging])
    rows = []
    for name in dict.fromkeys(columns[place].input for place in box.restricted):
        places = [place for place in box.restricted if columns[place].input == name]
        free = box
        for place in places:
            free = free.without(place)
        rows.append(
            {
                "input": name,
                **_range(question, columns, box, places),
                "chance": max(chance for (place, _), chance in chances.items() if place in places),
                "density_without": share(met[judging], free.inside(numbers[judging])),
            }
        )
    table = pd.DataFrame(rows or [{"input": ""}]).reindex(columns=list(COLUMNS))
    return table.assign(**told, wanted=wanted, judged=int(judging.sum()), **aim.marks, **question.target.marks)


def chosen(numbers: FloatArray, met: BoolArray, wanted: float) -> Box:
    """The box of a search whose density is what was wanted and that then covers most, its ends moved outwards.

    Parameters
    ----------
    numbers : [draw, input].
    met : whether each draw is of interest, [draw].
    wanted : density; where no box reaches it the densest is taken.
    """

    def worth(box: Box) -> tuple[bool, float]:
        inside = box.inside(numbers)
        density = share(met, inside)
        return density >= wanted, density * met[inside].sum() if density >= wanted else density

    return paste(max(peel(numbers, met), key=worth), numbers, met)


def _columns(question: Question) -> Iterator[_Column]:
    """Every input as numbers; of a choice the presence of each label, since labels have no order."""
    sample = question.sample
    for place, name in enumerate(sample.names):
        labels, values = labels_of(question.results, name), sample.numbers[:, place]
        if not labels:
            yield _Column(name, "", values)
        for number, label in enumerate(labels):
            yield _Column(name, label, (values == number).astype(np.float64))


def _halves(sample: Sample) -> tuple[BoolArray, Batches]:
    """The draws that judge, and their batches; the others search."""
    number = sample.batches.number
    if number < 2:
        return np.arange(len(sample.answer)) % 2 == 1, Batches(0)
    left = number - number // 2
    return sample.batch >= number // 2, Batches(left if left >= _FEWEST_BATCHES else 0)


def _judged(
    box: Box, numbers: FloatArray, met: BoolArray, batch: NDArray[np.int64], batches: Batches
) -> dict[str, Any]:
    """Density, coverage and mass of a box, and the share of all, with errors."""

    def measures(part: BoolArray) -> FloatArray:
        inside, hits = box.inside(numbers[part]), met[part]
        both = float((inside & hits).sum())
        ratio = [both / total if total else np.nan for total in (float(inside.sum()), float(hits.sum()))]
        return np.array([*ratio, inside.mean(), hits.mean()])

    own = list(np.unique(batch)) if batches.number else []
    found = measures(np.ones(len(met), dtype=bool))
    errors = batches.error(np.array([measures(batch == one) for one in own]).reshape(-1, len(found)))
    names = ("density", "coverage", "mass", "of_all")
    values = dict(zip(names, found, strict=True))
    if not box.restricted:
        errors[:] = np.nan
    return values | {f"{name}_error": float(error) for name, error in zip(names, errors, strict=True)}


def _range(question: Question, columns: list[_Column], box: Box, places: list[int]) -> dict[str, Any]:
    """Where an input lies in a box: between values and percentiles, or which labels it has."""
    first = columns[places[0]]
    if first.label:
        labels = labels_of(question.results, first.input)
        demanded = [columns[place].label for place in places if box.low[place] > 0]
        barred = {columns[place].label for place in places if box.high[place] < 1}
        return {"labels": " or ".join(label for label in (demanded or labels) if label not in barred)}
    low, high = float(box.low[places[0]]), float(box.high[places[0]])
    return {
        "at_least": low if np.isfinite(low) else np.nan,
        "at_most": high if np.isfinite(high) else np.nan,
        "low_percentile": 100 * float((first.numbers < low).mean()),
        "high_percentile": 100 * float((first.numbers <= high).mean()),
    }
