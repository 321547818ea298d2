"""The trial played patient by patient follows the exact law wherever both apply: Kolmogorov–Smirnov, 2,000 trials."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ks_2samp, kstest, nbinom, uniform

from sim.draws.streams import FloatArray
from sim.model.process.drawn import Details, process_plan, review_plan
from sim.model.process.plan import EnrolmentPlan, ProcessPlan
from sim.model.process.play import play
from sim.model.process.story import Story
from sim.model.trial.control import ChartReview, Controls, review
from sim.model.trial.endpoints import ALL_ALIKE, Arm, outcomes
from sim.model.trial.enrolment import enrol
from sim.model.trial.outcome import TrialNumbers, TrialPlan, arms_of, play_out
from sim.model.trial.plan import Calendar, Law, Seen, SiteNumbers, SitePlan, TrialStreams
from sim.model.trial.sites import realise
from sim.model.trial.verdict import verdicts
from tests.test_process import ENROLMENT, PATIENTS, SEED, SHARE, SITES, START, TREATMENT, beta, fixed

TRIALS = 2000
TARGET = 15
HORIZON = 60.0
LATE = 1e9
"""After everything that comes."""

LARGEST_DISTANCE = 1.95 * (2 / TRIALS) ** 0.5
"""That two samples of one law exceed once in a thousand times (Smirnov 1948)."""

NAMES = ("K", "L", "M", "N", "O", "P")
DETAILS = Details(TREATMENT, SHARE, SHARE, analysis_days=30.0)
PLANNED = SitePlan(NAMES, ("A", "A", "A", "B", "B", "B"), np.arange(6.0), (fixed(0.0),) * 6, (fixed(1.0),) * 6)
SEASON = (1.4, 1.2, 1.0, 0.9, 0.8, 0.7, 0.6, 0.6, 0.9, 1.1, 1.3, 1.5)


def each(value: float) -> FloatArray:
    """The same in every trial."""
    return np.full(TRIALS, value)


def site_numbers(**changes: float) -> SiteNumbers:
    """Gamma rates around half a patient per month, and nothing else but the changes."""

    def by_site(name: str, value: float = 0.0) -> FloatArray:
        return np.full((TRIALS, len(NAMES)), changes.get(name, value))

    def by_draw(name: str) -> FloatArray:
        return each(changes.get(name, 0.0))

    return SiteNumbers(
        rate=by_site("rate", 0.5),
        rate_cv=by_site("rate_cv", 0.8),
        never_opens=by_site("never_opens"),
        dropout=by_site("dropout"),
        ramp=by_draw("ramp"),
        decline=by_draw("decline"),
        shared_cv=by_draw("shared_cv"),
        diverted=by_draw("diverted"),
    )


def chart_review(**changes: float) -> ChartReview:
    """Twenty controls at one chart in fifteen, 25 charts a week."""
    plain = {"start": 3.0, "charts_per_week": 25.0, "candidate_yield": 0.2, "committee_yield": 1 / 3}
    rare = {"charts_available": np.inf, "re_review": 0.0, "kept": 1.0, "re_review_weeks": 0.0}
    return ChartReview(20, **{name: each(changes.get(name, value)) for name, value in {**plain, **rare}.items()})


ARM = Arm(each(0.4), each(0.46), each(0.7))
PLAN = TrialPlan(
    target=TARGET,
    horizon=HORIZON,
    sites=PLANNED,
    calendar=Calendar(START.toordinal()),
    follow_up_days=100,
    from_transplant=True,
    to_enrolment=PATIENTS.since_transplant,
    test="fisher",
    levels=(0.05,),
    strata=ALL_ALIKE,
    reference=None,
    promise=None,
)
NUMBERS = TrialNumbers(site_numbers(), None, chart_review(), each(3.0), ARM, ARM)
SEEN_BY_SITE = Seen(each(6.0), 7, np.array([3.0, 0.0, 4.0]), np.array([6.0, 5.0, 2.0]))


def exact_streams() -> TrialStreams:
    return TrialStreams(SEED, range(TRIALS))


def played(plan: TrialPlan, numbers: TrialNumbers, only_enrolment: bool = False) -> list[Story]:
    """Trials played with sites of their own chance."""
    streams = TrialStreams(SEED + 1, range(TRIALS))
    sites = realise(plan.sites, plan.calendar, numbers.sites, numbers.seen, streams)
    plans = (process_plan(plan, numbers, sites, DETAILS, row) for row in range(TRIALS))
    if only_enrolment:
        plans = (replace(drawn, patients=None, review=None) for drawn in plans)
    return [play(drawn, SEED + 1, row) for row, drawn in enumerate(plans)]


def assert_agree(what: str, law: FloatArray, process: list[float]) -> None:
    """Hold two samples of months or counts against each other; who never came came after everybody."""
    one, other = (np.minimum(sample, LATE).round(9) for sample in (law, process))  # whole weeks are ties
    found = ks_2samp(one, other)
    medians = np.median(law), np.median(process)
    print(f"{what:56s}{medians[0]:8.2f}{medians[1]:8.2f}   distance {found.statistic:.4f}, p {found.pvalue:.3f}")
    assert found.statistic < LARGEST_DISTANCE


WITH_PASS = replace(PLANNED, screening_pass=(Law(lambda u: beta(7.0, 3.0, u), 0.7),) * 6)
CASES: dict[str, tuple[TrialPlan, TrialNumbers]] = {
    "staggered openings, gamma rates": (PLAN, NUMBERS),
    "ramp, decline, season, expanded access": (
        replace(PLAN, sites=WITH_PASS, calendar=Calendar(START.toordinal(), SEASON, expanded_access=9.5)),
        replace(
            NUMBERS,
            sites=site_numbers(
                ramp=4.0, decline=0.03, diverted=0.3, dropout=0.1, never_opens=0.1, shared_cv=0.3, rate=0.9
            ),
        ),
    ),
    "growing sites": (PLAN, replace(NUMBERS, sites=site_numbers(ramp=6.0, decline=-0.04))),
    "caps by site and country": (replace(PLAN, sites=replace(PLANNED, cap=4, country_caps={"A": 8})), NUMBERS),
    "interim by site": (PLAN, replace(NUMBERS, seen=SEEN_BY_SITE)),
    "interim by site, ramp, expanded access, caps": (
        replace(PLAN, sites=replace(PLANNED, cap=6), calendar=Calendar(START.toordinal(), SEASON, expanded_access=3.0)),
        replace(NUMBERS, sites=site_numbers(ramp=3.0, diverted=0.4, decline=0.02), seen=SEEN_BY_SITE),
    ),
    "interim in total": (PLAN, replace(NUMBERS, seen=Seen(each(6.0), 7))),
    "interim by site, pace by draw": (
        PLAN,
        replace(NUMBERS, seen=SEEN_BY_SITE, sites=replace(site_numbers(), pace=np.linspace(0.3, 4.0, TRIALS))),
    ),
    "interim in total, rates known": (PLAN, replace(NUMBERS, sites=site_numbers(rate_cv=0.0), seen=Seen(each(6.0), 7))),
}


SLOW = (
    "interim by site, pace by draw",
    "growing sites",
    "interim by site",
    "interim in total",
    "interim by site, ramp, expanded access, caps",
)


@pytest.mark.parametrize("case", [pytest.param(case, marks=pytest.mark.slow if case in SLOW else ()) for case in CASES])
def test_enrolment_agrees(case: str) -> None:
    plan, numbers = CASES[case]
    law = enrol(plan.sites, plan.calendar, numbers.sites, TARGET, numbers.seen, exact_streams(), HORIZON).times
    stories = played(plan, numbers, only_enrolment=True)
    for patient in (9 if numbers.seen else 3, TARGET - 1):
        months = [story.enrolment[patient] if len(story.enrolment) > patient else np.inf for story in stories]
        assert_agree(f"{case}: patient {patient + 1}", law[:, patient], months)


def paced(plan: TrialPlan, numbers: TrialNumbers, details: Details, pace: float, row: int) -> Story:
    """The enrolment of a draw, at a pace from the date of what is seen on."""
    numbers = replace(numbers, sites=replace(numbers.sites, pace=each(pace)))
    streams = TrialStreams(SEED, range(TRIALS))
    sites = realise(plan.sites, plan.calendar, numbers.sites, numbers.seen, streams)
    drawn = process_plan(plan, numbers, sites, details, row)
    return play(replace(drawn, patients=None, review=None), SEED, row)


@pytest.mark.parametrize("screening", [None, fixed(25.0)])
def test_a_higher_pace_is_never_slower_and_leaves_history_as_it_was(screening: Law | None) -> None:
    details = replace(DETAILS, screening_days=screening, slots=2)
    plan, numbers = CASES["interim by site, ramp, expanded access, caps"]
    numbers = replace(numbers, sites=replace(numbers.sites, diverted=each(0.0)))
    gains = []
    for row in range(12):
        stories = [paced(plan, numbers, details, pace, row) for pace in (0.3, 1.0, 4.0)]
        months = np.full((3, TARGET), np.inf)
        for place, story in enumerate(stories):
            months[place, : len(story.enrolment)] = story.enrolment
        assert (months[:, :7] == months[0, :7]).all()
        assert (months[:, :7] <= 6.0).all()
        assert (months[1:] <= months[:-1] + 1e-9).all()
        gains.append(months[0, 9] > months[2, 9])
    assert sum(gains) > 6


def test_patients_seen_at_a_site_came_at_any_time_since_it_opened() -> None:
    """The exact law spreads them over the openings of all sites; here a known count of its own holds for each."""
    some = replace(ENROLMENT, sites=(replace(SITES[0], seen=3), replace(SITES[2], seen=4)), seen_until=6.0)
    stories = [play(ProcessPlan(some, 6.0), SEED, draw) for draw in range(500)]
    for name, seen, opening in (("site K", 3, 0.0), ("site M", 4, 3.0)):
        months = [patient.arrived for story in stories for patient in story.patients if patient.site == name]
        assert len(months) == 500 * seen
        found = kstest(months, uniform(opening, 6.0 - opening).cdf)
        print(f"{name}: distance {found.statistic:.4f} from a uniform law, p {found.pvalue:.3f}")
        assert found.pvalue > 1e-3


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"candidate_yield": 0.05, "charts_per_week": 33.3},
        {"re_review": 0.7, "kept": 32 / 86, "re_review_weeks": 6.0},
        {"re_review": 0.7, "kept": 32 / 86, "re_review_weeks": 6.0, "charts_available": 400.5},
    ],
)
def test_the_control_arm_agrees(changes: dict[str, float]) -> None:
    control = chart_review(**changes)
    law: Controls = review(control, exact_streams())
    nobody = EnrolmentPlan((), 1)
    stories = [play(ProcessPlan(nobody, 0.0, review=review_plan(control, row)), SEED, row) for row in range(TRIALS)]
    assert_agree("months of the control arm", law.months, [story.controls_complete or 0.0 for story in stories])
    assert_agree("charts", law.charts, [story.charts for story in stories])
    assert_agree("controls", law.found.astype(np.float64), [story.controls for story in stories])


def test_candidates_are_a_share_of_the_charts() -> None:
    """Those of the charts that are no controls are binomial, also where weeks are passed over."""
    control = chart_review(committee_yield=0.02, charts_available=1200.0)
    stories = [
        play(ProcessPlan(EnrolmentPlan((), 1), 0.0, review=review_plan(control, row)), SEED, row) for row in range(500)
    ]
    assert min(len(story.events) for story in stories) < 10
    others, charts = (np.array([getattr(s, name) - s.controls for s in stories]) for name in ("candidates", "charts"))
    share = 0.2 * 0.98 / (1 - 0.2 * 0.02)
    score = (others - share * charts) / np.sqrt(charts * share * (1 - share))
    print(f"candidates a story {others.mean():.1f}, score {score.mean():+.3f} with spread {score.std():.3f}")
    assert abs(score.mean()) < 4 / 500**0.5
    assert abs(score.std() - 1) < 4 / 1000**0.5


def test_charts_are_negative_binomial() -> None:
    """80 controls at 20 % × 1/3: about 1,200 charts."""
    control = replace(chart_review(), target=80)
    stories = [
        play(ProcessPlan(EnrolmentPlan((), 1), 0.0, review=review_plan(control, row)), 4, row) for row in range(500)
    ]
    charts = np.array([story.charts for story in stories])
    law = nbinom(80, 1 / 15)
    print(f"charts for 80 controls: mean {charts.mean():.0f}, by the law {law.mean() + 80:.0f}")
    assert charts.mean() == pytest.approx(law.mean() + 80, abs=4 * law.std() / 500**0.5)
    assert charts.std() == pytest.approx(law.std(), rel=4 / (2 * 500) ** 0.5)


def test_the_read_out_and_the_endpoints_agree() -> None:
    law = play_out(PLAN, NUMBERS, exact_streams())
    ends = outcomes(ARM, np.full(TRIALS, TARGET), exact_streams(), "treated")
    stories = played(PLAN, NUMBERS)
    columns: dict[str, tuple[FloatArray, Callable[[Story], float]]] = {
        "prospective arm complete": (law.prospective, lambda story: story.prospective),
        "read-out": (law.readout, lambda story: story.readout),
        "responders": (ends.responders.sum(axis=1).astype(np.float64), lambda story: story.responders),
        "survivors": (ends.survivors.sum(axis=1).astype(np.float64), lambda story: story.survivors),
    }
    for what, (exact, read) in columns.items():
        assert_agree(what, exact, [read(story) for story in stories])


def test_a_play_has_no_verdict_by_strata() -> None:
    few = TrialStreams(SEED, range(TRIALS))
    assert {verdict.test for verdict in play_out(PLAN, NUMBERS, few).verdicts} == {"fisher", "pearson", "stratified"}
    arms = arms_of(PLAN, NUMBERS, np.ones((TRIALS, TARGET)), review(chart_review(), few))
    treated = outcomes(ARM, arms.patients, few, "treated")
    assert {verdict.test for verdict in verdicts(arms, few, treated)} == {"fisher", "pearson"}
