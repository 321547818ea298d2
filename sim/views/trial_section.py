"""The trial on a run's page: its sentence, dates, probabilities, chances of success, levers and sites."""

from collections.abc import Mapping
from typing import NamedTuple

from markupsafe import Markup

from sim.dates import day_name, exact_day
from sim.results.run import Results
from sim.results.trial import NEVER, SITES
from sim.views.estimates import Estimate
from sim.views.lever_words import LEVERS, Lever, interim_rows, lever_rows
from sim.views.numbers import ABSENT, UNKNOWN, rounded, span, unbroken
from sim.views.played import is_played
from sim.views.trial_facts import TESTS, Trial, chance_error, chance_text, level_text, trial_of
from sim.views.trial_words import (
    Dated,
    Judged,
    Likely,
    endpoint_name,
    likelihoods,
    milestones,
    trial_headline,
    verdicts,
)

PICTURES = ("accrual", "readout", "success", LEVERS, "one_trial")
"""The pictures of a trial, in the order in which they are shown."""

_SITES = 40  # rows of the table of sites


class Tested(NamedTuple):
    """The chance of success by one endpoint and test, in words.

    Attributes
    ----------
    endpoint, test : as people read them.
    chances : probability and error, by level.
    decides : whether the trial is decided so.
    """

    endpoint: str
    test: str
    chances: list[tuple[str, str]]
    decides: bool


class Section(NamedTuple):
    """What the page shows of a trial, in words.

    Attributes
    ----------
    title, sentence : of the trial, and what comes of it.
    dates, chances : milestones, and probabilities but those of success.
    levels : of the tests, two-sided; the one that decides first.
    success : a row for each endpoint and test.
    levers : what each would have to be.
    interim : date, probability by the promise, median read-out, for dates that the interim may be of.
    sites : rows of the table of sites; none where the trial knows no sites.
    more_sites : how many more there are.
    seen_by_site : whether patients of single sites were seen.
    promised_by : the last day of the promised window.
    pictures : reading and drawing, by name.
    """

    title: str
    sentence: str
    dates: list[Dated]
    chances: list[Likely]
    levels: list[str]
    success: list[Tested]
    levers: list[Lever]
    interim: list[tuple[str, str, str]]
    sites: list[tuple[str, ...]]
    more_sites: int
    seen_by_site: bool
    promised_by: str
    pictures: Mapping[str, tuple[str, Markup]]

    def shown(self, *names: str) -> list[tuple[str, Markup]]:
        """The pictures of these names that there are."""
        return [self.pictures[name] for name in names if name in self.pictures]


def trial_section(results: Results, shown: Mapping[str, tuple[str, Markup]]) -> Section | None:
    """What a run's page shows of its trial; None where it has none.

    Parameters
    ----------
    results : the run.
    shown : name → reading and drawing of every picture of the run.
    """
    trial = trial_of(results)
    if trial is None:
        return None
    sites = _site_rows(results)
    return Section(
        title=trial.title,
        sentence=unbroken(trial_headline(results)),
        dates=milestones(results, trial),
        chances=likelihoods(results, trial),
        levels=[level_text(level) for level in _levels(trial)],
        success=_success_rows(results, trial),
        levers=lever_rows(results),
        interim=interim_rows(results),
        sites=sites[:_SITES],
        more_sites=max(len(sites) - _SITES, 0),
        seen_by_site=any(row[4] != "0" for row in sites),
        promised_by=trial.promised_by,
        pictures={name: shown[name] for name in PICTURES if name in shown},
    )


def trial_pictures(results: Results) -> list[str]:
    """The pictures that say something about a run's trial."""
    trial = trial_of(results)
    if trial is None:
        return []
    absent = {LEVERS} - set(results.tables) | (set() if is_played(results) else {"one_trial"})
    return [name for name in PICTURES if name not in absent]


def _levels(trial: Trial) -> list[float]:
    """The level that decides and the one beside it, where it is another."""
    return list(dict.fromkeys(trial.levels))


def _success_rows(results: Results, trial: Trial) -> list[Tested]:
    draws = int(results.provenance["draws"])
    found = {(row.endpoint, row.test, row.level): row for row in verdicts(results)}
    return [
        Tested(
            endpoint_name(row),
            TESTS.get(row.test, row.test),
            [_chance(found.get((row.endpoint, row.test, level)), draws) for level in _levels(trial)],
            row.is_primary and row.decides,
        )
        for row in found.values()
        if row.level == trial.levels[0]
    ]


def _chance(row: Judged | None, draws: int) -> tuple[str, str]:
    """A probability and its error; dashes where it was not tested at that level."""
    if row is None:
        return ABSENT, ""
    return chance_text(row.probability), chance_error(row.probability, draws)


def _site_rows(results: Results) -> list[tuple[str, ...]]:
    """Site, country, opening, whether it never opens, patients seen, rate with range, patients with range."""
    if SITES not in results.tables:
        return []
    return [
        (
            str(row["site"]),
            str(row["country"]),
            NEVER if row["opens"] == NEVER else day_name(exact_day("", str(row["opens"]))),
            chance_text(Estimate(float(row["never_opens"]), UNKNOWN)),
            rounded(float(row["seen"]), UNKNOWN),
            *_ranged(float(row["rate"]), float(row["rate_p10"]), float(row["rate_p90"])),
            *_ranged(float(row["enrolled"]), float(row["enrolled_p10"]), float(row["enrolled_p90"])),
        )
        for row in results.tables[SITES].to_dict("records")
    ]


def _ranged(mean: float, low: float, high: float) -> tuple[str, str]:
    """A mean and its range, in words."""
    return rounded(mean, UNKNOWN), span(rounded(low, UNKNOWN), rounded(high, UNKNOWN))
