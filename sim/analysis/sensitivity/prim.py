"""Boxes in which something happens often: the patient rule induction method, PRIM.

Friedman & Fisher, "Bump hunting in high-dimensional data", Statistics and Computing 9 (1999): a box is peeled, a small
slice at a time from whichever side leaves most, then pasted where it was peeled too far. Bryant & Lempert, "Thinking
inside the box", Technological Forecasting and Social Change 77 (2010): a box is judged by coverage, density and mass,
and a restriction that could be chance is dropped by its quasi-p-value. The gain of a slice is divided by its draws, so
that an input of few values may be peeled too (Kwakkel & Jaxa-Rozen, Environmental Modelling & Software 79 (2016)).

Written here, since neither package serves. `prim` 1.0.0 is under the GPL, wants a plotting library to be imported at
all and takes three times as long as is allowed; `ema_workbench` 2.5.3 is sound, but its PRIM cannot be had without
seaborn, statsmodels, Platypus and SALib.
"""

from dataclasses import dataclass, replace

import numpy as np

from sim.analysis.sensitivity.surface import BoolArray
from sim.draws.streams import FloatArray

SLICE = 0.05
"""The part of a box's draws that one peel takes away."""

LEAST = 0.05
"""The part of all draws below which a box is not peeled further."""

DOUBT = 0.05
"""The quasi-p-value above which a restriction could be chance."""


@dataclass(frozen=True)
class Box:
    """A range for each input, both ends included.

    Attributes
    ----------
    low, high : infinite where it is not restricted, [input].
    """

    low: FloatArray
    high: FloatArray

    @classmethod
    def whole(cls, inputs: int) -> "Box":
        """One without any restriction."""
        return cls(np.full(inputs, -np.inf), np.full(inputs, np.inf))

    def inside(self, numbers: FloatArray) -> BoolArray:
        """The draws in it: [draw, input] → [draw]."""
        found = np.ones(len(numbers), dtype=bool)
        for place in self.restricted:
            found &= (numbers[:, place] >= self.low[place]) & (numbers[:, place] <= self.high[place])
        return found

    @property
    def restricted(self) -> tuple[int, ...]:
        """The inputs that it restricts."""
        return tuple(np.flatnonzero(np.isfinite(self.low) | np.isfinite(self.high)).tolist())

    @property
    def ends(self) -> tuple[tuple[int, bool], ...]:
        """Its restrictions: the input, and whether it is the lower end."""
        return tuple(
            (place, is_low)
            for place in self.restricted
            for is_low, ends in ((True, self.low), (False, self.high))
            if np.isfinite(ends[place])
        )

    def freed(self, place: int, *, is_low: bool) -> "Box":
        """Itself without one restriction."""
        return self.moved(place, is_low=is_low, end=-np.inf if is_low else np.inf)

    def without(self, place: int) -> "Box":
        """Itself with one input free."""
        low, high = self.low.copy(), self.high.copy()
        low[place], high[place] = -np.inf, np.inf
        return Box(low, high)

    def moved(self, place: int, *, is_low: bool, end: float) -> "Box":
        """Itself with one end elsewhere."""
        ends = (self.low if is_low else self.high).copy()
        ends[place] = end
        return replace(self, **{"low" if is_low else "high": ends})


def peel(numbers: FloatArray, met: BoolArray) -> list[Box]:
    """Boxes within one another, from the whole to the smallest.

    Parameters
    ----------
    numbers : of the inputs, [draw, input].
    met : whether each draw is of interest, [draw].
    """
    box = Box.whole(numbers.shape[1])
    boxes, own, hits = [box], numbers, met.astype(np.float64)
    while LEAST * len(met) < len(own) and 0 < hits.sum() < len(hits):
        found = _best_slice(own, hits)
        if found is None:
            return boxes
        place, is_low, end = found
        kept = own[:, place] >= end if is_low else own[:, place] <= end
        if kept.sum() < LEAST * len(met):
            return boxes
        box, own, hits = box.moved(place, is_low=is_low, end=end), own[kept], hits[kept]
        boxes.append(box)
    return boxes


def _best_slice(numbers: FloatArray, hits: FloatArray) -> tuple[int, bool, float] | None:
    """Input, side and new end of the slice whose loss gains most for each draw that it takes; none where none gains."""
    count, taken = len(hits), max(int(SLICE * len(hits)), 1)
    parted = np.partition(numbers, (taken, count - 1 - taken), axis=0)
    best, gain = None, 0.0
    for is_low, ends in ((True, parted[taken]), (False, parted[count - 1 - taken])):
        ends = _past_ties(numbers, ends, is_low=is_low)
        lost = numbers < ends if is_low else numbers > ends
        size = lost.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            rest = (hits.sum() - hits @ lost) / (count - size)
            gains = np.where((size > 0) & (size < count), (rest - hits.mean()) / size, -np.inf)
        place = int(gains.argmax())
        if gains[place] > gain:
            best, gain = (place, is_low, float(ends[place])), float(gains[place])
    return best


def _past_ties(numbers: FloatArray, ends: FloatArray, *, is_low: bool) -> FloatArray:
    """The ends, but the next value where an end is the outermost value there is: that of an input of few values."""
    outermost = numbers.min(axis=0) if is_low else numbers.max(axis=0)
    moved = ends.copy()
    for place in np.flatnonzero(ends == outermost):
        column = numbers[:, place]
        further = column[column > ends[place]] if is_low else column[column < ends[place]]
        if len(further):
            moved[place] = further.min() if is_low else further.max()
    return moved


def paste(box: Box, numbers: FloatArray, met: BoolArray) -> Box:
    """The box with its ends moved outwards, a slice at a time, as long as the share of interest in it does not fall."""
    while True:
        inside = box.inside(numbers)
        density = share(met, inside)
        wider = [(share(met, found.inside(numbers)), found) for found in _wider(box, numbers, inside)]
        best = max(wider, key=lambda pair: pair[0], default=None)
        if best is None or best[0] < density:
            return box
        box = best[1]


def _wider(box: Box, numbers: FloatArray, inside: BoolArray) -> list[Box]:
    """Boxes that are larger by one slice at one end."""
    taken, found = max(int(SLICE * inside.sum()), 1), []
    for place, is_low in box.ends:
        near = box.without(place).inside(numbers)
        column, end = numbers[near, place], (box.low if is_low else box.high)[place]
        outside = np.sort(column[column < end])[::-1] if is_low else np.sort(column[column > end])
        if taken < len(outside):
            found.append(box.moved(place, is_low=is_low, end=float(outside[taken - 1])))
        elif len(outside):
            found.append(box.freed(place, is_low=is_low))
    return found


def doubts(box: Box, numbers: FloatArray, met: BoolArray) -> dict[tuple[int, bool], float]:
    """The quasi-p-value of each restriction: how likely it would be by chance that so many inside are of interest.

    It is the upper tail of the binomial law whose share is that of the box without the restriction. Draws other than
    those that the box was found with keep it honest.

    Returns
    -------
    Input and whether it is the lower end → the probability.
    """
    from scipy.stats import binom

    inside = box.inside(numbers)
    hits, size = int(met[inside].sum()), int(inside.sum())
    free = {end: share(met, box.freed(end[0], is_low=end[1]).inside(numbers)) for end in box.ends}
    return {end: float(binom.sf(hits - 1, size, chance)) for end, chance in free.items()}


def without_doubtful(box: Box, numbers: FloatArray, met: BoolArray, least_gain: float = 0.0) -> Box:
    """The box without the restrictions that could be chance, or gain next to nothing, the least gainful dropped first.

    Parameters
    ----------
    box : found with other draws.
    numbers, met : [draw, input] and [draw].
    least_gain : by how much a restriction must raise the share of interest in the box.
    """
    while box.ends:
        density, chances = share(met, box.inside(numbers)), doubts(box, numbers, met)
        gains = {end: density - share(met, box.freed(end[0], is_low=end[1]).inside(numbers)) for end in chances}
        weak = [end for end, chance in chances.items() if chance > DOUBT or gains[end] < least_gain]
        if not weak:
            break
        place, is_low = min(weak, key=lambda end: gains[end])
        box = box.freed(place, is_low=is_low)
    return box


def share(met: BoolArray, inside: BoolArray) -> float:
    """The share of interest among the draws inside; 0 where there are none."""
    return float(met[inside].mean()) if inside.any() else 0.0
