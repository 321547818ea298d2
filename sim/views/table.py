"""Tables for a terminal, to be read in ten seconds."""

import textwrap
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from sim.results.run import Results
from sim.variables import HEADLINE, TOTAL, VARIABLES, Variable
from sim.views.contrast import Contrast, contrasts
from sim.views.estimates import ALL, Estimates, as_of, divisions, flags, is_point, stages, typed
from sim.views.grounds import grounds_sentence
from sim.views.implied import implied, not_implied
from sim.views.leading import same_patients
from sim.views.market_table import market_block
from sim.views.messages import sampling_words
from sim.views.numbers import NO_BREAK, unbroken
from sim.views.trial_contrast import contrast_lines
from sim.views.trial_table import trial_block

_GAP = "   "
_WIDTH = 100  # columns of a terminal that sentences keep to
_UNPAIRED = "no 5–95 %: the draws are not shared with the baseline, or not kept (results.keep_draws=true keeps them)"
_LABEL = 40  # of these for a run's name; a longer one takes several lines
_MINDED = 3  # warnings shown


def stage_table(results: Results) -> str:
    """The funnel of the first year; below it severe VOD by another option's rates and by label, and what to mind.

    Parameters
    ----------
    results : a run, a point calculation included.

    Returns
    -------
    Lines without a newline at the end.
    """
    find = Estimates(results)
    funnel = stages(results)
    changing = len(results.years) > 1 and any(find.changes(stage.name) for stage in funnel)
    rows = [["", *_heads(results, changing)]]
    rows += [[stage.long_name, *_numbers(results, find, stage.name, changing)] for stage in funnel]
    rows += _implied(results, changing)
    for dimension, labels in divisions(results).items():
        rows.append([f"{VARIABLES[HEADLINE].long_name} by {dimension.replace('_', ' ')}"])
        for label in labels:
            rows.append([f"  {label}", *_numbers(results, find, HEADLINE, changing, {dimension: label})])
    lines = aligned(rows)
    if (other := implied(results)) is not None:
        place, width = len(funnel) + 1, max(map(len, lines))
        lines[place] = _GAP.join([lines[place].ljust(width), other.bracketed]).rstrip()
    absent = textwrap.wrap(not_implied(results), _WIDTH)
    blocks = [trial_block(results), market_block(results), _grounds(results)]
    below = [*absent, *(line for block in blocks if block for line in ("", *block)), *_minded(results)]
    return "\n".join([_title(results), _small_print(results, changing), "", *lines, *below])


def comparison_table(
    comparison: pd.DataFrame,
    said: Mapping[str, str] = MappingProxyType({}),
    values: Sequence[Sequence[Sequence[str]]] = (),
    worth: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The worth, patients and trial of every run, their difference to the baseline, and what that means in words.

    Parameters
    ----------
    comparison : columns as `comparison.csv` has them.
    said : label → sentences, as `sim.views.sentences.sentences` gives them.
    values : tables of text on the markets, as `sim.views.value_contrast.value_lines` gives them.
    worth : label → sentences on the worth.

    Returns
    -------
    Lines without a newline at the end; a line saying so where there is nothing to compare.
    """
    markets = ["\n".join([*title, *(aligned(rows) if rows else [])]) for title, *rows in values]
    patients = [_block(VARIABLES[name], contrasts(comparison, name)) for name in (HEADLINE, "deaths_day100")]
    trial = "\n".join(aligned(contrast_lines(comparison)))
    alike = not comparison.empty and same_patients(comparison)
    blocks = [*markets, *([trial, *patients] if alike else [*patients, trial])]
    words = [_wrapped(f"{label}: {text}") for texts in (worth, said) for label, text in texts.items()]
    return "\n\n".join(block for block in (*blocks, "\n".join(words)) if block) or "No run to compare."


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns of text as lines: the first to the left, the others to the right; a row of one cell is a heading."""
    columns = max(len(row) for row in rows)
    full = [row for row in rows if len(row) == columns]
    widths = [max(len(row[index]) for row in full) for index in range(columns)]
    widths[0] = max(len(row[0]) for row in rows)
    lines = []
    for row in rows:
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=False)),
        ]
        lines.append(_GAP.join(cells).rstrip())
    return lines


def _wrapped(text: str) -> str:
    """A sentence in lines of a terminal."""
    lines = textwrap.fill(
        unbroken(text), _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    return lines.replace(NO_BREAK, " ")


def _title(results: Results) -> str:
    title = " ".join(str(results.provenance["title"]).split())
    return f"{title} ({results.provenance['scenario']}), {results.years[0]}"


def _small_print(results: Results, changing: bool) -> str:
    unit = VARIABLES[HEADLINE].unit
    changed = f"\nset on the command line: {typed(results)}" if typed(results) else ""
    alike = f"; the years to {results.years[-1]} are alike" if len(results.years) > 1 and not changing else ""
    known = f"\nevidence published by {as_of(results)}" if as_of(results) else ""
    return f"{unit}; {sampling_words(results.provenance)}{alike}{known}{changed}"


def _heads(results: Results, changing: bool) -> list[str]:
    spread = [] if is_point(results) else ["P10–P90"]
    return ["mean", *spread, "Monte Carlo error", *([f"mean {results.years[-1]}"] if changing else [])]


def _numbers(
    results: Results, find: Estimates, variable: str, changing: bool, labels: Mapping[str, str] = ALL
) -> list[str]:
    mean = find(variable, labels=labels)
    spread = [] if is_point(results) else [find.spread(variable, labels=labels)]
    last = [str(find(variable, year=results.years[-1], labels=labels))] if changing else []
    return [str(mean), *spread, mean.error_text, *last]


def _implied(results: Results, changing: bool) -> list[list[str]]:
    """The headline by the rates of another option, where the run has it beside its own."""
    other = implied(results)
    if other is None:
        return []
    spread = [] if is_point(results) else [other.spread]
    name = f"{VARIABLES[HEADLINE].long_name} if vod={other.option}"
    return [[name, str(other.mean), *spread, other.mean.error_text, *([""] if changing else [])]]


def _grounds(results: Results) -> list[str]:
    """How much rests on assumptions; nothing where it was not counted."""
    said = grounds_sentence(results)
    return [_wrapped(said)] if said else []


def _minded(results: Results) -> list[str]:
    """The first warnings, a sentence each, after an empty line; nothing where there are none."""
    found = list(flags(results).items())
    if not found:
        return []
    said = [_wrapped(f"mind: {_first(quantities)}: {words}") for words, quantities in found[:_MINDED]]
    page = "assumptions.csv" if results.configuration["report"]["figures"] == "never" else "report.html"
    more = [f"and {len(found) - _MINDED} more in {page}"] if len(found) > _MINDED else []
    return ["", *said, *more]


def _first(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _block(variable: Variable, rows: list[Contrast]) -> str:
    if not rows:
        return ""
    base = next((row.run for row in rows if row.is_baseline), TOTAL)
    years = sorted({row.year for row in rows})
    when = years[0] if len(years) == 1 else "each run's first year"
    title = _wrapped(f"{variable.long_name} in {when}, {variable.unit}; compared with {base}")
    cells = [["", "mean", "P10–P90", "difference", "its 5–95 %", "ratio"]]
    for row in rows:
        apart = ["baseline", "", ""] if row.is_baseline else [row.difference_text, row.interval_text, row.ratio_text]
        *above, last = textwrap.wrap(row.run, _LABEL, break_long_words=False, break_on_hyphens=False) or [row.run]
        cells += [*([line] for line in above), [last, row.mean_text, row.spread_text, *apart]]
    unpaired = any(not row.is_baseline and not row.is_paired for row in rows)
    note = [_UNPAIRED] if unpaired else []
    return "\n".join([title, *aligned(cells), *note])
