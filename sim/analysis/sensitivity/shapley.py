"""Shapley effects: shares of an answer's variance that add up to it, for correlated inputs too.

What inputs do only together is shared equally among them: Owen, SIAM/ASA J. Uncertainty Quantification 2 (2014); Song,
Nelson & Staum, ibid. 4 (2016). Estimated along random orders of the inputs as in Goda, "A simple algorithm for global
sensitivity analysis with Shapley effects", Reliab. Eng. Syst. Saf. 213 (2021).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from sim.analysis.sensitivity.blocks import Block, for_variance
from sim.analysis.sensitivity.points import points
from sim.analysis.sensitivity.question import Question
from sim.analysis.sensitivity.surface import BoolArray, Surface
from sim.draws.streams import FloatArray, Stream
from sim.results.batches import Batches

SHAPLEY = "shapley"
"""The name of the method, and of its table."""

COLUMNS = ("input", "effect", "effect_low", "effect_high", "error", "draws", "target", "year", "unit")

REPLICATES = 8
"""Independent randomisations of the rows, whose scatter is the error."""

_ERRORS = 1.96  # on either side of an estimate: 95 in 100
_EDGE = 2.0**-53

Places = NDArray[np.int64]


def shapley(question: Question) -> dict[str, pd.DataFrame]:
    """The table of the Shapley effects, the largest first.

    Parameters
    ----------
    question : asks the model anew.

    Returns
    -------
    A row per input, `chance` among them: input; its effect as a share of the variance, with the interval that holds it
    in 95 of 100 cases and its Monte Carlo error; the rows of each evaluation. As they are estimated the shares add up
    to 1 exactly; one that came out below 0 is given as 0.

    Raises
    ------
    InputError : for a finished run, when the target never comes in some rows, or nothing is uncertain.
    """
    assumptions = question.model(SHAPLEY)
    surface, rows = question.surface(SHAPLEY), question.asked.rows
    table = effects(surface, rows, assumptions.sampling.seed, question.target.variable)
    table["effect"] = table["effect"].clip(0, 1)
    table["effect_low"] = (table["effect"] - _ERRORS * table["error"]).clip(0, 1)
    table["effect_high"] = (table["effect"] + _ERRORS * table["error"]).clip(0, 1)
    ordered = table.sort_values("effect", ascending=False, kind="stable", ignore_index=True)
    return {SHAPLEY: ordered.assign(draws=rows, **question.target.marks)[list(COLUMNS)]}


def effects(surface: Surface, rows: int, seed: int, variable: str = "the answer") -> pd.DataFrame:
    """The Shapley effects of every input of a surface, and of chance, as shares.

    Each row has two independent sets of inputs, x and x', and an order. Along it one input after the other is taken
    from x, those still missing being as x' has them, given what is taken. Between the answer before and the answer
    after, y- and y+, an input's effect is the mean of (y - (y- + y+) / 2) (y+ - y-) with y the answer to x: what it
    adds to the covariance with y, for y- and y+ have the same law. In a row these add up to (y - y')² / 2, whose
    expectation is the variance. Every second row goes through the order of the one before it backwards.

    Parameters
    ----------
    surface : the model.
    rows : of each evaluation, of which there is one more than inputs.
    seed : of the run.
    variable : the target, for a message.

    Returns
    -------
    A row per input, in the surface's order: input, effect, error. The shares add up to 1; by chance one may be a little
    below 0.
    """
    both = points(seed, SHAPLEY, 2 * surface.width, rows, REPLICATES)
    taken_from, others = _correlated(surface, both[:, : surface.width]), both[:, surface.width :]
    others = _correlated(surface, others)
    if surface.correlation is None:  # then values may be mixed; else those missing follow from uniform numbers
        taken_from, others = surface.values(taken_from), surface.values(others)
    step_of = _orders(rows, len(surface.inputs), seed)

    def block(number: int) -> Block:
        """The rows in which as many inputs as this are taken from x."""
        taken = step_of < number
        mixed = conditioned(surface, taken_from, others, taken[:, : len(surface.names)])
        return mixed if surface.correlation is None else surface.values(mixed), ~taken[:, -1]

    answers = for_variance(surface, len(surface.inputs) + 1, block, SHAPLEY, variable)
    before, after = answers[:-1], answers[1:]
    steps = (answers[-1] - (before + after) / 2) * (after - before)
    if surface.correlation is None:
        steps = (answers[-1] - answers[0]) / 2 * (after - before)  # the mean of it and of the same seen from x'
    own = np.take_along_axis(steps.T, step_of, axis=1)
    batches = Batches.of("sobol", REPLICATES, rows)
    parts = np.stack([np.asarray(part).mean(axis=0) for part in batches.split(own)])
    found = own.mean(axis=0)
    return pd.DataFrame(
        {
            "input": surface.inputs,
            "effect": found / found.sum(),
            "error": batches.error(parts / parts.sum(axis=1, keepdims=True)),
        }
    )


def conditioned(surface: Surface, given: FloatArray, free: FloatArray, taken: BoolArray) -> FloatArray:
    """Inputs of which some are given, and the others follow their law given these.

    Correlated ones are normal in their scores, so that free + K (given - free) of those taken, with K the regression of
    the others on them, has the conditional law (Matheron's rule; Journel & Huijbregts, Mining Geostatistics, 1978).

    Parameters
    ----------
    surface : with the correlation of the scores.
    given, free : two independent sets of rows with the inputs' joint law, [row, column].
    taken : which inputs are given, [row, input].

    Returns
    -------
    [row, column].
    """
    owner = np.empty(surface.width, dtype=np.int64)
    for place, several in enumerate(surface.columns):
        owner[list(several)] = place
    fixed = taken[:, owner]
    mixed = np.where(fixed, given, free)
    for own in _blocks(surface):
        columns = np.array(own)
        assert surface.correlation is not None
        matrix = surface.correlation[np.ix_(columns, columns)]
        scores, away = ndtri(free[:, columns]), ndtri(given[:, columns]) - ndtri(free[:, columns])
        sets, which = np.unique(fixed[:, columns], axis=0, return_inverse=True)
        for number, known in enumerate(sets):
            if known.any() and not known.all():
                rows = np.flatnonzero(which.ravel() == number)
                slope = np.linalg.solve(matrix[np.ix_(known, known)], matrix[np.ix_(known, ~known)])
                moved = scores[np.ix_(rows, ~known)] + away[np.ix_(rows, known)] @ slope
                mixed[np.ix_(rows, columns[~known])] = np.clip(ndtr(moved), _EDGE, 1 - _EDGE)
    return mixed


def _correlated(surface: Surface, independent: FloatArray) -> FloatArray:
    """Independent uniform numbers made to hang together as the inputs do: [row, column]."""
    rows = independent.copy()
    for own in _blocks(surface):
        columns = list(own)
        assert surface.correlation is not None
        root = np.linalg.cholesky(surface.correlation[np.ix_(columns, columns)])
        rows[:, columns] = np.clip(ndtr(ndtri(independent[:, columns]) @ root.T), _EDGE, 1 - _EDGE)
    return rows


def _blocks(surface: Surface) -> list[Sequence[int]]:
    """Groups of columns that hang together."""
    from scipy.sparse.csgraph import connected_components

    if surface.correlation is None:
        return []
    number, group = connected_components(np.triu(surface.correlation, 1) != 0, directed=False)
    found = [np.flatnonzero(group == one).tolist() for one in range(number)]
    return [several for several in found if len(several) > 1]


def _orders(rows: int, inputs: int, seed: int) -> Places:
    """When each input is taken: [row, input]; a random order and its reverse, turn by turn within a replicate."""
    turn = np.arange(rows) // REPLICATES
    pair = np.arange(rows) % REPLICATES + turn // 2 * REPLICATES
    names = (f"sensitivity order [{place}]" for place in range(inputs))
    keys = np.stack([Stream(seed, name).uniform(range(int(pair.max()) + 1)) for name in names], axis=1)
    forward = np.argsort(np.argsort(keys, axis=1, kind="stable"), axis=1, kind="stable")[pair]
    return np.asarray(np.where((turn % 2 == 0)[:, None], forward, inputs - 1 - forward), dtype=np.int64)
