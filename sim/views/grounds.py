"""How much of a run's answer rests on assumptions, ready to be shown."""

import math
from typing import NamedTuple

from sim.results.run import Results
from sim.variables import HEADLINE, VARIABLES
from sim.views.causes import whole_percent
from sim.views.estimates import Estimate
from sim.views.numbers import ABSENT, rounded

GROUNDS = "grounds"
"""The table it is read from."""

_SMALL = 0.005
_ASSUMED, _RANGE, _CITED, _REST = "assumed", "range assumed", "cited", "chance and interplay"
_MEANINGS = {
    _ASSUMED: ("Assumed", "value and range are judgements of whoever built the scenario"),
    _RANGE: ("Range assumed", "the value is cited, its range a judgement"),
    _CITED: ("Cited", "value and range come from the evidence"),
    _REST: ("Chance and interplay", "what no quantity makes alone: luck, and what they do only together"),
}


class Ground(NamedTuple):
    """A class of inputs.

    Attributes
    ----------
    name, meaning : in words.
    quantities : how many uncertain ones it has; None of chance.
    share : of the spread, with its Monte Carlo error.
    """

    name: str
    meaning: str
    quantities: int | None
    share: Estimate

    @property
    def is_small(self) -> bool:
        """Whether the share rounds to 0 %."""
        return self.share.value < _SMALL

    @property
    def share_text(self) -> str:
        """The share in per cent."""
        if math.isnan(self.share.value):
            return ABSENT
        return "under 1 %" if self.is_small else f"{rounded(100 * self.share.value, 100 * self.share.error)} %"

    @property
    def error_text(self) -> str:
        """Its error in points of per cent; empty where the share is none."""
        return ABSENT if self.is_small else Estimate(0, 100 * self.share.error).error_text


def grounded(results: Results) -> list[Ground]:
    """The classes of a run's inputs, and chance; none where nothing was counted."""
    rows = results.tables[GROUNDS].to_dict("records") if GROUNDS in results.tables else []
    return [
        Ground(
            *_MEANINGS[str(row["class"])],
            None if row["class"] == _REST else int(row["quantities"]),
            Estimate(float(row["share"]), float(row["error"])),
        )
        for row in rows
    ]


def answer_name(results: Results) -> str:
    """What the shares are of: `peak net sales, if approved`; empty where nothing was counted."""
    if not grounded(results):
        return ""
    name = str(results.tables[GROUNDS]["of"].iloc[0])
    words = VARIABLES[name].long_name
    when = f" in {results.years[0]}" if name == HEADLINE else ""
    return f"{words[:1].lower()}{words[1:]}{when}"


def grounds_sentence(results: Results) -> str:
    """`46 of 53 uncertain quantities are assumptions, 5 more have an assumed range: these make 84 % of the spread`."""
    rows = grounded(results)
    if not rows:
        return ""
    assumed, ranged, cited, _ = rows
    counts = [row.quantities or 0 for row in (assumed, ranged, cited)]
    are = "is an assumption" if counts[0] == 1 else "are assumptions"
    parts = [f"{counts[0]} of {sum(counts)} uncertain quantities {are}"]
    parts += [f"{counts[1]} more {'has' if counts[1] == 1 else 'have'} an assumed range"] if counts[1] else []
    share = assumed.share.value + ranged.share.value
    if math.isnan(share):
        return f"{', '.join(parts)}: {_unknown(results)}."
    return f"{', '.join(parts)}: these make {whole_percent(share)} of the spread of {answer_name(results)}."


def _unknown(results: Results) -> str:
    """Why there are no shares."""
    return f"how much of the spread these make is not known, as {results.tables[GROUNDS]['note'].iloc[0]}"
