"""What the sites teach about all sites: no draw hangs on those beside it, and totals teach as Bayes' rule has it."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest

import sim
from sim.assumptions.schema import Assumptions
from sim.dates import MONTH
from sim.draws.streams import FloatArray
from sim.model.planned import planned_months
from sim.model.trial.plan import Calendar, Law, SiteNumbers, SitePlan, TrialStreams
from sim.model.trial.pooled import expected_pooled_rate, pooled_rate

START, SEEN = date(2006, 7, 15), date(2007, 5, 15)
MONTHS = (SEEN - START).days / MONTH

EXAMPLE = "source: 'assumption: an example'"
PLANNED = [0, 0, 1, 2, 3, 3]

GIVEN = [
    "trial=phase3_plan",
    "trial.enrolment.sites.rates=given",
    f"trial.enrolment.sites.rate={{value: 0.02 to 2, unit: patients per month, {EXAMPLE}}}",
    "trial.enrolment.later_cv.value=0",
]

SIX_SITES = [
    *GIVEN,
    "trial.enrolment.sites.number=6",
    f"trial.enrolment.sites.planned={PLANNED}",
    "trial.enrolment.sites.screening_pass.value=0.8",
    "trial.enrolment.sites.dropout.value=0",
    "trial.enrolment.sites.ramp.value=0",
    "trial.target=35",
    f"trial.interim={{date: {SEEN}, enrolled: 20, {EXAMPLE}}}",
]

BY_SITE = (
    "trial.interim={{date: '{date}', enrolled: 17, {more} source: 'assumption: an example', "
    "spread: 'assumption: an example', sites: [{{enrolled: 3, exposure: 5}}, {{enrolled: 8, exposure: 6}}, "
    "{{enrolled: 0, exposure: 3}}, {{enrolled: 6, exposure: 7}}]}}"
)

POOLED = [
    "trial.enrolment.model=pooled",
    "trial.enrolment.pooled.plan=epidemiology",
    "trial.enrolment.pooled.strength=1",
]


def load(*overrides: str) -> Assumptions:
    return sim.load("press_release", ["market=none", *overrides])


def months(*overrides: str) -> FloatArray:
    found = sim.simulate(load(*overrides)).draws["enrolment_months"]
    return np.asarray(found.to_numpy(), dtype=np.float64)


@pytest.mark.parametrize(
    "seen",
    [
        BY_SITE.format(date="uniform(2007-04-01, 2007-12-01)", more=""),
        BY_SITE.format(date="uniform(2007-04-01, 2007-12-01)", more="ages: 40,"),
        f"trial.interim={{date: 'uniform(2007-04-01, 2007-12-01)', enrolled: 17, {EXAMPLE}, "
        "spread: 'assumption: an example'}",
    ],
    ids=["by site", "with dates", "total"],
)
def test_no_draw_hangs_on_those_beside_it(seen: str) -> None:
    access = "trial.enrolment.expanded_access={opens: 2006-12-01, diverted: {value: 0.1 to 0.3, unit: share, " + (
        f"{EXAMPLE}}}}}"
    )
    varied = [*GIVEN, seen, access, "trial.enrolment.sites.ramp.value=1 to 6"]
    assumptions = load(*varied, "sampling.draws=128")
    whole, parts = (sim.simulate(assumptions, chunk=chunk).draws["enrolment_months"] for chunk in (128, 50))
    assert whole.equals(parts)
    process = load(*varied, "sampling.draws=16", "trial.engine=process")
    played = sim.simulate(process).draws["readout_months"].to_numpy().ravel()
    assert [sim.play(process, draw).readout for draw in range(3)] == pytest.approx(played[:3].tolist(), rel=1e-12)


CASES = {
    "wide": ("0.02 to 2", "0.3 to 1.2", "0", "0", "0", "0"),
    "no spread": ("0.02 to 2", "0", "0", "0", "0", "0"),
    "declining": ("0.02 to 2", "0.3 to 1.2", "0.01 to 0.1", "0", "0", "0"),
    "uncertain openings": ("0.02 to 2", "0.3 to 1.2", "0", "'uniform(low=0, high=4)'", "0.1", "0"),
    "shared": ("0.02 to 2", "0.3 to 1.2", "0", "0", "0", "0.5"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_total_teaches_as_weighing_the_prior_does(case: str) -> None:
    names = ("rate", "rate_cv", "decline", "delay", "never_opens", "shared_cv")
    changes = [f"trial.enrolment.sites.{name}.value={text}" for name, text in zip(names, CASES[case], strict=True)]
    changes[0] = f"trial.enrolment.sites.rate={{value: {CASES[case][0]}, unit: patients per month, {EXAMPLE}}}"
    assumptions = load(*SIX_SITES, *changes, "sampling.draws=2048")
    found = sim.simulate(assumptions).draws["enrolment_months"].to_numpy().ravel() - MONTHS
    wanted, weight = _weighed(assumptions)
    levels = (0.1, 0.25, 0.5, 0.75)
    places = [float(weight[wanted <= np.quantile(found, level, method="inverted_cdf")].sum()) for level in levels]
    effective = 1 / float((weight**2).sum())
    months = np.round(np.quantile(found, levels, method="inverted_cdf"), 2)
    print(f"{case}: 15 more within {months} months, by weighing {effective:.0f} draws at {np.round(places, 3)}")
    for level, place in zip(levels, places, strict=True):
        assert abs(place - level) < 4 * np.sqrt(level * (1 - level) * (1 / effective + 1 / 2048)), (case, level)


def _weighed(assumptions: Assumptions) -> tuple[FloatArray, FloatArray]:
    """Months to 15 more patients by draws of the prior, and the weight of each: how likely it makes the 20 seen."""
    assert assumptions.trial is not None
    sites, random, draws = assumptions.trial.enrolment.sites, np.random.default_rng(1), 40_000
    assert sites is not None

    def ppf(name: str, *shape: int) -> FloatArray:
        distribution = getattr(sites, name).leaves[()].distribution
        found: FloatArray = distribution.ppf(random.random((draws, *shape)))
        return found

    def gamma(cv: FloatArray, *shape: int) -> FloatArray:
        cv = np.maximum(cv, 1e-6)
        return random.gamma(cv[:, None] ** -2.0, cv[:, None] ** 2.0, (draws, *shape))

    decline = ppf("decline")[:, None] + 1e-12
    open_ = random.random((draws, 6)) >= ppf("never_opens")[:, None]
    rates = 0.8 * open_ * ppf("rate")[:, None] * gamma(ppf("rate_cv"), 6) * gamma(ppf("shared_cv"), 1)
    opening = np.array(PLANNED) + ppf("delay", 6)
    expected = (rates * -np.expm1(-decline * (MONTHS - opening)) / decline).sum(axis=1)
    fit = 20 * np.log(np.maximum(expected, 1e-300)) - expected
    weight = np.exp(fit - fit.max())
    now = (rates * np.exp(-decline * (MONTHS - opening))).sum(axis=1)
    share = decline[:, 0] * random.gamma(15, size=draws) / np.maximum(now, 1e-300)
    later = np.where(share < 1, -np.log1p(-np.minimum(share, 1 - 1e-15)) / decline[:, 0], np.inf)
    return later, weight / weight.sum()


def test_dates_teach_the_decline_where_rates_follow_from_the_epidemiology() -> None:
    declining = ["trial=phase3_plan", "trial.enrolment.sites.decline.value=0 to 0.1", "sampling.draws=256"]
    seen = [BY_SITE.format(date=SEEN, more=more) for more in ("ages: 20,", "", "ages: 75,")]
    soon, untold, late = (float(np.median(months(*declining, one))) for one in seen)
    print(f"patients who came early {soon:.1f} months, of unknown dates {untold:.1f}, late {late:.1f}")
    assert late < untold < soon


@pytest.mark.parametrize(
    "change",
    [
        [],
        ["trial.enrolment.sites.delay.value=9"],
        [f"trial.enrolment.sites.planned={list(range(12))}"],
        ["trial.enrolment.sites.ramp.value=9"],
        ["trial.enrolment.sites.decline.value=0.05"],
        ["trial.enrolment.sites.cap=7", f"trial.enrolment.sites.planned={list(range(0, 36, 3))}"],
        ["trial.enrolment.season=[1, 2, 1, 1, 1, 1, 0, 0, 1, 1, 1, 2]"],
        [f"trial.enrolment.expanded_access={{opens: 2006-12-01, diverted: {{value: 0.5, unit: share, {EXAMPLE}}}}}"],
        ["trial.enrolment.pace=2"],
    ],
    ids=lambda change: change[0].split(".")[-1].split("=")[0] if change else "plain",
)
def test_a_plan_from_the_epidemiology_is_what_its_sites_would_do(change: Sequence[str]) -> None:
    alike = ["trial=phase3_plan", "sampling=point", "trial.enrolment.sites.number=12",
             "trial.enrolment.sites.transplants.value=200", *change]  # fmt: skip
    by_sites, pooled, plain = months(*alike), months(*alike, *POOLED), months(*alike[:4], *POOLED)
    print(f"{change}: sites {by_sites.item():.2f} months, pooled plan {pooled.item():.2f}")
    assert np.isfinite(by_sites).all()
    if change != ["trial.enrolment.pace=2"]:
        assert pooled == pytest.approx(by_sites, rel=1e-9)
    assert (pooled != plain).all() == bool(change)


def test_a_plan_that_cannot_be_met_takes_the_horizon() -> None:
    one, none = np.ones((2, 1)), np.zeros(2)
    plan = SitePlan(("a",), ("x",), np.zeros(1), (Law(np.zeros_like, 0.0),), (Law(np.ones_like, 1.0),))
    numbers = SiteNumbers(one * [[0.0], [2.0]], 0 * one, 0 * one, 0 * one, none, none, none, none)
    assert planned_months(plan, Calendar(START.toordinal()), numbers, 80, 120.0) == pytest.approx([120.0, 40.0])
    nothing = SiteNumbers(2 * one, 0 * one, 0 * one, 0 * one, none, none, none, none + 1)
    calendar = Calendar(START.toordinal(), expanded_access=0.0)
    assert planned_months(plan, calendar, nothing, 80, 120.0).tolist() == [120.0, 120.0]


@pytest.mark.parametrize("strength", ["hedging", "accelerated", 0.5, 0.0])
@pytest.mark.parametrize("planned", [np.inf, 1e300])
def test_an_endless_plan_gives_a_rate(strength: float, planned: float) -> None:
    given = (strength, 80, np.full(64, planned), 65, np.full(64, 15.0))
    for rate in (pooled_rate(*given, TrialStreams(1, range(64))), expected_pooled_rate(*given)):
        assert np.isfinite(rate).all()
        assert (rate >= 0).all()
