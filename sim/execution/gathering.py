"""What a run makes of its draws: it keeps them, or counts them as they come, whatever their number."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import final

import numpy as np
import xarray as xr

from sim.assumptions.schema import Assumptions
from sim.execution.engine import Engine
from sim.execution.smoothing import Smoothing
from sim.results.batches import Batches
from sim.results.folder import KEPT_BYTES
from sim.results.sample import Sample, Stored
from sim.results.tally import Tally, tally
from sim.results.totals import with_totals
from sim.variables import VARIABLES

CHUNK = 8_192
"""Draws that go through the model together; any number gives the same results."""


class Gathered(ABC):
    """The draws of a run, portion by portion."""

    @abstractmethod
    def add(self, parameters: xr.Dataset, outputs: xr.Dataset, first_draw: int, /) -> None:
        """Take in neighbouring draws: inputs and outputs, [draw, …] each."""

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
        self._batches, self._replicates, self._smoothing = batches, replicates, smoothing
        self._parts: list[xr.Dataset] = []

    def add(self, parameters: xr.Dataset, outputs: xr.Dataset, _first_draw: int, /) -> None:
        """See `Gathered.add`."""
        self._parts.append(parameters.merge(outputs))

    def dataset(self) -> xr.Dataset:
        """See `Gathered.dataset`."""
        if len(self._parts) > 1:
            self._parts = [xr.concat(self._parts, dim="draw", data_vars="minimal")]
        number = self._parts[0].sizes["draw"]
        return self._parts[0].assign_coords(replicate=("draw", np.arange(number) % self._replicates))

    def samples(self) -> Iterable[Sample]:
        """See `Gathered.samples`."""
        dataset = self.dataset()
        smoothed = self._smoothed(dataset)
        names = (name for name in VARIABLES if name in dataset)
        return (smoothed.get(name) or Stored(with_totals(dataset[name]), self._batches) for name in names)

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
        self._batches, self._engine, self._smoothing = batches, engine, smoothing
        self.tallies: dict[str, Tally] = {}

    def add(self, parameters: xr.Dataset, outputs: xr.Dataset, first_draw: int, /) -> None:
        """See `Gathered.add`; the first draws say between which numbers others are counted."""
        for name in (name for name in VARIABLES if name in outputs):
            array = with_totals(outputs[name])
            if name not in self.tallies:
                self.tallies[name] = tally(array, self._batches, self._engine.kernels)
            self.tallies[name].add(array.to_numpy(), first_draw)
        if self._smoothing is not None:
            self._smoothing.add(parameters, outputs, first_draw)

    def dataset(self) -> xr.Dataset:
        """See `Gathered.dataset`."""
        return xr.merge([one.histogram() for one in self.tallies.values()], join="outer")

    def samples(self) -> Iterable[Sample]:
        """See `Gathered.samples`."""
        smoothed: Mapping[str, Sample] = {} if self._smoothing is None else self._smoothing.samples
        return [smoothed.get(name, one) for name, one in self.tallies.items()]


def gathering(assumptions: Assumptions, first: Sequence[xr.Dataset], batches: Batches, engine: Engine) -> Gathered:
    """Draws are kept as told, where questions are asked of them, and where they are few: small, or in one portion.

    Parameters
    ----------
    assumptions : what is assumed.
    first : inputs and outputs of the first draws, which say how large all would be.
    batches, engine : of the run.
    """
    draws, keep = assumptions.sampling.draws, assumptions.results.keep_draws
    size = sum(part.nbytes / part.sizes["draw"] for part in first) * draws
    smoothing = Smoothing(assumptions, batches, engine.kernels) if assumptions.sampling.smooth else None
    is_asked = bool(assumptions.sensitivity.asked)
    if keep is True or is_asked or draws <= CHUNK or (keep == "auto" and size <= KEPT_BYTES):
        return Kept(batches, assumptions.sampling.replicates, smoothing)
    return Counted(batches, engine, smoothing)
