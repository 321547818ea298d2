"""The functions of the market against closed forms, numerical integration and each other."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import lognorm

from sim.draws.streams import FloatArray
from sim.model.market.competition import entry, kept_years, monthly
from sim.model.market.discounting import Timing, factors, part_after
from sim.model.market.dosing import WASTAGE, Wastage, mean_days, vials_per_day
from sim.model.market.payer import budget_impact, cost_per_death_averted, per_member_month
from sim.model.market.profit import break_even_year, largest_need, peak, tax
from sim.model.market.uptake import Bass, Linear, Logistic, Observed, Uptake

BASS = Bass(np.array(0.03), np.array(0.38))
NEVER = np.inf


def number(low: float, high: float) -> st.SearchStrategy[FloatArray]:
    return st.floats(low, high).map(np.array)


def points(gaps: list[float], shares: list[float], first: float) -> Observed:
    """Points of an observed curve, the first after so many years and the next after each gap."""
    return Observed(first + np.cumsum([0.0, *gaps[: len(shares) - 1]]), np.array(shares))


CURVES: st.SearchStrategy[Uptake] = st.one_of(
    st.builds(Linear, st.one_of(number(0.01, 12), st.just(np.array(0.0)))),
    st.builds(Logistic, number(0, 8), number(0.05, 10)),
    st.builds(Bass, number(1e-4, 1), number(0, 2)),
    st.builds(
        points,
        st.lists(st.floats(0.05, 4), min_size=4, max_size=4),
        st.lists(st.floats(0, 1), min_size=1, max_size=5),
        st.sampled_from([0.0, 0.7]),
    ),
)


def corners(curve: Uptake, until: float) -> list[float]:
    """Where a curve is not smooth, or steep, within a time."""
    if isinstance(curve, Observed):
        found = curve.years.tolist()
    elif isinstance(curve, Linear):
        found = [float(curve.years)]
    elif isinstance(curve, Logistic):
        found = [float(curve.midpoint), float(curve.midpoint + curve.rise), float(curve.midpoint - curve.rise)]
    else:
        assert isinstance(curve, Bass)
        found = [float(curve.peak_time)]
    return [corner for corner in found if 0 < corner < until]


def integrated(function: Callable[[float], float], start: float, stop: float, edges: list[float]) -> float:
    """A function's integral, numerically, piece by piece between its edges; pieces of rounding error are left out."""
    marks = sorted({start, stop, *(edge for edge in edges if start < edge < stop)})
    pieces = [(low, high) for low, high in pairwise(marks) if high - low > 1e-10]
    return sum(quad(function, low, high, epsabs=1e-12, epsrel=1e-11, limit=200)[0] for low, high in pieces)


def test_bass_has_the_published_values() -> None:
    adopters = BASS.share(np.array([1.0, 2.0, 5.0, 10.0]))
    highest = 1000 * BASS.rate(BASS.peak_time)
    print(f"peak at {BASS.peak_time:.6f} at rate {highest:.6f}; F(1, 2, 5, 10) = {adopters.round(5)}")
    assert BASS.peak_time == pytest.approx(6.192619, abs=5e-7)
    assert highest == pytest.approx(110.592105, abs=5e-7)
    assert adopters == pytest.approx([0.03576, 0.08506, 0.33120, 0.81280], abs=5e-6)


def test_bass_peaks_where_it_says_and_solves_its_equation() -> None:
    curve = Bass(np.array([0.03, 0.3, 0.01]), np.array([0.38, 0.1, 0.7]))
    around = np.linspace(0, 20, 4001)[:, None]
    steps = np.diff(curve.share(around), axis=0) / np.diff(around, axis=0)
    middle = curve.rate((around[1:] + around[:-1]) / 2)
    assert steps == pytest.approx(middle, rel=1e-5)
    assert np.all(curve.rate(around) <= curve.rate(curve.peak_time) * (1 + 1e-12))
    assert curve.peak_time[1] == 0
    assert np.all(curve.rate(np.array(-0.5)) == 0)


@pytest.mark.parametrize("until", [0.5, 3.0, 25.0])
def test_bass_without_imitation_is_exponential_and_without_innovation_nothing(until: float) -> None:
    curve = Bass(np.array([0.4, 0.0, 0.0]), np.array([0.0, 2.0, 0.0]))
    years = np.full(3, until)
    assert curve.share(years) == pytest.approx([-np.expm1(-0.4 * until), 0, 0], rel=1e-14)
    assert curve.integral(years) == pytest.approx([until + np.expm1(-0.4 * until) / 0.4, 0, 0], rel=1e-13)
    assert np.isinf(curve.peak_time[1:]).all()


@given(curve=CURVES, until=st.floats(0.01, 30))
@settings(max_examples=120)
def test_an_uptake_integral_is_that_of_its_share(curve: Uptake, until: float) -> None:
    numerical = integrated(lambda year: float(curve.share(np.array(year))), 0, until, corners(curve, until))
    assert float(curve.integral(np.array(until))) == pytest.approx(numerical, rel=1e-9, abs=1e-10)


@given(curve=CURVES.filter(lambda curve: not isinstance(curve, Observed)))
@settings(max_examples=60)
def test_an_uptake_rises_from_nothing_towards_the_peak(curve: Uptake) -> None:
    years = np.concatenate([[-NEVER, -3.0, -1e-9], np.linspace(0, 40, 500), [1e3]])
    share, total = curve.share(years), curve.integral(years)
    assert np.all((share >= 0) & (share <= 1))
    assert np.all(np.diff(share) >= -1e-14)
    assert np.all(np.diff(total) >= -1e-12)
    assert np.all(share[:3] == 0)
    assert np.all(total[:3] == 0)
    assert share[-1] == pytest.approx(1, abs=1e-12) or isinstance(curve, Bass)


@pytest.mark.parametrize(
    "curve",
    [
        Linear(np.array([0.0, 5e-324, 1e-9, 1e3])),
        Logistic(np.array([0.0, 0.0, 50.0, 2.0]), np.array([0.0, 1e-300, 1e-3, 1e3])),
        Bass(np.array([1e-320, 1e-12, 1e3, 0.0]), np.array([3.0, 3.0, 0.0, 1e3])),
        Observed(np.array([1e-300, 1.0]), np.array([[1.0, 0.2, 0.0, 0.5], [1.0, 0.4, 0.0, 1.0]])),
    ],
)
def test_extreme_curves_stay_within_their_bounds(curve: Uptake) -> None:
    years = np.array([-NEVER, -1.0, 0.0, 1e-300, 1e-9, 0.1, 1.0, 100.0, 1e3])[:, None]
    share, total = curve.share(years), curve.integral(years)  # a warning would be an error
    assert share.shape == total.shape == (9, 4)
    assert np.all((share >= 0) & (share <= 1))
    assert np.all((total >= 0) & (total <= np.maximum(years, 0)))
    assert np.all(np.diff(total, axis=0) >= 0)


def test_logistic_is_moved_and_rescaled_from_the_plain_curve() -> None:
    midpoint, rise, years = 2.0, 1.6, np.array([0.3, 1.2, 2.0, 2.8, 9.0])

    plain = 1 / (1 + np.exp(-2 * np.log(9) / rise * (years - midpoint)))
    assert plain[[1, 2, 3]] == pytest.approx([0.1, 0.5, 0.9])  # what midpoint and rise say
    at_launch = 1 / (1 + np.exp(2 * np.log(9) / rise * midpoint))
    required = (plain - at_launch) / (1 - at_launch)
    assert Logistic(np.array(midpoint), np.array(rise)).share(years) == pytest.approx(required, rel=1e-12)


def test_linear_and_observed_curves_that_are_the_same_line() -> None:
    years = np.array([-1.0, 0.0, 0.4, 1.5, 3.0, 8.0])
    line, drawn = Linear(np.array(3.0)), Observed(np.array([3.0]), np.array([1.0]))
    assert drawn.share(years) == pytest.approx(line.share(years), abs=1e-15)
    assert drawn.integral(years) == pytest.approx(line.integral(years), abs=1e-15)
    assert line.integral(np.array(8.0)) == 6.5
    flat = Observed(np.array([0.0]), np.array([0.6]))
    assert flat.share(years).tolist() == [0, 0.6, 0.6, 0.6, 0.6, 0.6]
    assert flat.integral(years) == pytest.approx(0.6 * np.maximum(years, 0))


def test_observed_curves_meet_their_points_and_may_fall() -> None:
    at, shares = np.array([0.5, 2.0, 4.0, 5.0]), np.array([0.1, 0.7, 1.0, 0.8])
    curve = Observed(at, shares)
    assert curve.share(at).tolist() == shares.tolist()
    assert curve.share(np.array([0.25, 3.0, 4.5, 40.0])) == pytest.approx([0.05, 0.85, 0.9, 0.8])
    assert curve.integral(np.array(6.0)) == pytest.approx(0.025 + 0.6 + 1.7 + 0.9 + 0.8)


def test_curves_differ_between_draws() -> None:
    years = np.linspace(-1, 6, 24).reshape(2, 3, 4)
    column = np.array([1.0, 2.0])[:, None, None]
    several: list[tuple[Uptake, Callable[[int], Uptake]]] = [
        (Linear(column), lambda draw: Linear(column[draw])),
        (Logistic(column, column + 1), lambda draw: Logistic(column[draw], column[draw] + 1)),
        (Bass(column / 50, column / 3), lambda draw: Bass(column[draw] / 50, column[draw] / 3)),
        (
            Observed(np.array([1.0, 3.0]), np.stack([column / 4, column / 2])),
            lambda draw: Observed(np.array([1.0, 3.0]), np.stack([column[draw] / 4, column[draw] / 2])),
        ),
    ]
    for curves, one in several:
        for draw in range(2):
            assert curves.share(years)[draw].tolist() == one(draw).share(years[draw]).tolist()
            assert curves.integral(years)[draw].tolist() == one(draw).integral(years[draw]).tolist()


@pytest.mark.parametrize(("wastage", "course"), [("none", 183.75), ("day", 189.0), ("infusion", 252.0)])
def test_vials_of_a_course(wastage: Wastage, course: float) -> None:
    daily = vials_per_day(np.array(70.0), 25.0, 4, 200.0, wastage)
    print(f"{wastage}: {21 * daily} vials, required {course}")
    assert 21 * daily == course


def test_rounding_opens_no_vial() -> None:
    doses = np.array([2.0000000001, 2.0, 0.1 * 3 / 0.3, 2.001, 1e-6, 0.0])
    assert vials_per_day(doses, 1.0, 1, 1.0, "day").tolist() == [2, 2, 1, 3, 1, 0]
    assert vials_per_day(doses, 1.0, 4, 1.0, "infusion").tolist() == [4, 4, 4, 4, 4, 0]


@given(
    weight=st.floats(2, 120),
    dose=st.floats(1, 60),
    infusions=st.integers(1, 6),
    vial=st.floats(20, 1000),
    spread=st.one_of(st.just(0.0), st.floats(0.01, 0.6)),
)
@settings(max_examples=60)
def test_each_rule_of_wastage_costs_more_but_never_a_vial_an_opening(
    weight: float, dose: float, infusions: int, vial: float, spread: float
) -> None:
    exact, day, infusion = (
        float(vials_per_day(np.array(weight), dose, infusions, vial, rule, spread)) for rule in WASTAGE
    )
    assert exact == pytest.approx(weight * dose / vial)
    assert exact - 1e-6 <= day <= infusion + 1e-6
    assert day <= exact + 1
    assert infusion <= exact + infusions


@pytest.mark.parametrize(("mean", "spread"), [(2.1875, 0.3), (8.75, 0.3), (0.05, 0.5), (40.0, 0.02), (3.0, 2.0)])
def test_the_mean_of_rounded_weights_is_exact(mean: float, spread: float) -> None:
    sigma = np.sqrt(np.log1p(spread**2))
    law = lognorm(sigma, scale=mean * np.exp(-(sigma**2) / 2))
    counts = np.arange(1, 200_000)
    required = float(np.sum(counts * (law.cdf(counts) - law.cdf(counts - 1))))
    found = float(vials_per_day(np.array(mean), 1.0, 1, 1.0, "day", spread))
    print(f"mean {mean}, cv {spread}: {found:.12f}, required {required:.12f}")
    assert found == pytest.approx(required, rel=1e-12)


def test_the_mean_of_rounded_weights_agrees_with_a_sample() -> None:
    sigma = np.sqrt(np.log1p(0.3**2))
    weights = np.random.default_rng(1).lognormal(np.log(70) - sigma**2 / 2, sigma, 200_000)
    sample = np.ceil(weights * 25 / 4 / 200) * 4
    found = float(vials_per_day(np.array(70.0), 25.0, 4, 200.0, "infusion", 0.3))
    assert abs(found - sample.mean()) < 4 * sample.std() / np.sqrt(len(sample))


def test_many_vials_a_day_are_half_a_vial_more_than_exact() -> None:
    means = np.array([300.0, 900.0, 1100.0, 1e5])
    assert vials_per_day(means, 1.0, 1, 1.0, "day", 0.2) == pytest.approx(means + 0.5, rel=1e-11)
    one_by_one = [float(vials_per_day(means[place], 1.0, 1, 1.0, "day", 0.2)) for place in range(4)]
    assert vials_per_day(means, 1.0, 1, 1.0, "day", 0.2).tolist() == one_by_one


def test_little_spread_is_none_and_no_draw_depends_on_its_neighbours() -> None:
    means = np.array([2.3, 8.75, 0.0, 30.2])
    spreads = np.array([0.0, 1e-9, 0.3, 1e-200])
    assert vials_per_day(means, 1.0, 1, 1.0, "day", spreads).tolist() == [3, 9, 0, 31]
    together = vials_per_day(means, 1.0, 1, 1.0, "day", 0.4)
    alone = [float(vials_per_day(means[place], 1.0, 1, 1.0, "day", 0.4)) for place in range(4)]
    assert together.tolist() == alone
    assert vials_per_day(means, 1.0, 1, 1.0, "day", 30.0)[1] > 1  # a slip of the pen ends too


def test_days_of_treatment_are_averaged_over_its_ends() -> None:
    assert mean_days(0.3, 0.1, 10, 7, 21) == pytest.approx(0.3 * 10 + 0.1 * 7 + 0.6 * 21)
    died = np.array([0.0, 1.0])
    assert mean_days(died, 0.0, 10, 7, 21).tolist() == [21, 10]


def test_a_year_of_months_is_the_annual_probability() -> None:
    found = monthly(np.array([0.0, 0.2, 1e-12, 1.0]))
    print(f"0.20 a year is {found[1]:.10f} a month")
    assert found[1] == pytest.approx(0.0184234701, abs=5e-11)
    assert found[2] == pytest.approx(1e-12 / 12, rel=1e-10)
    assert (found[0], found[3]) == (0, 1)
    assert 1 - (1 - found) ** 12 == pytest.approx([0, 0.2, 1e-12, 1], rel=1e-12, abs=1e-14)


def enters(
    uniform: float, launch: float = 2010.5, end: float = 2017.5, during: float = 0.03, after: float = 0.3
) -> float:
    return float(entry(np.array(uniform), np.array(launch), np.array(end), during, after))


@given(
    uniform=st.floats(0.001, 0.999),
    protected=st.floats(-3, 12),
    during=st.floats(0.001, 0.9),
    after=st.floats(0.001, 0.9),
)
@settings(max_examples=60)
def test_a_competitor_has_entered_with_the_probability_that_the_hazards_say(
    uniform: float, protected: float, during: float, after: float
) -> None:
    years = enters(uniform, 0.0, protected, during, after)
    under, beyond = min(years, max(protected, 0)), max(years - max(protected, 0), 0)
    assert (1 - during) ** under * (1 - after) ** beyond == pytest.approx(1 - uniform, rel=1e-9)


def test_a_competitor_enters_never_at_once_or_when_exclusivity_ends() -> None:
    assert enters(0.03) == pytest.approx(2011.5, abs=1e-9)  # a year's probability, a year after launch
    assert enters(0.3, end=2000.0) == pytest.approx(2011.5, abs=1e-9)  # exclusivity was over before launch
    assert enters(0.5, during=0.0, after=1.0) == 2017.5
    assert enters(0.5, during=1.0) == 2010.5
    assert enters(0.5, end=2000.0, during=1.0, after=0.0) == NEVER
    assert enters(0.5, during=0.0, after=0.0) == NEVER
    assert enters(0.5, during=0.0, end=NEVER, after=1.0) == NEVER
    assert enters(0.5, during=0.5, end=NEVER, after=0.0) == 2011.5
    assert enters(0.5, during=1.0, end=NEVER, after=1.0) == 2010.5
    assert enters(0.5, launch=NEVER, end=NEVER) == NEVER
    assert enters(2.0**-53, launch=0.0, end=NEVER, during=1e-310) > 1e290
    assert enters(1 - 2.0**-53, launch=0.0, end=0.0, during=0.0, after=5e-324) == NEVER


YEARS = np.arange(2008.0, 2016.0)


def after_entry(launch: float, entered: float, steps: list[float], uptake: Uptake) -> FloatArray:
    kept = kept_years(np.array([[launch]]), np.array([[entered]]), np.array(steps), uptake, YEARS)
    assert kept.shape == (1, 1, len(YEARS))
    return kept.reshape(-1)


@given(
    curve=CURVES,
    launch=st.floats(2003, 2017),
    wait=st.floats(0, 9),
    steps=st.lists(st.floats(0, 1), min_size=1, max_size=4),
)
@settings(max_examples=60)
def test_kept_years_are_the_integral_of_uptake_and_what_is_kept(
    curve: Uptake, launch: float, wait: float, steps: list[float]
) -> None:
    entered = launch + wait
    edges = [launch, *(entered + step for step in range(len(steps))), *(launch + at for at in corners(curve, 20))]

    def rate(year: float) -> float:
        since = int(np.floor(year - entered))
        part = 1.0 if since < 0 else steps[min(since, len(steps) - 1)]
        return part * float(curve.share(np.array(year - launch)))

    required = [integrated(rate, year, year + 1, edges) for year in YEARS]
    assert after_entry(launch, entered, steps, curve) == pytest.approx(required, rel=1e-8, abs=1e-9)


def test_whole_and_broken_years_at_the_peak_are_exact() -> None:
    at_once = Linear(np.array(0.0))
    assert after_entry(2007.3, NEVER, [0.4], at_once).tolist() == [1.0] * 8
    assert after_entry(2010.25, NEVER, [0.4], at_once).tolist() == [0, 0, 0.75, 1, 1, 1, 1, 1]
    assert after_entry(NEVER, NEVER, [0.4], at_once).tolist() == [0] * 8
    assert after_entry(2000.0, 2009.5, [0.5, 0.0], at_once).tolist() == [1, 0.75, 0.25, 0, 0, 0, 0, 0]
    assert after_entry(2009.0, 2009.0, [0.5], at_once).tolist() == [0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]


def test_what_is_kept_differs_by_draw_and_region() -> None:
    launch = np.array([[2008.0, 2009.25], [2007.1, NEVER]])
    entered = launch + np.array([[1.0, 2.5], [3.0, NEVER]])
    steps = np.arange(12).reshape(2, 2, 3) / 12
    curve = Logistic(np.array([1.0, 2.0])[:, None, None], np.array([2.0, 3.0])[:, None, None])
    together = kept_years(launch, entered, steps, curve, YEARS)
    assert together.shape == (2, 2, 8)
    for draw in range(2):
        own = replace(curve, midpoint=curve.midpoint[draw], rise=curve.rise[draw])
        for region in range(2):
            alone = after_entry(launch[draw, region], entered[draw, region], steps[draw, region].tolist(), own)
            assert together[draw, region] == pytest.approx(alone, rel=1e-14, abs=1e-15)
    assert np.all(kept_years(launch, entered, np.ones(3), curve, YEARS) >= together)


@pytest.mark.parametrize(("timing", "annuity"), [("end-year", 6.1445671), ("mid-year", 6.4444763)])
def test_level_annuity(timing: Timing, annuity: float) -> None:
    found = factors(np.arange(2008.0, 2018.0), 0.10, 2008.0, timing).sum()
    print(f"{timing}: {found:.7f}, required {annuity}")
    assert found == pytest.approx(annuity, abs=5e-8)
    assert factors(np.arange(2008.0, 2018.0), 0.0, 2008.0, timing).sum() == 10


def test_money_of_the_year_of_the_valuation_comes_after_it() -> None:
    years, rates = np.array([2006.0, 2007.0, 2008.0, 2009.0]), np.array([0.0, 0.1])
    assert part_after(years, 2007.75).tolist() == [0, 0.25, 1, 1]
    at_end = factors(years, rates, 2007.75, "end-year")
    assert at_end.shape == (2, 4)
    assert at_end[0].tolist() == [0, 1, 1, 1]
    assert at_end[1] == pytest.approx([0, 1 / 1.1**0.25, 1 / 1.1**1.25, 1 / 1.1**2.25])
    middle = factors(years, rates, 2007.75, "mid-year")
    assert middle[1] == pytest.approx([0, 1 / 1.1**0.125, 1 / 1.1**0.75, 1 / 1.1**1.75])
    assert np.all(factors(years, np.array([-0.999, 1e6]), 2500.0, "end-year") == 0)


def test_losses_are_carried_forward() -> None:
    profit = np.array([[-100.0, 40, 80, 50, -30, 20, 20], [10, 10, 10, 0, -50, 40, 5]])
    paid = tax(profit, np.array([0.3, 0.5]))
    assert paid[0] == pytest.approx([0, 0, 0.3 * 20, 0.3 * 50, 0, 0, 0.3 * 10])
    assert paid[1] == pytest.approx([5, 5, 5, 0, 0, 0, 0])


@dataclass
class Ledger:
    """Losses that are still to be set off, kept year by year."""

    carried: float = 0.0

    def taxed(self, profit: float) -> float:
        used = min(self.carried, max(profit, 0.0))
        self.carried += max(-profit, 0.0) - used
        return max(profit, 0.0) - used


@given(profit=st.lists(st.integers(-1000, 1000), min_size=1, max_size=12))
@settings(max_examples=60)
def test_tax_is_that_of_a_ledger_of_losses(profit: list[int]) -> None:
    ledger = Ledger()
    required = [0.25 * ledger.taxed(float(year)) for year in profit]
    assert tax(np.array(profit, dtype=np.float64), 0.25).tolist() == required


FLOWS = np.array(
    [
        [-10.0, -5, 5, 10, 3],  # turns in the fourth year
        [0, 0, 4, -1, 2],  # is never short: the first year with a flow
        [-10, 4, 4, 1, 0],  # is never earned back
        [0, 0, 0, 0, 0],
        [-5, 5, -5, 0, 5],  # the first time counts
        [5, -8, 1, 1, 1],  # is earned back in the last year
        [4, 3, 1, 1, 1],  # needs nothing
    ]
)


def test_break_even_and_the_largest_need() -> None:
    years = np.arange(2008.0, 2013.0)
    assert break_even_year(FLOWS, years).tolist() == [2011, 2010, NEVER, NEVER, 2009, 2012, 2008]
    assert break_even_year(FLOWS[0], years) == 2011
    assert largest_need(FLOWS).tolist() == [15, 0, 10, 0, 5, 3, 0]


def test_the_peak_is_the_first_highest_year_and_may_be_cut_off() -> None:
    years = np.arange(2008.0, 2012.0)
    sales = np.array([[0, 3, 5, 4], [0, 0, 0, 0], [1, 2, 3, 4], [7, 7, 7, 7 * (1 + 2e-16)], [0, 0, 9, 9.001]])
    highest, year, is_last = peak(sales, years)
    assert highest == pytest.approx([5, 0, 4, 7, 9.001])
    assert year.tolist()[0] == 2010
    assert np.isnan(year[1])
    assert year.tolist()[2:] == [2011, 2008, 2011]
    assert is_last.tolist() == [False, False, True, False, True]
    assert [peak(np.array([sold]), years[:1])[2] for sold in (0.0, 1.0)] == [False, True]


@given(money=st.lists(st.integers(0, 10**9), min_size=2, max_size=8), factor=st.floats(0.5, 10))
@settings(max_examples=40)
def test_money_in_another_currency_moves_amounts_and_no_year(money: list[int], factor: float) -> None:
    sales = np.array(money, dtype=np.float64)
    years = np.arange(2000.0, 2000.0 + len(money))
    assert peak(sales * factor, years)[0] == pytest.approx(peak(sales, years)[0] * factor)
    assert peak(sales * 4, years)[1] == pytest.approx(peak(sales, years)[1], nan_ok=True)
    flow = sales - sales.mean()
    assert largest_need(flow * 4) == largest_need(flow) * 4
    assert break_even_year(flow * 4, years) == break_even_year(flow, years)
    assert tax(flow * 4, 0.3).tolist() == (tax(flow, 0.3) * 4).tolist()


def test_budget_impact_is_that_of_danese() -> None:
    with_drug = {"drug": 358_900.0, "administration": 44_400.0, "adverse events": 63_400.0}
    without = {"drug": 250_800.0, "administration": 40_300.0, "adverse events": 55_600.0}
    impact = budget_impact(with_drug, without)
    print(f"budget impact {impact:,.0f}, {per_member_month(impact, 500_000):.3f} per member and month")
    assert impact == 120_000
    assert per_member_month(impact, 500_000) == pytest.approx(0.020, rel=1e-14)
    assert budget_impact(without, with_drug) == -120_000
    by_year = budget_impact({"drug": np.array([[1.0, 2.0], [3.0, 4.0]]), "care": 10.0}, {"care": np.array([5.0, 9.0])})
    assert by_year.tolist() == [[6, 3], [8, 5]]


def test_cost_per_death_averted_where_there_is_one() -> None:
    cost = np.array([1e6, 1e6, 1e6, -2e6, 0, 0, -2e6])
    deaths = np.array([4.0, 0, -1, 4, 4, 0, 0])
    assert cost_per_death_averted(cost, deaths)[:5].tolist() == [250_000, NEVER, NEVER, -500_000, 0]
    assert np.isnan(cost_per_death_averted(cost, deaths)[5:]).all()
