"""Enrolment by the exact law: against closed forms, and draw by draw against itself."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betaincinv, gammaincinv
from scipy.stats import beta, kstest

import sim
from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.model.trial.enrolment import Enrolled, enrol, expected_times
from sim.model.trial.intensity import intensity
from sim.model.trial.interim import gamma_rates
from sim.model.trial.plan import Calendar, Law, Seen, SiteNumbers, SitePlan, TrialStreams
from sim.model.trial.profile import Course, age_integral, course

ALPHA, BETA = 1.2, 4.8
MEAN, CV = ALPHA / BETA, ALPHA**-0.5
DRAWS, HORIZON = 20_000, 600.0
START = Calendar(date(2006, 7, 15).toordinal())
NOW, ALL = Law(np.zeros_like, 0.0), Law(np.ones_like, 1.0)


def up_to(longest: float) -> Law:
    """Uniform from 0."""
    return Law(lambda u: longest * u, longest / 2)


def beta_law(a: float, b: float) -> Law:
    return Law(lambda u: np.asarray(betaincinv(a, b, u)), a / (a + b))


def sites(count: int, delay: Law = NOW, passing: Law = ALL, planned: FloatArray | float = 0.0) -> SitePlan:
    return SitePlan(
        tuple(f"s{i}" for i in range(count)),
        ("all",) * count,
        np.broadcast_to(np.asarray(planned, np.float64), (count,)),
        (delay,) * count,
        (passing,) * count,
    )


def numbers(draws: int, count: int, **given_: FloatArray | float) -> SiteNumbers:
    """Certain numbers; those not given are those of twenty sites that are all open, and nothing else."""
    usual: Mapping[str, FloatArray | float] = {"rate": MEAN, "rate_cv": CV} | given_

    def each(name: str) -> FloatArray:
        return np.zeros((draws, count)) + usual.get(name, 0.0)

    def one(name: str) -> FloatArray:
        return np.zeros(draws) + usual.get(name, 0.0)

    return SiteNumbers(
        rate=each("rate"),
        rate_cv=each("rate_cv"),
        never_opens=each("never_opens"),
        dropout=each("dropout"),
        ramp=one("ramp"),
        decline=one("decline"),
        shared_cv=one("shared_cv"),
        diverted=one("diverted"),
    )


def trial(
    plan: SitePlan,
    target: int = 80,
    seen: Seen | None = None,
    draws: range = range(DRAWS),
    calendar: Calendar = START,
    horizon: float = HORIZON,
    **given_: FloatArray | float,
) -> Enrolled:
    drawn = numbers(len(draws), len(plan.names), **given_)
    return enrol(plan, calendar, drawn, target, seen, TrialStreams(7, draws), horizon)


def at(month: float, draws: int) -> FloatArray:
    return np.full(draws, month)


def near(what: str, value: float, truth: float, error: float) -> None:
    """Within 4 Monte Carlo standard errors, and printed."""
    print(f"{what}: {value:.5f} ± {error:.5f}, true {truth}")
    assert abs(value - truth) < 4 * error


def check_mean(what: str, sample: FloatArray, truth: float) -> None:
    near(what, float(sample.mean()), truth, float(sample.std() / np.sqrt(len(sample))))


def check_variance(what: str, sample: FloatArray, truth: float) -> None:
    squares = (sample - sample.mean()) ** 2
    near(what, float(squares.mean()), truth, float(squares.std() / np.sqrt(len(sample))))


def check_quantiles(what: str, sample: FloatArray, truth: Mapping[float, float]) -> None:
    """The share of the sample below each true quantile is its probability."""
    for probability, quantile in truth.items():
        print(f"{what}, {probability:.0%} quantile: {np.quantile(sample, probability):.3f}, true {quantile}")
        error = np.sqrt(probability * (1 - probability) / len(sample))
        near(f"{what}, share below {quantile}", float((sample <= quantile).mean()), probability, error)


def check_shares(what: str, sample: FloatArray, truth: Mapping[float, float]) -> None:
    for bound, share in truth.items():
        near(f"{what} {bound}", float((sample <= bound).mean()), share, np.sqrt(share * (1 - share) / len(sample)))


FIVE = (0.05, 0.25, 0.5, 0.75, 0.95)


# --- closed forms


def test_twenty_sites_all_open() -> None:
    last = trial(sites(20)).times[:, -1]
    check_quantiles("20 sites", last, dict(zip(FIVE, (11.1323, 13.8296, 16.1572, 18.9612, 24.0852), strict=True)))
    check_mean("20 sites, mean", last, 16.6957)
    check_variance("20 sites, variance", last, 4.0389**2)
    check_shares("P(80 by)", last, {12: 0.09588, 16: 0.48331, 18: 0.67632, 20: 0.81456, 24: 0.94853})


def test_plain_poisson() -> None:
    last = trial(sites(20), rate_cv=0.0).times[:, -1]
    check_quantiles("Poisson", last, {0.05: 13.18, 0.5: 15.93, 0.95: 19.05})


@pytest.mark.parametrize(
    ("what", "plan", "months"),
    [
        (
            "opening every half month",
            sites(20, planned=np.arange(20) / 2),
            (15.7886, 18.5579, 20.9191, 23.7460, 28.8884),
        ),
        ("opening uniformly over 0-10", sites(20, up_to(10.0)), (15.9277, 18.7812, 21.1828, 24.0375, 29.2022)),
    ],
)
def test_staggered_openings(what: str, plan: SitePlan, months: tuple[float, ...]) -> None:
    check_quantiles(what, trial(plan).times[:, -1], dict(zip(FIVE, months, strict=True)))


def test_a_total_at_month_ten() -> None:
    last = trial(sites(20), seen=Seen(at(10, DRAWS), 45)).times[:, -1]
    check_quantiles("45 by month 10", last, dict(zip(FIVE, (15.2671, 16.4858, 17.4719, 18.5894, 20.4643), strict=True)))
    check_shares("P(80 by), 45 by month 10", last, {18: 0.62902})


def test_counts_and_exposures_of_eight_sites() -> None:
    counts, exposure = np.array([0.0, 1, 2, 5, 3, 0, 8, 4]), np.array([2.0, 3, 4, 6, 6, 7, 8, 9])
    plan = sites(10, planned=np.array([0.0] * 8 + [11.0, 12.0]))
    seen = Seen(at(10, DRAWS), 23, counts, exposure)
    times = trial(plan, 120, seen).times
    more = (times <= 16).sum(axis=1) - 23.0
    assert ((times[:, :23] <= 10) & (times[:, 23:24] > 10)).all()
    check_mean("eight sites over six months", more, 20.1443)
    check_variance("eight sites, variance", more, 5.7033**2)
    near("P(20 or more)", float((more >= 20).mean()), 0.51886, np.sqrt(0.25 / DRAWS))


def test_screening_loss() -> None:
    last = trial(sites(20, passing=Law(lambda u: np.full_like(u, 0.7), 0.7))).times[:, -1]
    check_quantiles("screen pass 0.7", last, {0.05: 15.9032, 0.5: 23.0817, 0.95: 34.4074})


def test_a_ramp_costs_half_its_length_exactly() -> None:
    plain, ramped = (trial(sites(20), draws=range(2000), ramp=ramp).times for ramp in (0.0, 6.0))
    late = ramped > 6
    lost = (ramped - plain)[late]
    print(f"linear six-month ramp: {lost.min():.12f} to {lost.max():.12f} months above 6")
    assert lost == pytest.approx(3.0, abs=1e-9)
    assert (ramped[~late] - plain[~late] < 3).all()


def test_six_patients_a_site() -> None:
    plan = replace(sites(20), cap=6)
    found = trial(plan, horizon=400.0)
    check_shares("cap 6, P(80 by)", found.times[:, -1], {18: 0.08191, 24: 0.34763, 30: 0.63003, 40: 0.88473})
    assert found.by_site.max() == 6
    assert (found.by_site.sum(axis=1)[np.isfinite(found.times[:, -1])] == 80).all()


def counted(enrolled: Enrolled, month: float) -> FloatArray:
    """Patients by a month, none of them cut off by the target."""
    counts: FloatArray = (enrolled.times <= month).sum(axis=1).astype(np.float64)
    assert counts.max() < enrolled.times.shape[1]
    return counts


def test_the_share_that_passes_differs_between_sites() -> None:
    counts = counted(trial(sites(20, passing=beta_law(7, 3)), 220, horizon=18), 18)
    check_mean("site pass ~ Beta(7, 3), mean", counts, 63)
    check_variance("site pass ~ Beta(7, 3), variance", counts, 15.574**2)


def test_a_shared_frailty() -> None:
    counts = counted(trial(sites(20), 420, draws=range(8_000), horizon=18, shared_cv=10**-0.5), 18)
    check_mean("shared frailty, mean", counts, 90)
    check_variance("shared frailty, variance", counts, 35.65**2)


def test_sites_keep_their_rate() -> None:
    counts = counted(trial(sites(20), 260, horizon=18), 18)
    check_variance("counts at 18 months, variance (108.75 were rates redrawn each month)", counts, 427.5)


@pytest.mark.parametrize(
    ("shares", "mean", "variance"), [((2, 4, 7, 3), 388.878, 3905.413596), ((8, 5, 6, 1), None, None)]
)
def test_countries_that_differ(shares: tuple[int, ...], mean: float | None, variance: float | None) -> None:
    """The documented case of ClinicalTrialOptm, openings uniform over six months, 24 months."""
    means, variances = np.array([1, 1.2, 1.4, 1.2]), np.array([0.2, 0.4, 0.8, 0.6])
    rate, cv, lost = (np.repeat(v, shares) for v in (means, np.sqrt(variances) / means, [0.01, 0.05, 0.09, 0.15]))
    found = trial(
        sites(sum(shares), up_to(6.0)), 860, horizon=24, draws=range(6_000), rate=rate, rate_cv=cv, dropout=lost
    )
    counts = counted(found, 24)
    if mean is None or variance is None:
        near(
            "four countries, P(> 400)", float((counts > 400).mean()), 0.85988, np.sqrt(0.85988 * 0.14012 / len(counts))
        )
    else:
        check_mean("four countries, mean", counts, mean)
        check_variance("four countries, variance", counts, variance)


# --- the parts


@given(
    age=st.floats(-5, 80),
    ramp=st.sampled_from([0.0, 1e-6, 0.5, 6.0, 30.0]),
    decline=st.sampled_from([0.0, 1e-12, 1e-4, 0.03, 0.08, 1.0, -0.02]),
)
@settings(deadline=None)
def test_the_age_profile_is_an_integral(age: float, ramp: float, decline: float) -> None:
    def speed(a: float) -> float:
        return float((min(a / ramp, 1.0) if ramp else 1.0) * np.exp(-decline * a))

    end = max(age, 0.0)
    knee = min(ramp, end)
    truth = quad(speed, 0, knee, epsabs=0, epsrel=1e-12)[0] + quad(speed, knee, end, epsabs=0, epsrel=1e-12)[0]
    found = age_integral(np.array([age]), np.array([ramp]), np.array([decline]))[0]
    assert found == pytest.approx(truth, rel=1e-10, abs=1e-14)


def a_course(rows: int, ramp: float, decline: float) -> Course:
    factors = np.tile([1.0, 0.6, 1.5, 0.0, 0.8], (rows, 1))
    return Course(np.full(rows, ramp), np.full(rows, decline), np.array([3.0, 7.0, 7.5, 9.0]), factors)


@pytest.mark.parametrize("ramp", [0.0, 4.0])
@pytest.mark.parametrize("decline", [0.0, 1e-9, 0.05, 0.7, -0.03])
def test_intensity_is_the_sum_of_its_sites_and_its_inverse_inverts(ramp: float, decline: float) -> None:
    path = a_course(50, ramp, decline)
    opening = 12 * TrialStreams(1, range(50)).each("opening", ("a", "b", "c", "d", "e"))
    opening[::7, 1], opening[0] = np.inf, np.inf
    weight = np.tile([1.0, 0.01, 4.0, 0.0, 2.0], (50, 1))
    law = intensity(opening, weight, path, 60.0)
    times = np.tile(np.linspace(0.1, 60, 40), (50, 1))
    cumulative = law.cumulative(times)
    summed = np.stack([(weight * path.exposure(opening, time)).sum(axis=1) for time in times.T], axis=1)
    assert cumulative == pytest.approx(summed, rel=1e-11, abs=1e-12)
    levels = law.total[:, None] * np.linspace(0.001, 1.0, 60)
    months = law.invert(levels)
    assert law.cumulative(months) == pytest.approx(levels, rel=1e-11)
    assert (np.diff(months, axis=1) >= 0).all()
    assert np.isinf(law.invert(1.001 * levels[:, -1:] + 1e-9)).all()


def test_sites_that_close_add_nothing_more() -> None:
    path, opening = a_course(1, 4.0, 0.05), np.array([[0.0, 1.0, 2.0, 5.0]])
    closing, weight = np.array([[2.0, 8.0, 1.0, np.inf]]), np.array([[1.0, 2.0, 3.0, 0.5]])
    law = intensity(opening, weight, path, 40.0, closing)
    for time in (1.5, 2.5, 6.0, 8.5, 39.0):
        each = [path.exposure(opening, np.minimum(np.array([time]), close))[0] for close in closing.T]
        truth = sum(weight[0, i] * each[i][i] for i in (0, 1, 3))
        assert law.cumulative(np.array([[time]]))[0, 0] == pytest.approx(truth, rel=1e-12)


def test_rates_are_the_quantiles_of_their_gamma_distribution() -> None:
    u = TrialStreams(3, range(4000)).each("u", ("a", "b"))
    u[:2] = [[2.0**-53, 1 - 2.0**-53], [1e-9, 0.5]]
    for shape in (ALPHA, 1.5, 0.3, 40.0):
        found = gamma_rates(u, np.array(MEAN), np.array(shape**-0.5), 0.0, 0.0)
        assert found == pytest.approx(MEAN * gammaincinv(shape, u) / shape, rel=1e-8)
    assert (gamma_rates(u, np.array(MEAN), np.zeros((1, 1)), 3.0, 9.0) == MEAN).all()


def test_the_calendar_turns_on_the_first_of_the_month() -> None:
    season = tuple(np.arange(12) / 5.5)
    drawn = numbers(2, 1, diverted=0.25)
    path = course(Calendar(START.start, season, expanded_access=10.0), drawn, 24.0)
    july, access = season[6], 10.0
    assert path.factors[0, 0] == july
    assert path.breaks[0] == pytest.approx(17 / (365.25 / 12))
    assert access in path.breaks
    for number, mark in enumerate(path.breaks, start=1):
        day = date.fromordinal(START.start + round(mark * 365.25 / 12))
        assert path.factors[1, number] == pytest.approx(season[day.month - 1] * (0.75 if mark >= access else 1.0))
    a_year = Calendar(START.start, tuple(np.full(12, 1.0)))
    once = trial(sites(5), 20, draws=range(100)).times
    assert trial(sites(5), 20, draws=range(100), calendar=a_year).times == pytest.approx(once, rel=1e-12)


def test_expanded_access_stretches_the_time_after_it() -> None:
    plain = trial(sites(20), draws=range(500)).times
    later = trial(sites(20), draws=range(500), calendar=replace(START, expanded_access=9.0), diverted=0.4).times
    assert later == pytest.approx(np.where(plain <= 9, plain, 9 + (plain - 9) / 0.6), rel=1e-12)


def test_sites_that_never_open() -> None:
    found = trial(sites(4), 5, draws=range(5000), never_opens=0.3, rate_cv=0.0)
    closed = np.isinf(found.sites.opening)
    check_mean("never open", closed.astype(np.float64).ravel(), 0.3)
    assert (np.isinf(found.times[:, -1]) == closed.all(axis=1)).all()
    assert (found.by_site[closed] == 0).all()


@pytest.mark.parametrize("decline", [0.0, 0.05])
@pytest.mark.parametrize("ramp", [0.0, 6.0])
def test_sites_that_open_too_late_enrol_nobody(ramp: float, decline: float) -> None:
    for plan in (sites(3, planned=40.0), sites(3, planned=np.array([0.0, 24.0, 40.0]))):
        for cap in (None, 5):
            found = trial(
                replace(plan, cap=cap), 20, draws=range(50), horizon=24, ramp=ramp, decline=decline, rate=0.01
            )
            assert np.isinf(found.times[:, -1]).all()
            assert (found.by_site[:, 1:] == 0).all()
        assert np.isinf(
            expected_times(plan, START, numbers(1, 3, ramp=ramp, decline=decline, rate=0.01), 9, None, 24.0)[0, 8]
        )


# --- what has been seen


def test_of_a_common_factor_data_leave_what_they_should() -> None:
    """Sites of one certain rate: the factor given k patients is gamma distributed, with k more in its shape."""
    shape, patients, months = 4.0, 30, 6.0
    seen = [
        Seen(at(months, 5000), patients),
        Seen(at(months, 5000), patients, np.array([20.0, 10.0]), np.array([months, months])),
    ]
    for known in seen:
        found = trial(sites(2), 40, known, range(5000), rate=2.0, rate_cv=0.0, shared_cv=shape**-0.5).sites.shared
        check_mean("factor given the data", found, (shape + patients) / (shape + 4.0 * months))
        assert found.std() == pytest.approx(np.sqrt(shape + patients) / (shape + 4.0 * months), rel=0.03)


def test_a_common_factor_seen_and_unseen_foretell_as_one_trial_does() -> None:
    """Of many trials those with 14 patients by month 8 go on as one does of which that alone is known."""
    many = trial(sites(6), 160, draws=range(60_000), horizon=14, shared_cv=0.5).times
    by_eight, by_fourteen = (many <= 8).sum(axis=1), (many <= 14).sum(axis=1)
    alike = by_eight == 14
    known = trial(sites(6), 160, Seen(at(8, 10_000), 14), range(10_000), horizon=14, shared_cv=0.5).times
    more = (known <= 14).sum(axis=1) - 14.0
    truth = (by_fourteen - by_eight)[alike].astype(np.float64)
    error = np.hypot(truth.std() / np.sqrt(truth.size), more.std() / np.sqrt(more.size))
    near("more patients after 14 by month 8", float(more.mean()), float(truth.mean()), float(error))
    assert more.std() == pytest.approx(truth.std(), rel=4 / np.sqrt(2 * truth.size) * 1.5)


def test_those_seen_came_before_and_the_others_after() -> None:
    seen = Seen(at(10, 400), 45)
    for plan in (sites(20, up_to(8.0)), replace(sites(20, up_to(8.0)), cap=6)):
        found = trial(plan, 80, seen, range(400), ramp=2.0, decline=0.02)
        assert (found.times[:, 44] <= 10).all()
        assert (found.times[:, 45] > 10).all()
        assert (np.diff(np.where(np.isfinite(found.times), found.times, 1e9), axis=1) >= 0).all()
        ended = np.isfinite(found.times[:, -1])
        total = found.by_site.sum(axis=1)
        assert total[ended] == pytest.approx(80, rel=1e-9)
    early = trial(sites(20), 30, seen, range(400)).times
    assert early == pytest.approx(trial(sites(20), 80, seen, range(400)).times[:, :30])


def test_those_seen_are_spread_evenly_over_operational_time() -> None:
    found = trial(sites(3), 4, Seen(at(10, 5000), 4), range(5000), rate_cv=0.0)
    for place in range(4):
        assert kstest(found.times[:, place] / 10, beta(place + 1, 4 - place).cdf).pvalue > 1e-4


def test_patients_without_an_open_site_are_refused() -> None:
    with pytest.raises(InputError, match="no site may have been open"):
        trial(sites(2, planned=5.0), 10, Seen(at(3, 4), 2), range(4))


def test_what_was_seen_never_fills_more_than_the_caps() -> None:
    plan = replace(sites(12, up_to(8.0)), cap=7)
    for known in (plan, replace(plan, countries=("a",) * 6 + ("b",) * 6, country_caps={"a": 25})):
        found = trial(known, 67, Seen(at(10, 256), 65), range(256)).sites.enrolled
        assert found.max() == 7
        assert (found.sum(axis=1) == 65).all()
        assert found[:, :6].sum(axis=1).max() <= (25 if known.country_caps else 42)
        without_chance = expected_times(known, START, numbers(1, 12), 67, Seen(at(10, 1), 65), HORIZON)
        assert np.isfinite(without_chance).all() == (known.country_caps is None or 25 + 42 >= 67)
    with pytest.raises(InputError, match=r"^trial.interim.enrolled: 85 is above the 84 that the caps allow$"):
        trial(plan, 90, Seen(at(10, 4), 85), range(4))
    country = replace(sites(3), countries=("a", "a", "b"), country_caps={"a": 5})
    with pytest.raises(InputError, match=r"trial.interim.sites: 6 patients in a are above its cap of 5"):
        trial(country, 9, Seen(at(10, 4), 6, np.array([3.0, 3.0]), np.array([4.0, 4.0])), range(4))


@pytest.mark.parametrize("cap", [None, 4])
def test_sites_that_must_have_been_open_are_the_same_in_any_chunks(cap: int | None) -> None:
    plan = replace(sites(2, up_to(24.0)), cap=cap)

    def part(draws: range) -> FloatArray:
        return trial(plan, 7, Seen(at(3, len(draws)), 5), draws, rate=2.0).times

    whole = part(range(200))
    assert (whole[:, 4] <= 3).all()
    for chunk in (1, 100):
        assert (np.concatenate([part(range(i, i + chunk)) for i in range(0, 200, chunk)]) == whole).all()


def test_every_draw_of_a_trial_can_be_played_that_can_be_run() -> None:
    assumptions = sim.load(
        "press_release",
        [
            "market=none",
            "trial=phase3_plan",
            "trial.enrolment.sites.number=2",
            "trial.enrolment.sites.delay.value='uniform(low=0, high=24)'",
            "trial.target=20",
            "trial.interim={date: 2007-03-01, enrolled: 5, source: 'assumption: x'}",
            "sampling.draws=16",
        ],
    )
    sim.simulate(assumptions)
    for draw in range(16):
        sim.play(assumptions, draw)


# --- draw by draw


@st.composite
def trials(draw: st.DrawFn) -> tuple[SitePlan, dict[str, float], Calendar]:
    count = draw(st.integers(2, 5))
    plan = sites(count, up_to(draw(st.sampled_from([0.0, 6.0]))), draw(st.sampled_from([ALL, beta_law(7, 3)])))
    plan = replace(plan, cap=draw(st.sampled_from([None, 7])))
    plan = replace(plan, country_caps=draw(st.sampled_from([None, {"all": 12}])))
    drawn = {
        "rate_cv": draw(st.sampled_from([0.0, 0.8])),
        "ramp": draw(st.sampled_from([0.0, 3.0])),
        "decline": draw(st.sampled_from([0.0, 0.04, -0.01])),
        "shared_cv": draw(st.sampled_from([0.0, 0.4])),
        "never_opens": draw(st.sampled_from([0.0, 0.2])),
        "diverted": 0.3,
    }
    season = draw(st.sampled_from([None, tuple(1 + 0.5 * np.cos(np.arange(12)))]))
    return plan, drawn, Calendar(START.start, season, draw(st.sampled_from([None, 8.0])))


def sooner(first: FloatArray, second: FloatArray) -> bool:
    """Never later, up to rounding; infinite is latest."""
    return bool((first <= second * (1 + 1e-9)).all())


few = settings(max_examples=25, deadline=None)


@given(trials())
@few
def test_the_relations_that_hold_draw_by_draw(given_: tuple[SitePlan, dict[str, float], Calendar]) -> None:
    plan, drawn, calendar = given_
    base = trial(plan, 10, None, range(100), calendar, 120.0, **drawn)
    faster = trial(plan, 10, None, range(100), calendar, 120.0, rate=1.3 * MEAN, **drawn)
    assert sooner(faster.times, base.times)
    more = trial(plan, 13, None, range(100), calendar, 120.0, **drawn)
    assert (more.times[:, :10] == base.times).all()
    assert (np.diff(np.minimum(more.times, 1e9), axis=1) >= 0).all()
    joined = replace(
        plan,
        names=("new", *plan.names),
        countries=("all", *plan.countries),
        planned=np.append(0.0, plan.planned),
        delay=(*plan.delay[:1], *plan.delay),
        screening_pass=(*plan.screening_pass[:1], *plan.screening_pass),
    )
    larger = trial(joined, 10, None, range(100), calendar, 120.0, **drawn)
    assert sooner(larger.times, base.times)
    for part in ("opening", "rate", "kept"):
        assert (getattr(larger.sites, part)[:, 1:] == getattr(base.sites, part)).all()


@given(trials(), st.sampled_from([None, "total", "by site"]))
@few
def test_any_chunks_give_the_same_draws(given_: tuple[SitePlan, dict[str, float], Calendar], seen: str | None) -> None:
    plan, drawn, calendar = given_
    plan = replace(plan, delay=(NOW,) * len(plan.names))
    drawn |= {"never_opens": 0.0}

    def part(draws: range) -> Enrolled:
        by_site, exposure = np.array([2.0, 1.0]), np.array([5.0, 3.0])
        known = {
            None: None,
            "total": Seen(at(6, len(draws)), 3),
            "by site": Seen(at(6, len(draws)), 3, by_site, exposure),
        }[seen]
        return trial(plan, 10, known, draws, calendar, 120.0, **drawn)

    whole, first, second = part(range(100)), part(range(47)), part(range(47, 100))
    for name in ("times", "by_site"):
        assert (getattr(whole, name) == np.concatenate([getattr(first, name), getattr(second, name)])).all()
    assert (whole.sites.rate == np.concatenate([first.sites.rate, second.sites.rate])).all()


def test_country_caps_stop_a_country_alone() -> None:
    plan = replace(sites(6), countries=("a", "a", "a", "b", "b", "b"), country_caps={"a": 4})
    found = trial(plan, 30, None, range(300), rate=1.0)
    assert (found.by_site[:, :3].sum(axis=1) <= 4).all()
    assert found.by_site[:, :3].sum(axis=1).max() == 4
    assert np.isfinite(found.times).all()
    assert np.isinf(trial(replace(plan, country_caps={"a": 4, "b": 25}), 30, None, range(9)).times[:, -1]).all()
    seen = Seen(at(5, 300), 9, np.array([1.0, 1, 1, 2, 2, 2]), np.full(6, 5.0))
    after = trial(plan, 30, seen, range(300), rate=1.0)
    assert (after.by_site[:, :3].sum(axis=1) == 4).all()


# --- without chance


def test_without_chance_by_hand() -> None:
    plan, drawn = sites(20, up_to(4.0), beta_law(7, 3)), numbers(1, 20, never_opens=0.1, dropout=0.05)
    speed = 20 * MEAN * 0.7 * 0.95 * 0.9
    place = np.arange(1, 81)
    assert expected_times(plan, START, drawn, 80, None, HORIZON)[0] == pytest.approx(2 + place / speed, rel=1e-8)
    capped = expected_times(replace(plan, cap=3), START, drawn, 80, None, HORIZON)[0]
    assert capped[59] == pytest.approx(2 + 60 / speed)
    assert np.isinf(capped[60:]).all()
    two = replace(plan, countries=("a",) * 10 + ("b",) * 10, country_caps={"a": 10})
    found = expected_times(two, START, drawn, 80, None, HORIZON)[0]
    assert found == pytest.approx(2 + np.where(place <= 20, place, 20 + 2 * (place - 20)) / speed, rel=1e-8)


def test_without_chance_after_what_was_seen() -> None:
    drawn, seen = numbers(1, 20), Seen(at(10, 1), 45)
    speed = 20 * (ALPHA + 45 / 20) / (BETA + 10)
    times = expected_times(sites(20), START, drawn, 80, seen, HORIZON)[0]
    assert times[45:] == pytest.approx(10 + np.arange(1, 36) / speed, rel=1e-8)
    assert times[:45] == pytest.approx(10 * np.arange(1, 46) / 46)
    counts, exposure = np.array([3.0, 0.0]), np.array([8.0, 2.0])
    known = Seen(at(10, 1), 3, counts, exposure)
    both = expected_times(sites(3, planned=30.0), START, numbers(1, 3), 5, known, HORIZON)[0]
    speed = float(((ALPHA + counts) / (BETA + exposure)).sum())
    assert both[3:] == pytest.approx(10 + np.arange(1, 3) / speed, rel=1e-8)
    capped = expected_times(replace(sites(20), cap=3), START, drawn, 80, seen, HORIZON)[0]
    assert np.isfinite(capped[:60]).all()
    assert np.isinf(capped[60:]).all()
