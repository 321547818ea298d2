"""Ratios and percentiles in words: a number that is told as `a third as many` is close to a third."""

import math

from sim.views.numbers import UNKNOWN, coarse_error, rounded

_NEAR = 0.055  # of a ratio: how far from `half` it may lie and still be called so; less than half a step to the next
_FINE = 0.01  # to what a ratio around one is told
_TENTH = 0.1  # to what a multiple in words is
_PARTS = {
    1 / 10: "a tenth",
    1 / 5: "a fifth",
    1 / 4: "a quarter",
    1 / 3: "a third",
    1 / 2: "half",
    2 / 3: "two thirds",
    3 / 4: "three quarters",
    9 / 10: "nine tenths",
}
_MULTIPLES = {2: "twice", 3: "three times", 4: "four times", 5: "five times", 10: "ten times"}
_WORDS = _PARTS | {1: "about"} | _MULTIPLES


def as_many(ratio: float) -> str:
    """A ratio in words that stand before a noun: `a third as many`, `twice as many`, `1.4 times as many`.

    Parameters
    ----------
    ratio : above zero, finite.
    """
    nearest = min(_WORDS, key=lambda known: abs(math.log(ratio / known)))
    if abs(ratio / nearest - 1) <= _NEAR:
        return f"{_WORDS[nearest]} as many"
    if ratio > 1:
        return f"{rounded(ratio, _TENTH if ratio < max(_WORDS) else UNKNOWN)} times as many"
    below = [words for part, words in _PARTS.items() if part < ratio]
    above = [words for part, words in _PARTS.items() if part > ratio]
    return f"between {below[-1]} and {above[0]} as many" if below else f"fewer than {above[0]} as many"


def is_even(ratio: float) -> bool:
    """Whether a ratio goes by `about as many`."""
    return abs(ratio - 1) <= _NEAR


def times(ratio: float) -> str:
    """A ratio as a number: `0.32 ×`, `1.04 ×`, `13.9 ×`."""
    error = 10 * coarse_error(ratio) if ratio < 1 else _FINE if ratio < max(_WORDS) else UNKNOWN
    return f"{rounded(ratio, error)} ×"


def ordinal(percentage: float) -> str:
    """A percentile above 0 and below 100, finer towards both ends: `23rd`, `0.1st`, `99.96th`."""
    edge = min(percentage, 100 - percentage)
    place = int(f"{edge:.0e}".partition("e")[2])  # of the leading digit, after rounding to it
    text = f"{percentage:.{max(-place, 0)}f}"
    return text + _suffix(text)


def _suffix(number: str) -> str:
    if "." not in number and number[-2:] in ("11", "12", "13"):
        return "th"
    return {"1": "st", "2": "nd", "3": "rd"}.get(number[-1], "th")
