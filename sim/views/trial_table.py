"""The trial in a terminal: its dates, how likely the promise is kept, and the chance of success."""

from collections.abc import Sequence

from sim.results.run import Results
from sim.views.estimates import Estimate, is_point
from sim.views.numbers import NO_BREAK
from sim.views.trial_facts import ENDPOINTS, Trial, chance_error, chance_text, level_text, no_readout, trial_of
from sim.views.trial_words import deciding, likelihoods, milestones

_GAP = "   "

_FEW = 0.005
"""A share of trials too small to speak of."""


def trial_block(results: Results) -> list[str]:
    """Lines for a terminal; none where the run has no trial."""
    trial = trial_of(results)
    if trial is None:
        return []
    lines = [trial.title, "", *_dates(results, trial), "", *_chances(results, trial)]
    return [line.replace(NO_BREAK, " ") for line in lines]


def left_aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns of text as lines, all to the left, as dates are read."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [_GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _dates(results: Results, trial: Trial) -> list[str]:
    """Milestones, a line each."""
    rows = milestones(results, trial)
    if is_point(results):
        return left_aligned([("", "calculated at the means"), *((row.name, row.median) for row in rows)])
    heads = ("", "median", "P10–P90", "Monte Carlo error")
    return left_aligned([heads, *((row.name, row.median, row.spread, row.error) for row in rows)])


def _chances(results: Results, trial: Trial) -> list[str]:
    """Probabilities with their errors; those of success at both levels."""
    level, beside = trial.levels
    rows = [
        (row.name if row.probability in ("yes", "no") else f"P({_inside(row.name)})",
         f"{row.probability} {_brief(row.error)}")
        for row in likelihoods(results, trial)
    ]  # fmt: skip
    draws = int(results.provenance["draws"])
    others = {row.endpoint: row for row in deciding(results, beside)}
    for row in deciding(results, level):
        name = ENDPOINTS.get(row.endpoint, row.endpoint)
        words = f"{chance_text(row.probability)} {_brief(chance_error(row.probability, draws))}".strip()
        if row.endpoint in others and beside != level:
            words += f"; at {level_text(beside)}: {chance_text(others[row.endpoint].probability)}"
        words += _of_those_read_out(results, row.probability)
        primary = ", primary" if row.is_primary else ""
        rows.append((f"P(success by {name}){primary}", f"{words}"))
    return [*left_aligned(rows), f"two-sided tests at {level_text(level)}" if rows else ""]


def _of_those_read_out(results: Results, success: Estimate) -> str:
    """The chance of success given a read-out, where some trials never have one."""
    share = 1 - no_readout(results).value
    if not _FEW < share < 1 - _FEW:
        return ""
    return f"; {chance_text(Estimate(success.value / share, success.error / share))} of those that read out"


def _inside(name: str) -> str:
    """A name within brackets: `Read-out by …` → `read-out by …`."""
    return name[:1].lower() + name[1:]


def _brief(error: str) -> str:
    """An error behind a number: nothing where it is exact, in brackets where it is words."""
    if error == "exact":
        return ""
    return error if error.startswith("±") else f"({error})"
