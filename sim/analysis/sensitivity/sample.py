"""Inputs and one answer of a finished run, draw by draw: what can be asked without running anything."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sim.analysis.sensitivity.target import Target
from sim.draws.streams import FloatArray
from sim.draws.trends import SHOCK_YEAR
from sim.errors import InputError, nearest
from sim.results.batches import Batches
from sim.results.run import Results
from sim.variables import VARIABLES, label_name

_SHOCK, _NOISE = ".shock", ".noise"  # a trend's shocks follow its noise, and are counted with it
_REST_OF_SPLIT = "rest"  # the value of a label that takes what the others leave, and is no input of its own

FEWEST_EACH = 5
"""Draws that there must be for each input."""


@dataclass(frozen=True)
class Sample:
    """What a run drew and what it answered.

    Attributes
    ----------
    target : what the answer is.
    names : of the uncertain inputs.
    numbers : theirs, in their own units, [draw, input].
    answer : the target, [draw]; may be infinite where it never comes.
    batch : the independent batch of each draw, [draw].
    batches : how draws fall into these.
    correlated : pairs of inputs that hang together.
    left_out : draws in which the target is missing; they are not among the others.
    """

    target: Target
    names: tuple[str, ...]
    numbers: FloatArray
    answer: FloatArray
    batch: NDArray[np.int64]
    batches: Batches
    correlated: tuple[tuple[str, str], ...]
    left_out: int

    def place(self, name: str, key: str) -> int:
        """The column of an input.

        Parameters
        ----------
        name : of it.
        key : of the setting that names it, for the message.

        Raises
        ------
        InputError : when no uncertain input has that name.
        """
        if name not in self.names:
            raise InputError(f"{key}: '{name}' is no uncertain quantity of this run{nearest(name, self.names)}")
        return self.names.index(name)

    def finite(self, method: str) -> "Sample":
        """Itself, where every answer is a number.

        Raises
        ------
        InputError : when the target never comes in some draws, so that nothing has a mean.
        """
        never = int((~np.isfinite(self.answer)).sum())
        if never:
            raise InputError(
                f"sensitivity.target: {self.target.variable} never comes in {never} of {len(self.answer)} draws and "
                f"has no mean, which {method} needs; ask about a probability, or sensitivity=rank"
            )
        return self


def sample_of(results: Results, target: Target) -> Sample:
    """The inputs that an answer may hang on, and the answer, of a run.

    Raises
    ------
    InputError : when the run kept no draws, or nothing is uncertain, or there are too few draws for the inputs.
    """
    answer = target.of(results.draws)
    there = ~np.isnan(answer)
    columns = {
        name: values[there]
        for name, values in inputs_of(results)
        if name.partition(".")[0] in target.sections and np.ptp(values[there]) > 0
    }
    if not columns:
        raise InputError("sensitivity: every quantity of this run is certain; there is nothing to vary")
    fewest = FEWEST_EACH * len(columns)
    if there.sum() < fewest:
        raise InputError(
            f"sampling.draws: {there.sum()} draws in which {target.variable} is there are below {fewest}, "
            f"{FEWEST_EACH} for each of {len(columns)} inputs"
        )
    source = results.provenance
    batches = Batches.of(str(source["method"]), int(source["replicates"]), len(answer))
    pairs = tuple(tuple(pair["between"]) for pair in results.configuration.get("correlation") or ())
    return Sample(
        target=target,
        names=tuple(columns),
        numbers=np.stack(list(columns.values()), axis=1),
        answer=answer[there],
        batch=(np.arange(len(answer)) % max(batches.number, 1))[there],
        batches=batches,
        correlated=tuple((one, other) for one, other in pairs if {one, other} <= set(columns)),
        left_out=int((~there).sum()),
    )


def inputs_of(results: Results) -> Iterator[tuple[str, FloatArray]]:
    """Every input by name, each of its labels for itself, what is the same in every draw twice only once: [draw]."""
    table = results.assumptions
    rests = set(table.loc[table["value"].astype(str) == _REST_OF_SPLIT, "quantity"].astype(str))
    seen: set[bytes] = set()
    gathered: dict[str, list[FloatArray]] = {}
    for name, array in results.draws.data_vars.items():
        if str(name) in VARIABLES:
            continue
        for own, column in columns_of(str(name), array):
            if own not in rests and np.ptp(column) > 0 and column.tobytes() not in seen:
                seen.add(column.tobytes())
                gathered.setdefault(own, []).append(column)
    for name, columns in gathered.items():  # of shocks of several years their mean
        yield name, columns[0] if len(columns) == 1 else np.mean(columns, axis=0)


def columns_of(name: str, array: xr.DataArray) -> Iterator[tuple[str, FloatArray]]:
    """An input label by label: its name with the labels, and its values, [draw]."""
    dims = [str(dimension) for dimension in array.dims if dimension != "draw"]
    values = array.transpose("draw", *dims).to_numpy().astype(np.float64)
    for place in np.ndindex(*values.shape[1:]):
        named = zip(dims, place, strict=True)
        labels = tuple(str(array[dim].to_numpy()[index]) for dim, index in named if dim != SHOCK_YEAR)
        yield label_name(name, labels), values[(slice(None), *place)]
