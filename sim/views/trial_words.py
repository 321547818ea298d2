"""What a trial's pictures and pages say, in words."""

import math
from typing import NamedTuple

from sim.results.run import Results
from sim.results.trial import SUCCESS
from sim.views.estimates import Estimate, Estimates, is_point
from sim.views.numbers import ABSENT
from sim.views.trial_facts import (
    ENDPOINTS,
    Trial,
    chance,
    chance_error,
    chance_text,
    days_text,
    never,
    no_readout,
    trial_of,
)

_CERTAIN = 0.0005  # a share below it is not worth a word
_DATES = (
    ("enrolment_months", "Patient {target} enrolled"),
    ("prospective_months", "Treated arm complete"),
    ("control_months", "Control arm complete"),
    ("readout_months", "Read-out"),
)
_CHANCES = (
    ("prob_readout_by_promise", "Read-out by {day}"),
    ("prob_readout_in_window", "Read-out inside the promised window"),
    ("prob_control_last", "The control arm comes last"),
)


class Dated(NamedTuple):
    """A milestone of the trial: its name, median, P10–P90 and Monte Carlo error, in words."""

    name: str
    median: str
    spread: str
    error: str


class Likely(NamedTuple):
    """A probability: its name, the number and its Monte Carlo error, in words."""

    name: str
    probability: str
    error: str


class Judged(NamedTuple):
    """The chance of success by one endpoint, test and level.

    Attributes
    ----------
    endpoint, test : as in the configuration.
    level : two-sided.
    probability : with its Monte Carlo error.
    is_primary, decides : whether the trial is decided by this endpoint, by this test.
    """

    endpoint: str
    test: str
    level: float
    probability: Estimate
    is_primary: bool
    decides: bool


def milestones(results: Results, trial: Trial) -> list[Dated]:
    """The dates of the trial in their order; those of a control arm where there is one."""
    find = Estimates(results)
    rows = []
    for variable, name in _DATES:
        median, low, high = (find(variable, statistic) for statistic in ("p50", "p10", "p90"))
        if not math.isnan(median.value):
            error = ABSENT if math.isinf(median.value) else days_text(median.error)
            spread = trial.span_text(low.value, high.value)
            rows.append(Dated(name.format(target=trial.target), trial.day_text(median), spread, error))
    return rows


def likelihoods(results: Results, trial: Trial) -> list[Likely]:
    """The probabilities of the trial that are not of success; that in the window only where it is another."""
    draws = int(results.provenance["draws"])
    found = {name: chance(results, name) for name, _ in _CHANCES}
    if found["prob_readout_in_window"].value == found["prob_readout_by_promise"].value:
        del found["prob_readout_in_window"]
    rows = [
        Likely(words.format(day=trial.promised_by), chance_text(found[name]), chance_error(found[name], draws))
        for name, words in _CHANCES
        if name in found and not math.isnan(found[name].value)
    ]
    missed, silent = never(results), no_readout(results)
    lost = [(f"Patient {trial.target} is never enrolled", missed)] if missed.value else []
    lost += [("The trial never reads out", silent)] if silent.value > missed.value + _CERTAIN else []
    return rows + [Likely(name, chance_text(found), chance_error(found, draws)) for name, found in lost]


def verdicts(results: Results) -> list[Judged]:
    """The chance of success by endpoint, test and level, the primary endpoint and the deciding test first."""
    rows = [
        Judged(
            str(row["endpoint"]),
            str(row["test"]),
            float(row["alpha"]),
            Estimate(float(row["probability"]), float(row["mcse"])),
            bool(row["is_primary"]),
            bool(row["is_deciding_test"]),
        )
        for row in results.tables[SUCCESS].to_dict("records")
    ]
    return sorted(rows, key=lambda row: (not row.is_primary, not row.decides))


def deciding(results: Results, level: float) -> list[Judged]:
    """The chance of success by endpoint, by the deciding test at this level, the primary endpoint first."""
    return [row for row in verdicts(results) if row.decides and row.level == level]


def endpoint_name(row: Judged) -> str:
    """`complete response (primary)`."""
    return ENDPOINTS.get(row.endpoint, row.endpoint) + (" (primary)" if row.is_primary else "")


def accrual_message(results: Results) -> str:
    """`Patient 80 in February 2008 (P10–P90: January to April 2008)`."""
    trial = _trial(results)
    find = Estimates(results)
    median, low, high = (find("enrolment_months", name) for name in ("p50", "p10", "p90"))
    missed = f"; never: {chance_text(never(results))}" if never(results).value > _CERTAIN else ""
    if math.isinf(median.value):
        return f"Patient {trial.target} never comes in {chance_text(never(results))} of the draws"
    day = trial.day_text(Estimate(median.value, math.inf))
    spread = "" if is_point(results) else f" (P10–P90: {trial.span_text(low.value, high.value)})"
    return f"Patient {trial.target} in {day}{spread}{missed}"


def readout_message(results: Results) -> str:
    """`Read-out by 30 June 2008: 21.5 %; median August 2008 (P10–P90: June to October 2008)`."""
    trial = _trial(results)
    find = Estimates(results)
    median, low, high = (find("readout_months", name) for name in ("p50", "p10", "p90"))
    middle = "never" if math.isinf(median.value) else trial.day_text(Estimate(median.value, math.inf))
    if is_point(results):
        when = middle
    elif math.isinf(low.value):
        when = f"in {chance_text(no_readout(results))} of the draws there is none"
    else:
        when = f"median {middle} (P10–P90: {trial.span_text(low.value, high.value)})"
    if trial.promise is None:
        return f"Read-out: {when}"
    return f"Read-out by {trial.promised_by}: {chance_text(chance(results, 'prob_readout_by_promise'))}; {when}"


def success_message(results: Results) -> str:
    """`Chance of success: complete response (primary) 95.3 %, survival at day 100 67.1 %`."""
    trial = _trial(results)
    parts = [f"{endpoint_name(row)} {chance_text(row.probability)}" for row in deciding(results, trial.levels[0])]
    return f"Chance of success: {', '.join(parts)}"


def trial_headline(results: Results) -> str:
    """The trial in a sentence: when it reads out, how likely by the promise, and with what chance of success."""
    trial = _trial(results)
    text = readout_message(results)
    primary = next(iter(deciding(results, trial.levels[0])), None)
    if primary is None:
        return text
    name = ENDPOINTS.get(primary.endpoint, primary.endpoint)
    return f"{text}. Success by {name}: {chance_text(primary.probability)}"


def _trial(results: Results) -> Trial:
    """The trial of a run that is known to have one."""
    found = trial_of(results)
    assert found is not None
    return found
