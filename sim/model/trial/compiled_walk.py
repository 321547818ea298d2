"""One walk through the segments of a cumulative intensity, by compiled code: `sim.model.trial.intensity` draw by draw.

The sites of a draw come in the order of their openings, and with one ramp for all they reach full speed in that order
too: openings, ends of ramps and turns of the calendar are three lists in order, and so are the levels looked for. The
formulas are those of `intensity` and `profile`, where they are explained.
"""

import math

import numpy as np
from numba import njit

from sim.draws.streams import FloatArray
from sim.model.trial.intensity import CONVERGED, NEWTON_STEPS, ROUNDING, USED_UP
from sim.model.trial.profile import SERIES_BELOW, SERIES_TERMS


@njit(nogil=True, cache=True, error_model="numpy")
def walk(
    opening: FloatArray,
    weight: FloatArray,
    level: FloatArray,
    ramp: float,
    decline: float,
    breaks: FloatArray,
    factors: FloatArray,
    horizon: float,
    out: FloatArray,
) -> None:
    """The months at which some levels are reached in one draw.

    Parameters
    ----------
    opening : of the sites, months, rising, [site]; infinite never.
    weight : patients per month at full speed, [site].
    level : patients expected, rising, [place].
    ramp, decline : of the sites.
    breaks, factors : of the calendar, [break], [break + 1].
    horizon : months; nobody comes after it.
    out : months, infinite where a level is not reached, [place].
    """
    slower = math.exp(-decline * ramp) if ramp > 0 else 1.0
    opened = ramped = turned = place = 0
    p = q = peak = reached = 0.0
    factor, start = factors[0], min(0.0, opening[0])
    while start < horizon and place < len(level):
        end = horizon
        if opened < len(opening):
            end = min(end, opening[opened])
        if ramp > 0 and ramped < opened:
            end = min(end, opening[ramped] + ramp)
        if turned < len(breaks):
            end = min(end, breaks[turned])
        x = end - start
        if x > 0:
            speed, is_even = p * factor, q == 0.0 and decline == 0.0
            above = reached + (speed * x if is_even else _gained(x, speed, q * factor, decline))
            while place < len(level) and level[place] <= above:
                missing = level[place] - reached
                out[place] = start + (missing / speed if is_even else _month(missing, speed, q * factor, decline))
                place += 1
            reached = above
            left = math.exp(-decline * x) if decline != 0.0 else 1.0
            p, q = (p + q * x) * left, q * left
            start = end
        while opened < len(opening) and opening[opened] <= start:
            if ramp > 0:
                q += weight[opened] / ramp
            else:
                p += weight[opened]
            opened += 1
        while ramp > 0 and ramped < opened and opening[ramped] + ramp <= start:
            q -= weight[ramped] / ramp * slower
            ramped += 1
        while turned < len(breaks) and breaks[turned] <= start:
            turned += 1
            factor = factors[turned]
        p, q = p if p > ROUNDING * peak else 0.0, q if q > ROUNDING * peak else 0.0
        peak = max(peak, p)
    for reached_place in range(place):
        out[reached_place] = min(out[reached_place], horizon)
    out[place:] = np.inf


@njit(nogil=True, cache=True, error_model="numpy")
def _gained(x: float, p: float, q: float, decline: float) -> float:
    """The integral of (p + q u) exp(-decline u) over u from 0 to x."""
    return p * _decaying(x, decline) + (q * _decaying_ramp(x, decline) if q != 0.0 else 0.0)


@njit(nogil=True, cache=True, error_model="numpy")
def _decaying(x: float, decline: float) -> float:
    z = decline * x
    return x * (-math.expm1(-z) / z) if z != 0.0 else x


@njit(nogil=True, cache=True, error_model="numpy")
def _decaying_ramp(x: float, decline: float) -> float:
    z = decline * x
    if abs(z) >= SERIES_BELOW:
        return x * x * ((-math.expm1(-z) - z * math.exp(-z)) / (z * z))
    series, term = 0.0, 1.0
    for n in range(SERIES_TERMS):
        series += term / (n + 2)
        term *= -z / (n + 1)
    return x * x * series


@njit(nogil=True, cache=True, error_model="numpy")
def _month(missing: float, p: float, q: float, decline: float) -> float:
    """The x at which (p + q u) exp(-decline u), summed over u from 0 to x, is what is missing."""
    twice = p + math.sqrt(p * p + 2.0 * q * missing) if q != 0.0 else 2.0 * p
    s = 2.0 * missing / twice if twice > 0 else 0.0
    if decline == 0.0:
        return s
    most = USED_UP / decline if decline > 0 else np.inf
    s = min(s, most)
    step = np.inf if q != 0.0 else 0.0
    for _ in range(NEWTON_STEPS):
        if abs(step) <= CONVERGED * s:
            break
        x = -math.log1p(-decline * s) / decline
        slope = p + q * x
        step = (p * s + q * _decaying_ramp(x, decline) - missing) / (slope if slope > 0 else 1.0)
        s = min(max(s - step, 0.0), most)
    return -math.log1p(-decline * s) / decline
