"""What each run of a sweep says beside the baseline, in plain sentences: how many times the cases, and why.

The cases are a product, transplants × share with VOD × share of these that is severe, and the means of a summary
multiply exactly when each share is a mean over the mean it is a share of. So the ratio of two runs is the product of
the ratios of their factors, and a factor's part in it is the logarithm of its own ratio.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.results.compare import paired
from sim.results.run import Results
from sim.results.totals import headline_total
from sim.variables import FUNNEL, HEADLINE, VARIABLES, Variable
from sim.views.contrast import Contrast, baseline_of, contrasts
from sim.views.messages import lowered
from sim.views.numbers import UNKNOWN, about, coarse_error, rounded
from sim.views.ratios import as_many, is_even, ordinal, times
from sim.views.trial_contrast import trial_sentence

_MATTERS = math.log(1.05)  # a factor that changes by less is not worth a word
_DEATHS = "deaths_day100"
_VERBS = {"vod": "develop VOD", "severe_vod": "is severe", _DEATHS: "die by day 100"}
_LONG = 24  # letters of a baseline's name that a sentence can bear
_MANY = 12  # runs up to which a sentence names every reason and the percentile

Means = Mapping[str, Contrast]
"""One run's rows by variable."""


class Factor(NamedTuple):
    """One factor of the cases, in a run and in the baseline.

    Attributes
    ----------
    stage : the stage it leads to; for the root the factor is the population itself.
    own, base : transplants per year, or a share; NaN where nobody is there to have one.
    """

    stage: Variable
    own: float
    base: float

    @property
    def change(self) -> float:
        """The logarithm of the ratio: infinite from or to zero, NaN where there is nothing to compare."""
        if math.isnan(self.own + self.base) or self.own == self.base == 0:
            return math.nan
        if 0 in (self.own, self.base):
            return math.inf if self.own else -math.inf
        return math.log(self.own / self.base)

    @property
    def matters(self) -> bool:
        """Whether it changes enough to be named."""
        return abs(self.change) >= _MATTERS


def sentences(runs: Mapping[str, Results], comparison: pd.DataFrame) -> dict[str, str]:
    """How many cases each run has against the baseline, why, and where its mean lies among the baseline's draws.

    Parameters
    ----------
    runs : label → run.
    comparison : columns as `comparison.csv` has them.

    Returns
    -------
    Label → sentences, the baseline left out.
    """
    if comparison.empty:
        return {}
    base = baseline_of(comparison)
    rows = {stage.name: {row.run: row for row in contrasts(comparison, stage.name)} for stage in FUNNEL}
    few = len(runs) <= _MANY
    said = {}
    for label, row in rows[HEADLINE].items():
        if not row.is_baseline:
            means = {name: found[label] for name, found in rows.items() if label in found}
            said[label] = _sentence(means, short(base), _alike(runs[label], runs[base], row), few=few)
            said[label] += _landing(runs[base], row, short(base)) if few else ""
            said[label] += trial_sentence(runs[label], runs[base]) if few else ""
    return said


def factors(means: Means, variable: str = HEADLINE) -> list[Factor]:
    """The factors whose product a variable is, from the root down; none where a stage is missing.

    Parameters
    ----------
    means : a run's rows by variable.
    variable : the stage to which they lead.
    """
    stage = VARIABLES[variable]
    if variable not in means:
        return []
    here = means[variable]
    if stage.of is None:
        return [Factor(stage, here.mean, here.base_mean)]
    above = factors(means, stage.of)
    if not above:
        return []
    parent = means[stage.of]
    return [*above, Factor(stage, _share(here.mean, parent.mean), _share(here.base_mean, parent.base_mean))]


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _sentence(means: Means, base: str, alike: bool, *, few: bool) -> str:
    row, cases = means[HEADLINE], f"{lowered(VARIABLES[HEADLINE].long_name)} cases"
    if math.isnan(row.difference):
        return f"no year in common with {base}."
    if row.mean == row.base_mean == 0:
        return f"as many {cases} as {base}: none."
    found = factors(means)
    if alike and not any(factor.matters for factor in found):
        return f"as many {cases} as {base}, draw by draw{_deaths(means)}."
    why = _reasons(found, _change(row), few=few)
    if 0 in (row.mean, row.base_mean):
        own, other = (about(mean) if mean else "no" for mean in (row.mean, row.base_mean))
        return f"{own} {cases}, where {base} has {other.replace('no', 'none')}{why}."
    return f"{as_many(row.ratio)} {cases} as {base} ({times(row.ratio)}){why}{_deaths(means)}."


def _change(row: Contrast) -> float:
    return Factor(VARIABLES[HEADLINE], row.mean, row.base_mean).change


def _reasons(found: Sequence[Factor], change: float, *, few: bool) -> str:
    """Why there are more or fewer: what pushed that way and what against it, the strongest first."""
    naming = sorted((factor for factor in found if factor.matters), key=lambda factor: -abs(factor.change))
    naming = [factor for factor in naming if math.isinf(factor.change)] or naming
    balanced = is_even(math.exp(change))
    if not naming:
        return "" if balanced else ", by small differences at several steps"
    way = naming[0].change if balanced else change
    along = [_clause(factor) for factor in naming if factor.change * way > 0]
    against = [_clause(factor) for factor in naming if factor.change * way < 0]
    if not few:
        along, against = along[:1], []
    text = f"{':' if balanced else ', because'} {_joined(along)}" if along else ""
    return text + (f", {'while' if balanced else 'although'} {_joined(against)}" if against else "")


def _joined(clauses: Sequence[str]) -> str:
    return ", and ".join(clauses)


def _clause(factor: Factor) -> str:
    """`5.3 % of transplants develop VOD, not 20 %`."""
    stage = factor.stage
    if stage.of is None:
        return f"there are {about(factor.own)} {_noun(stage)} a year, not {about(factor.base)}"
    own, base = _percentages(factor)
    verb = _VERBS.get(stage.name, f"goes on to {lowered(stage.long_name)}")
    return f"{own} of {_noun(VARIABLES[stage.of])} {verb}, not {base}"


def _noun(stage: Variable) -> str:
    """A population inside a sentence; the root by its unit, which is shorter."""
    return stage.unit.partition(" per ")[0] if stage.of is None else lowered(stage.long_name)


def _percentages(factor: Factor) -> tuple[str, str]:
    """Both shares with two digits, or with three where two do not tell them apart."""
    shares = (100 * factor.own, 100 * factor.base)
    short = [rounded(share, 10 * coarse_error(share)) for share in shares]
    own, base = short if float(short[0]) != float(short[1]) else [rounded(share, UNKNOWN) for share in shares]
    return f"{own} %", f"{base} %"


def _deaths(means: Means) -> str:
    """What becomes of them, where that differs too: `; of severe cases 45 % die by day 100, not 80 %`."""
    found = factors(means, _DEATHS)
    if not found or not found[-1].matters:
        return ""
    own, base = _percentages(found[-1])
    ratio = means[_DEATHS].ratio
    deaths = "" if math.isnan(ratio) else f" (deaths {times(ratio)})"
    return f"; of severe cases {own} {_VERBS[_DEATHS]}, not {base}{deaths}"


def _alike(run: Results, base: Results, row: Contrast) -> bool:
    """Whether the cases are the same in every draw."""
    if not paired(run, base) or math.isnan(row.difference):
        return False
    own, other = (headline_total(one.outputs[HEADLINE]).sel(year=int(row.year)) for one in (run, base))
    return bool(np.array_equal(own.to_numpy(), other.to_numpy()))


def _landing(base: Results, row: Contrast, name: str) -> str:
    """Where the run's mean lies among the baseline's draws; nothing where these are not kept or do not spread."""
    if not base.has_draws or math.isnan(row.difference):
        return ""
    draws = headline_total(base.outputs[HEADLINE]).sel(year=int(row.year)).to_numpy()
    if draws.min() == draws.max() or row.mean == row.base_mean:
        return ""
    share = float((draws <= row.mean).mean())
    if share in (0, 1):
        return f" Its mean lies {'above' if share else 'below'} all {len(draws):,} draws of {name}."
    return f" Its mean lands on {name}'s {ordinal(100 * share)} percentile."


def short(label: str) -> str:
    """The baseline's name in a sentence."""
    return label if len(label) <= _LONG else "the baseline"
