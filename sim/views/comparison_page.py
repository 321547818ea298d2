"""The page of a sweep: what its runs are compared by first, then the rest, and the runs that failed."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd
from markupsafe import Markup

from sim.results.run import Results
from sim.variables import HEADLINE, VARIABLES
from sim.views.bridge_words import Bridge, along
from sim.views.contrast import baseline_of, contrasts
from sim.views.estimates import typed
from sim.views.leading import lead_message, same_patients, subject
from sim.views.messages import sampling_words
from sim.views.numbers import unbroken
from sim.views.page import inline, page
from sim.views.sentences import sentences, short
from sim.views.trial_contrast import HEADS, trial_contrasts
from sim.views.value_contrast import SALES_HEADS, VALUE, WORTH_HEADS, moneys, not_compared, value_rows, value_sentence

COMPARISON, SALES, EXCEEDANCE, BRIDGE, SWEPT = "comparison", "sales", "exceedance", "bridge", "sweep"
"""What the pictures of a sweep are called; a bridge's name ends with its place."""

FEWEST = 2
"""Inputs of a bridge that is worth showing."""

_COMPARED = (HEADLINE, "deaths_day100")
_NAMED = 2  # inputs that a sentence names
_READINGS = {
    SALES: "Left, failures are left out: lines are medians, bands reach from P10 to P90. Right, failures sell nothing: "
    "the mean of all draws.",
    EXCEEDANCE: "How many of the draws have a peak above x: left of those in which the drug is approved, right of all, "
    "in which a failure sells nothing.",
    SWEPT: "The answer of each run over what was swept; the band of a line reaches from P10 to P90.",
    BRIDGE: "Each bar begins where the one above it ends. An input's part is what taking it over changes, averaged "
    "over all orders in which the inputs can be taken over (Shapley), on the same draws: so the parts add up.",
}


class Drawn(NamedTuple):
    """A picture of a sweep: what it shows, in words, and its SVG text."""

    message: str
    svg: str


class Shown(NamedTuple):
    """A picture as the page has it."""

    svg: Markup
    reading: str


def comparison_page(
    runs: Mapping[str, Results],
    comparison: pd.DataFrame,
    failed: Mapping[str, str],
    svg: str | None,
    further: Mapping[str, Drawn] = MappingProxyType({}),
    bridges: Sequence[Bridge] = (),
) -> str:
    """The page of a sweep; a bridge of a single input says nothing and is left out.

    Parameters
    ----------
    runs : label → finished run.
    comparison : columns as `comparison.csv` has them; may be empty.
    failed : label → why the run gave nothing.
    svg : the picture of the comparison, where there is one.
    further : name → the other pictures.
    bridges : from the baseline to other runs.
    """
    message = lead_message(runs, comparison)
    blocks = [(VARIABLES[name], contrasts(comparison, name)) for name in _COMPARED]
    named = {f"{BRIDGE}-{place}": found for place, found in enumerate(bridges, start=1)}
    pictures = {name: _shown(name, drawn) for name, drawn in further.items()}
    return page(
        "comparison.html",
        title=message,
        leads=subject(runs, comparison),
        trial_first=bool(runs) and same_patients(comparison),
        baseline="" if comparison.empty else baseline_of(comparison),
        worth=value_sentences(runs, comparison, bridges),
        not_compared=not_compared(runs),
        values=value_rows(runs, comparison),
        worth_heads=WORTH_HEADS,
        sales_heads=SALES_HEADS,
        money=next(iter(moneys(runs).values()), ""),
        said={label: unbroken(text) for label, text in sentences(runs, comparison).items()},
        blocks=[(variable, rows) for variable, rows in blocks if rows],
        trials=trial_contrasts(comparison),
        trial_heads=HEADS,
        figure=inline(svg, COMPARISON, message) if svg else None,
        pictures=pictures,
        bridges=[(one, pictures.get(name)) for name, one in named.items() if len(one.steps) >= FEWEST],
        runs=[(label, run.provenance, sampling_words(run.provenance), typed(run)) for label, run in runs.items()],
        failed=dict(failed),
    )


def _shown(name: str, drawn: Drawn) -> Shown:
    return Shown(inline(drawn.svg, name, drawn.message), _READINGS[name.partition("-")[0]])


def value_sentences(runs: Mapping[str, Results], comparison: pd.DataFrame, bridges: Sequence[Bridge]) -> dict[str, str]:
    """What each run is worth beside the baseline, and through which inputs; none where worths are not compared.

    Parameters
    ----------
    runs : label → run.
    comparison : columns as `comparison.csv` has them.
    bridges : from the baseline to other runs.
    """
    if not value_rows(runs, comparison):
        return {}
    money, main = next(iter(moneys(runs).values())), {found.other: _main(found) for found in bridges}
    base = short(baseline_of(comparison))
    rows = [row for row in contrasts(comparison, VALUE) if not row.is_baseline and row.difference == row.difference]
    return {row.run: unbroken(value_sentence(row, base, money, main.get(row.run, []))) for row in rows}


def _main(found: Bridge) -> list[str]:
    """The inputs that make most of a difference, with their parts; none where it is one alone."""
    if found.variable != VALUE or len(found.steps) < FEWEST:
        return []
    return [f"{step.name} ({found.part(step)})" for step in along(found)[:_NAMED]]
