"""What a run makes of its draws: it keeps them, or counts them as they come, whatever their number."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sim.assumptions.schema import Assumptions
from sim.execution.engine import Engine
from sim.execution.smoothing import Smoothing
from sim.results.batches import Batches
from sim.results.draws_file import DrawsFile
from sim.results.folder import KEPT_BYTES
from sim.results.parts import Parts, named, of
from sim.results.sample import Sample, Stored
from sim.results.tallies import tally
from sim.results.tally import Tally
from sim.results.totals import with_totals
from sim.variables import VARIABLES

CHUNK = 8_192
"""Draws that go through the model together; any number gives the same results."""


class Gathered(ABC):
    """The draws of a run, portion by portion.

    Attributes
    ----------
    batches : how draws fall into independent batches.
    """

    batches: Batches

    @abstractmethod
    def add(self, parameters: xr.Dataset, outputs: xr.Dataset, first_draw: int, /) -> None:
        """Take in neighbouring draws: inputs and outputs, [draw, …] each."""

    @abstractmethod
    def parts(self) -> Parts:
        """What there is of the draws so far, for `add_parts`."""

    @abstractmethod
    def add_parts(self, parts: Parts) -> None:
        """Take in what others of the same run have of the draws that come next."""

    @abstractmethod
    def fresh(self) -> "Gathered":
        """The same run without its draws so far."""

    def handed_over(self) -> "tuple[Parts, Gathered]":
        """What there is of the draws so far, and `fresh`, perhaps in the same memory: this one is done with."""
        return self.parts(), self.fresh()

    @abstractmethod
    def dataset(self) -> xr.Dataset:
        """What there is of the draws in the end."""

    @abstractmethod
    def samples(self) -> Iterable[Sample]:
        """The draws of each output, as the summary reads them."""


@final
class Kept(Gathered):
    """Every draw, inputs too.

    Parameters
    ----------
    batches : how draws fall into independent batches.
    replicates : of the design.
    smoothing : adds up the laws of populations; None takes their statistics from the draws.
    """

    def __init__(self, batches: Batches, replicates: int, smoothing: Smoothing | None = None) -> None:
        """Nothing is kept yet."""
        self.batches, self._replicates, self._smoothing = batches, replicates, smoothing
        self._parts: list[xr.Dataset] = []
        self._like = xr.Dataset()

    def add(self, parameters: xr.Dataset, outputs: xr.Dataset, _first_draw: int, /) -> None:
        """See `Gathered.add`."""
        self._parts.append(parameters.merge(outputs))
        if not self._like:
            self._like = self._parts[0].isel(draw=slice(0))

    def parts(self) -> Parts:
        """See `Gathered.parts`."""
        own = self._joined()
        by_draw = {str(name): array for name, array in own.variables.items() if "draw" in array.dims}
        # one behind the other, as they come back from disk or a worker: sums go by where numbers lie
        return {name: np.ascontiguousarray(array.to_numpy()) for name, array in by_draw.items()}

    def add_parts(self, parts: Parts) -> None:
        """See `Gathered.add_parts`."""
        made = {name: (one.dims, parts.get(str(name), one), one.attrs) for name, one in self._like.variables.items()}
        names = self._like.data_vars
        self._parts.append(xr.Dataset({name: made.pop(name) for name in names}, made))

    def fresh(self) -> "Kept":
        """See `Gathered.fresh`."""
        kept = Kept(self.batches, self._replicates)
        kept._like = self._like
        return kept

    def _joined(self) -> xr.Dataset:
        """All draws so far."""
        if len(self._parts) > 1:
            self._parts = [xr.concat(self._parts, dim="draw", data_vars="minimal")]
        return self._parts[0]

    def dataset(self, first_draw: int = 0) -> xr.Dataset:
        """See `Gathered.dataset`; the first draw of a run says of which replicate it is."""
        joined = self._joined()
        numbers = np.arange(first_draw, first_draw + joined.sizes["draw"])
        return joined.assign_coords(replicate=("draw", numbers % self._replicates))

    def samples(self) -> Iterable[Sample]:
        """See `Gathered.samples`."""
        dataset = self.dataset()
        smoothed = self._smoothed(dataset)
        names = (name for name in VARIABLES if name in dataset)
        return (smoothed.get(name) or Stored(with_totals(dataset[name]), self.batches) for name in names)

    def _smoothed(self, dataset: xr.Dataset) -> Mapping[str, Sample]:
        """The populations whose chance is averaged, in portions that hang on no chunk."""
        if self._smoothing is None:
            return {}
        for first in range(0, dataset.sizes["draw"], CHUNK):
            portion = dataset.isel(draw=slice(first, first + CHUNK))
            self._smoothing.add(portion, portion, first)
        return self._smoothing.samples


@final
class Counted(Gathered):
    """Histograms of the outputs, in the same memory whatever the number of draws.

    Parameters
    ----------
    batches : how draws fall into independent batches.
    engine : what counts them.
    smoothing : adds up the laws of populations; None takes their statistics from the draws.

    Attributes
    ----------
    tallies : of each output.
    """

    def __init__(self, batches: Batches, engine: Engine, smoothing: Smoothing | None = None) -> None:
        """Nothing is counted yet."""
        self.batches, self._engine, self._smoothing = batches, engine, smoothing
        self.tallies: dict[str, Tally] = {}

    def add(self, parameters: xr.Dataset, outputs: xr.Dataset, first_draw: int, /) -> None:
        """See `Gathered.add`; the first draws say between which numbers others are counted."""
        for name in (name for name in VARIABLES if name in outputs):
            array = with_totals(outputs[name])
            if name not in self.tallies:
                self.tallies[name] = tally(array, self.batches, self._engine.kernels)
            self.tallies[name].add(array.to_numpy(), first_draw)
        if self._smoothing is not None:
            self._smoothing.add(parameters, outputs, first_draw)

    def parts(self) -> Parts:
        """See `Gathered.parts`."""
        return self._as_parts({name: one.parts() for name, one in self.tallies.items()})

    def handed_over(self) -> "tuple[Parts, Counted]":
        """See `Gathered.handed_over`."""
        pairs = {name: one.handed_over() for name, one in self.tallies.items()}
        parts = self._as_parts({name: own for name, (own, _) in pairs.items()})
        return parts, self._with({name: tally for name, (_, tally) in pairs.items()})

    def _as_parts(self, tallies: Mapping[str, Parts]) -> Parts:
        found: dict[str, NDArray[np.generic]] = {}
        for name, one in tallies.items():
            found |= named(name, one)
        return found if self._smoothing is None else {**found, **named("smooth", self._smoothing.parts())}

    def _with(self, tallies: dict[str, Tally]) -> "Counted":
        """The same run with these, in which nothing is counted."""
        counted = Counted(self.batches, self._engine, self._smoothing and self._smoothing.fresh())
        counted.tallies = tallies
        return counted

    def add_parts(self, parts: Parts) -> None:
        """See `Gathered.add_parts`."""
        for name, one in self.tallies.items():
            one.add_parts(of(name, parts))
        if self._smoothing is not None:
            self._smoothing.add_parts(of("smooth", parts))

    def fresh(self) -> "Counted":
        """See `Gathered.fresh`."""
        return self._with({name: one.fresh() for name, one in self.tallies.items()})

    def dataset(self) -> xr.Dataset:
        """See `Gathered.dataset`."""
        return xr.merge([one.histogram() for one in self.tallies.values()], join="outer")

    def samples(self) -> Iterable[Sample]:
        """See `Gathered.samples`."""
        smoothed: Mapping[str, Sample] = {} if self._smoothing is None else self._smoothing.samples
        return [smoothed.get(name, one) for name, one in self.tallies.items()]


@final
class Written(Gathered):
    """The draws go into a file as they come, and are counted beside that: so they need not fit the memory.

    Parameters
    ----------
    counted : what counts them.
    held : what holds them on their way.
    file : takes them; None leaves them held, as a shard does until it is given back.
    """

    def __init__(self, counted: Counted, held: Kept, file: DrawsFile | None) -> None:
        """Nothing is written yet."""
        self.batches, self._counted, self._held, self._file = counted.batches, counted, held, file
        self._draws = 0

    def add(self, parameters: xr.Dataset, outputs: xr.Dataset, first_draw: int, /) -> None:
        """See `Gathered.add`."""
        self._counted.add(parameters, outputs, first_draw)
        self._held.add(parameters, outputs, first_draw)
        self._write()

    def parts(self) -> Parts:
        """See `Gathered.parts`."""
        return {**named("counted", self._counted.parts()), **named("held", self._held.parts())}

    def add_parts(self, parts: Parts) -> None:
        """See `Gathered.add_parts`."""
        self._counted.add_parts(of("counted", parts))
        self._held.add_parts(of("held", parts))
        self._write()

    def fresh(self) -> "Written":
        """See `Gathered.fresh`."""
        return Written(self._counted.fresh(), self._held.fresh(), None)

    def dataset(self) -> xr.Dataset:
        """See `Gathered.dataset`: histograms; the draws are in the file."""
        return self._counted.dataset()

    def samples(self) -> Iterable[Sample]:
        """See `Gathered.samples`."""
        return self._counted.samples()

    def _write(self) -> None:
        """Put what is held into the file."""
        if self._file is not None:
            portion = self._held.dataset(self._draws)
            self._file.append(portion)
            self._draws, self._held = self._draws + portion.sizes["draw"], self._held.fresh()


def gathering(
    assumptions: Assumptions, first: Sequence[xr.Dataset], batches: Batches, engine: Engine, file: Path | None
) -> Gathered:
    """Draws are kept as told, where questions are asked of them, and where they are few: small, or in one portion.

    Parameters
    ----------
    assumptions : what is assumed.
    first : inputs and outputs of the first draws, which say how large all would be.
    batches, engine : of the run.
    file : takes draws that are kept and do not fit; None holds them too.
    """
    draws, keep = assumptions.sampling.draws, assumptions.results.keep_draws
    size = sum(part.nbytes / part.sizes["draw"] for part in first) * draws
    smoothing = Smoothing(assumptions, batches, engine.kernels) if assumptions.sampling.smooth else None
    is_asked = bool(assumptions.sensitivity.asked)
    fits = size <= KEPT_BYTES
    if keep is True and not (fits or is_asked or draws <= CHUNK) and file is not None:
        held = Kept(batches, assumptions.sampling.replicates)
        return Written(Counted(batches, engine, smoothing), held, DrawsFile(file))
    if keep is True or is_asked or draws <= CHUNK or (keep == "auto" and fits):
        return Kept(batches, assumptions.sampling.replicates, smoothing)
    return Counted(batches, engine, smoothing)
