"""What the target was to reach, in words, and the conditions under which it does."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sim.views.numbers import NO_BREAK, rounded
from sim.views.sensitivity.bars import capital
from sim.views.sensitivity.inputs import Named
from sim.views.sensitivity.subject import Subject

_TENTH, _NEARLY = 0.1, 0.995  # from the one on a share is whole, from the other on it would be written as 100 %
_AT_MOST = "at most"
_TRUE = "true, by the draw"
_MEDIAN = "its own median"


def aim_words(table: pd.DataFrame) -> str:
    """`severe VOD in 2008 of at least 3,000`; of an event that happens its name alone."""
    subject, first = Subject.of(table), table.iloc[0]
    is_most = first["wish"] == _AT_MOST
    if first["origin"] == _TRUE or (subject.is_chance and not is_most and first["bound"] == 1):
        return f"“{capital(subject.words)}”"
    number = subject.number(float(first["bound"]), math.nan)
    if subject.is_date:
        return f"{subject.words} {'by' if is_most else 'not before'} {number}"
    own = " (its median)" if first["origin"] == _MEDIAN else ""
    return f"{subject.words} of {first['wish']} {number}{own}"


def share_text(value: float, error: float = math.nan) -> str:
    """A share in per cent, with no more digits than its Monte Carlo error supports; whole where that is unknown."""
    if math.isnan(error) and _NEARLY <= value < 1:
        return f">{NO_BREAK}99{NO_BREAK}%"
    shown = 1.0 if math.isnan(error) and value >= _TENTH else 100 * error
    return f"{rounded(100 * value, shown)}{NO_BREAK}%"


def condition(named: Named, row: Mapping[str, Any]) -> str:
    """Where an input lies: `≥ 0.19`, `0.15 to 0.2`, `premier_2017`; empty where it has no ends."""
    if isinstance(row["labels"], str) and row["labels"]:
        return str(row["labels"])
    low, high = float(row["at_least"]), float(row["at_most"])
    if not math.isnan(low) and not math.isnan(high):
        return f"{named.value(low)} to {named.value(high)}"
    if not math.isnan(low):
        return f"≥{NO_BREAK}{named.value(low)}"
    return "" if math.isnan(high) else f"≤{NO_BREAK}{named.value(high)}"


def listed(words: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
