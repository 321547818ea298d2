"""The cumulative intensity of arrivals at all sites together, and its inverse.

An inhomogeneous Poisson process is a unit one in operational time, so patient j arrives when the cumulative intensity
reaches the sum of j unit exponentials. Between the days on which something changes (a site opens, reaches full speed
or closes, the calendar turns) the intensity is (p + q x) exp(-decline x), x months on: p and q are carried from change
to change, so that the number of sites matters to neither integral nor inverse.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from sim.draws.streams import FloatArray
from sim.model.trial.profile import Course, decaying, decaying_ramp

ROUNDING = 1e-12
"""What is left of an intensity when its sites have closed, as a share of what it was: no patient comes from it."""

CONVERGED = 1e-13
"""Relative step after which the inverse is taken for found."""

USED_UP = 1.0 - 1e-15
"""The largest share of all the decaying time there is that can be told from the whole."""

NEWTON_STEPS = 60
"""More than the inverse ever takes: five or six, as it converges quadratically from one side."""


@final
@dataclass(frozen=True)
class Intensity:
    """Cumulative intensity of each row (a draw, or a site of a draw).

    Attributes
    ----------
    starts : of the segments, months, rising, [row, segment].
    levels : cumulative intensity there, patients, [row, segment].
    speed, gain : p and q of a segment, patients per month and per month², calendar factor included, [row, segment].
    decline : [row], per month.
    total : cumulative intensity at the horizon, [row].
    horizon : months; nothing arrives after it.
    """

    starts: FloatArray
    levels: FloatArray
    speed: FloatArray
    gain: FloatArray
    decline: FloatArray
    total: FloatArray
    horizon: float

    def cumulative(self, time: FloatArray) -> FloatArray:
        """Patients expected by some times: [row, time] from months, [row, time]."""
        time = np.minimum(time, self.horizon)
        start, level, p, q = self._segment(_below(self.starts, time))
        x = np.maximum(time - start, 0.0)
        decline = self.decline[:, None]
        return level + p * decaying(x, decline) + q * decaying_ramp(x, decline)

    def invert(self, level: FloatArray) -> FloatArray:
        """When some levels are reached: months, [row, level] from patients above 0; infinite after the horizon."""
        reached = level <= self.total[:, None]
        start, below, p, q = self._segment(_below(self.levels, level))
        missing = np.where(reached, np.maximum(level - below, 0.0), 0.0)
        x = _month_of(missing, p, q, self.decline[:, None])
        return np.where(reached, np.minimum(start + x, self.horizon), np.inf)

    def _segment(self, place: NDArray[np.int64]) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Start, level, speed and gain of the segments at some places of the flattened arrays: each [row, place]."""
        start, level, p = (array.ravel().take(place) for array in (self.starts, self.levels, self.speed))
        q = self.gain.ravel().take(place) if self.gain.any() else np.zeros((1, 1))
        return start, level, p, q


def intensity(
    opening: FloatArray, weight: FloatArray, course: Course, horizon: float, closing: FloatArray | None = None
) -> Intensity:
    """The intensity of several sites together.

    Parameters
    ----------
    opening : of the sites, months, [row, site]; infinite never.
    weight : patients per month at full speed, [row, site].
    course : how the speed goes over time, with the same rows.
    horizon : months; nothing arrives after it.
    closing : when a site closes, months, [row, site]; None is never.
    """
    time, speed, gain = _changes(opening, weight, course, closing)
    own = time.shape[1]
    calendar = course.breaks[course.breaks < horizon]
    time = np.minimum(np.concatenate([time, np.broadcast_to(calendar, (len(time), len(calendar)))], axis=1), horizon)
    order = np.argsort(time, axis=1, kind="stable")
    turned = np.cumsum(order >= own, axis=1)
    factor = np.concatenate([course.factors[:, :1], np.take_along_axis(course.factors, turned, 1)], axis=1)
    nothing = np.zeros((len(time), len(calendar)))
    jumps = [
        np.take_along_axis(np.concatenate([array, nothing], axis=1), order, 1) if array.any() else None
        for array in (speed, gain)
    ]
    sorted_time = np.take_along_axis(time, order, 1)
    first = np.minimum(sorted_time.min(axis=1, initial=0.0), 0.0)
    edges = np.concatenate([first[:, None], sorted_time, np.full((len(time), 1), horizon)], axis=1)
    return _swept(edges, jumps[0], jumps[1], factor, course.decline)


def _changes(
    opening: FloatArray, weight: FloatArray, course: Course, closing: FloatArray | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """When the sites open, reach full speed and close; by how much speed and gain jump there: each [row, change]."""
    ramp, decline = np.broadcast_to(course.ramp[:, None], weight.shape), course.decline[:, None]
    weight = np.where(np.isfinite(opening), weight, 0.0)
    if closing is not None:
        weight = np.where(closing > opening, weight, 0.0)
    rises = ramp > 0
    slope = np.where(rises, weight / np.where(rises, ramp, 1.0), 0.0)
    times, speeds, gains = [opening], [np.where(rises, 0.0, weight)], [slope]
    if rises.any():
        ended = slope * np.exp(-decline * ramp)
        times, speeds = [*times, opening + ramp], [*speeds, np.zeros(weight.shape)]
        gains.append(-ended if closing is None else np.where(closing > opening + ramp, -ended, 0.0))
    if closing is not None:
        age = np.where(weight > 0, closing - np.where(weight > 0, opening, 0.0), 0.0)
        left = np.exp(-decline * np.where(np.isfinite(age), age, 0.0))
        growing = rises & (age <= ramp)
        times, gains = [*times, closing], [*gains, np.where(growing, -slope * left, 0.0)]
        speeds.append(-left * np.where(growing, slope * np.where(growing, age, 0.0), weight))
    return np.concatenate(times, axis=1), np.concatenate(speeds, axis=1), np.concatenate(gains, axis=1)


def _swept(
    edges: FloatArray,
    speed_jumps: FloatArray | None,
    gain_jumps: FloatArray | None,
    factor: FloatArray,
    decline: FloatArray,
) -> Intensity:
    """Speed, gain and level carried from change to change.

    Parameters
    ----------
    edges : of the segments, months, [row, segment + 1].
    speed_jumps, gain_jumps : at all starts but the first, [row, segment - 1]; None is none at all.
    factor : of the calendar, [row, segment].
    decline : [row].
    """
    rows, segments = factor.shape
    width = np.ascontiguousarray(np.diff(edges, axis=1).T)
    speed, gain, level = (np.zeros((segments + extra, rows)) for extra in (0, 0, 1))
    factors = np.ascontiguousarray(factor.T)
    p, q, peak = np.zeros(rows), np.zeros(rows), np.zeros(rows)
    for segment in range(segments):
        x = width[segment]
        if segment and speed_jumps is not None:
            p = p + speed_jumps[:, segment - 1]
        if segment and gain_jumps is not None:
            q = q + gain_jumps[:, segment - 1]
        p, q = np.where(p > ROUNDING * peak, p, 0.0), np.where(q > ROUNDING * peak, q, 0.0)
        peak = np.maximum(peak, p)
        speed[segment], gain[segment] = p * factors[segment], q * factors[segment]
        level[segment + 1] = level[segment] + speed[segment] * decaying(x, decline)
        if gain_jumps is not None:
            level[segment + 1] += gain[segment] * decaying_ramp(x, decline)
            p = p + q * x
        if decline.any():
            left = np.exp(-decline * x)
            p, q = p * left, q * left
    levels, speeds, gains = (np.ascontiguousarray(array.T) for array in (level[:-1], speed, gain))
    starts, horizon = np.ascontiguousarray(edges[:, :-1]), float(edges.max(initial=0.0))
    return Intensity(starts, levels, speeds, gains, decline, level[-1], horizon)


def _below(edges: FloatArray, value: FloatArray) -> NDArray[np.int64]:
    """The place, among all edges, of the last edge of its row below each value, else of the first: [row, value]."""
    rows, width = edges.shape
    first = np.arange(0, rows * width, width)[:, None]
    place, every = np.broadcast_to(first, value.shape), edges.ravel()
    step = 1 << (width.bit_length() - 1)
    while step:
        further = np.minimum(place + step, first + width - 1)
        place = np.where(every.take(further) < value, further, place)
        step >>= 1
    return place


def _month_of(missing: FloatArray, p: FloatArray, q: FloatArray, decline: FloatArray) -> FloatArray:
    """The x at which (p + q u) exp(-decline u), summed over u from 0 to x, is what is missing; arrays broadcast.

    In s, the integral of exp(-decline u), it is p s + q times the integral of x(s): convex, so that Newton's steps
    come down to it from the right. Without gain or decline the first guess is the answer.
    """
    twice = p + np.sqrt(p * p + 2 * q * missing) if q.any() else 2 * p
    s = 2 * missing / np.where(twice > 0, twice, 1.0)
    if not decline.any():
        return s
    most = np.where(decline > 0, USED_UP / np.where(decline > 0, decline, 1.0), np.inf)
    s = np.minimum(s, most)
    if not q.any():
        return _undecayed(s, decline)
    # each number stops by itself, so that it does not hang on those beside it
    moving = np.broadcast_to(q * decline != 0, s.shape)
    for _ in range(NEWTON_STEPS):
        if not moving.any():
            break
        x = _undecayed(s, decline)
        slope = p + q * x
        step = (p * s + q * decaying_ramp(x, decline) - missing) / np.where(slope > 0, slope, 1.0)
        s = np.where(moving, np.minimum(np.maximum(s - step, 0.0), most), s)
        moving = moving & (np.abs(step) > CONVERGED * s)
    return _undecayed(s, decline)


def _undecayed(s: FloatArray, decline: FloatArray) -> FloatArray:
    """The x of which s is the integral of exp(-decline u) from 0 to x."""
    flat = decline == 0
    return np.where(flat, s, -np.log1p(-decline * s) / np.where(flat, 1.0, decline))
