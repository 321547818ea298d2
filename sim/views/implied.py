"""The headline as another option of the group `vod` implies it, beside the run's own."""

import math
from typing import NamedTuple

from sim.results.run import Results
from sim.views.estimates import Estimate, Estimates
from sim.views.numbers import UNKNOWN, span
from sim.views.ratios import times


class Implied(NamedTuple):
    """What a run's provenance holds under `beside`, ready to be shown.

    Attributes
    ----------
    option : of the group `vod`.
    mean, low, high : of the first year's headline; low and high are P10 and P90.
    ratio : of its mean to the run's own; NaN where that is zero.
    """

    option: str
    mean: Estimate
    low: Estimate
    high: Estimate
    ratio: float

    @property
    def spread(self) -> str:
        """From P10 to P90."""
        return span(str(self.low), str(self.high))

    @property
    def about_spread(self) -> str:
        """The same for a sentence."""
        return span(self.low.about, self.high.about)

    @property
    def ratio_text(self) -> str:
        """`0.29 ×`; empty where there is none."""
        return "" if math.isnan(self.ratio) else times(self.ratio)

    @property
    def bracketed(self) -> str:
        """The ratio behind other numbers: `(0.29 ×)`."""
        return f"({self.ratio_text})" if self.ratio_text else ""


def not_implied(results: Results) -> str:
    """Why another option has no headline beside the run's own; empty where it has one, or none was asked for."""
    stored = results.provenance.get("beside") or {}
    return f"vod={stored['option']} is not beside it: {stored['refused']}" if "refused" in stored else ""


def implied(results: Results) -> Implied | None:
    """The other option's headline; None where the run has none beside its own."""
    stored = results.provenance.get("beside")
    if stored is None or "statistics" not in stored:
        return None
    mean, low, high = (
        Estimate(value, UNKNOWN if error is None else error)
        for value, error in (stored["statistics"][name] for name in ("mean", "p10", "p90"))
    )
    own = Estimates(results)().value
    return Implied(str(stored["option"]), mean, low, high, mean.value / own if own else math.nan)
