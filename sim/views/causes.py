"""What makes a run uncertain, ready to be shown: the groups of the uncertainty bill with their words."""

import math
from typing import Any, NamedTuple

from sim.results.run import Results
from sim.views.numbers import ABSENT, error_text, rounded

TABLE = "uncertainty"
"""The table that the bill is read from, and the name of its picture."""

_WORDS = {
    "parameter": ("Parameter uncertainty", "the rates themselves: what finite cohorts and stated ranges leave open"),
    "studies": ("Disagreement of studies", "cohorts differ by more than their size explains, and a new one will too"),
    "criterion": ("Choice of criterion", "which diagnostic definition is to say what counts as VOD"),
    "volume": ("Transplant volume", "how many transplants there are, how they divide and how they grow"),
    "chance": ("Chance", "who falls ill and who does not, when every rate is known"),
}


class Cause(NamedTuple):
    """One group of the bill.

    Attributes
    ----------
    name, meaning : in words.
    share : of the variance, from 0 to 1; NaN where the bill was not made.
    error : its Monte Carlo error.
    low, high : the ends of its interval of two errors.
    note : why there is nothing, or no number; else empty.
    """

    name: str
    meaning: str
    share: float
    error: float
    low: float
    high: float
    note: str

    def __str__(self) -> str:
        """The share in per cent, with no more digits than its error supports."""
        if self.share == 0:
            return self.note or "0 %: it makes no difference"
        if self.low == 0:
            return f"less than {self._at_most} %"
        return f"{rounded(100 * self.share, 100 * self.error)} %"

    @property
    def error_text(self) -> str:
        """The error in points of per cent; empty where the share is none or only has an upper end."""
        return "" if self.low == 0 or self.error == 0 else error_text(100 * self.error)

    @property
    def _at_most(self) -> str:
        """The upper end in per cent, rounded up to one digit."""
        place = 10.0 ** math.floor(math.log10(100 * self.high))
        return rounded(math.ceil(100 * self.high / place) * place, place)


def causes(results: Results) -> list[Cause]:
    """The groups of a run's bill, the largest share first; none where it has no bill."""
    rows = results.tables[TABLE].fillna({"note": ""}).to_dict("records") if TABLE in results.tables else []
    return sorted((_cause(row) for row in rows), key=lambda cause: -cause.share)


def undivided(results: Results) -> str:
    """Why the run has a bill without numbers; empty where it has numbers or no bill."""
    return next((cause.note for cause in causes(results) if math.isnan(cause.share)), "")


def whole_percent(share: float) -> str:
    """A share in whole per cents, as a sentence has it; a dash where it is missing."""
    if math.isnan(share):
        return ABSENT
    whole = round(100 * share)
    return f"{whole} %" if whole else "under 1 %"


def is_divided(results: Results) -> bool:
    """Whether the run has a bill with numbers in it."""
    return any(cause.share > 0 for cause in causes(results))


def _cause(row: dict[Any, Any]) -> Cause:
    name, meaning = _WORDS[row["group"]]
    numbers = {column: float(row[column]) for column in ("share", "error", "low", "high")}
    return Cause(name=name, meaning=meaning, note=str(row["note"]), **numbers)
