"""Historical controls, follow-up and read-out against the laws they are meant to follow."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, nbinom

from sim.dates import MONTH
from sim.draws.streams import FloatArray
from sim.model.trial.control import ChartReview, Controls, charts_needed, expected_review, review
from sim.model.trial.plan import TrialStreams
from sim.model.trial.readout import (
    controls_last,
    follow_up_months,
    prospective_complete,
    read_out,
)

DRAWS = 4000
WEEK = 7 / (365.25 / 12)
SMALLEST, LARGEST = 2.0**-53, 1 - 2.0**-53
QUANTILES = (0.05, 0.5, 0.95)

NUMBERS = {
    "target": 80.0,
    "start": 0.0,
    "charts_per_week": 100.0,
    "candidate_yield": 0.2,
    "committee_yield": 1 / 3,
    "charts_available": np.inf,
    "re_review": 0.0,
    "kept": 32 / 86,
    "re_review_weeks": 8.0,
}


def plan(draws: int = DRAWS, /, **changes: float) -> ChartReview:
    """A review whose numbers are alike in every draw."""
    numbers = {**NUMBERS, **changes}
    return ChartReview(int(numbers.pop("target")), **{name: np.full(draws, value) for name, value in numbers.items()})


def reviewed(draws: range = range(DRAWS), /, **changes: float) -> Controls:
    return review(plan(len(draws), **changes), TrialStreams(7, draws))


def needed(u: Sequence[float], controls: int, chart_yield: float, available: float = np.inf) -> FloatArray:
    numbers = np.array(u)
    each = np.ones(len(u))
    return charts_needed(numbers, np.full(len(u), controls), chart_yield * each, available * each)


@pytest.mark.parametrize(
    ("chart_yield", "mean", "middle_90"),
    [(1 / 15, 1_200, None), (32 / 6867, 17_200, (14_100, 20_400))],
)
def test_charts_that_eighty_controls_take(
    chart_yield: float, mean: float, middle_90: tuple[float, float] | None
) -> None:
    ours = needed(QUANTILES, 80, chart_yield)
    exact = nbinom.ppf(QUANTILES, 80, chart_yield) + 80
    expected = expected_review(plan(candidate_yield=chart_yield, committee_yield=1.0)).charts[0]
    print(f"yield {chart_yield:.4%}: mean {expected:.1f}; 5, 50, 95 %: {ours} (scipy {exact})")
    assert np.array_equal(ours, exact)
    assert expected == pytest.approx(80 / chart_yield, rel=1e-12)
    assert expected == pytest.approx(mean, rel=0.005)
    if middle_90:
        assert (ours[0], ours[2]) == pytest.approx(middle_90, rel=0.006)


def test_every_number_of_charts_is_the_exact_quantile() -> None:
    rng = np.random.default_rng(1)
    size = 20_000
    controls, chart_yield = rng.integers(1, 200, size), 10 ** rng.uniform(-6, 0, size)
    u = rng.uniform(1e-9, 1 - 1e-9, size)
    ours = charts_needed(u, controls, chart_yield, np.full(size, np.inf))
    assert np.array_equal(ours, nbinom.ppf(u, controls, chart_yield) + controls)


@given(
    st.floats(SMALLEST, LARGEST), st.integers(1, 300), st.floats(1e-6, 1), st.one_of(st.just(np.inf), st.floats(0, 1e6))
)
@settings(max_examples=300)
def test_the_charts_bracket_their_uniform(u: float, controls: int, chart_yield: float, available: float) -> None:
    charts = needed([u], controls, chart_yield, available)[0]
    last = charts if np.isfinite(charts) else np.floor(available)
    slack = 1e-9
    short = binom.cdf(controls - 1, last, chart_yield)  # too few controls in these charts
    if np.isfinite(charts):
        assert controls <= charts <= available
        assert short <= (1 - u) * (1 + slack)
        short = binom.cdf(controls - 1, last - 1, chart_yield)
    assert short >= (1 - u) * (1 - slack)


@given(st.lists(st.floats(SMALLEST, LARGEST), min_size=2, max_size=8), st.integers(0, 100), st.floats(1e-3, 0.5))
def test_more_luck_fewer_wanted_or_a_better_yield_never_take_more_charts(
    us: list[float], controls: int, chart_yield: float
) -> None:
    u = sorted(us)
    charts = needed(u, controls, chart_yield)
    assert (np.diff(charts) >= 0).all()
    assert (needed(u, controls + 1, chart_yield) > charts).all()
    assert (needed(u, controls, chart_yield * 2) <= charts).all()


def test_weeks_are_whole_and_sampled_charts_follow_their_law() -> None:
    found = reviewed(start=1.5, charts_per_week=110.0)
    weeks = (found.months - 1.5) / WEEK
    assert np.allclose(weeks, np.ceil(found.charts / 110), rtol=0, atol=1e-9)
    assert (found.found == 80).all()
    low, middle, high = needed(QUANTILES, 80, 1 / 15)
    for charts in (low, middle, high):
        truth = float(nbinom.cdf(charts - 80, 80, 1 / 15))
        seen, error = (found.charts <= charts).mean(), np.sqrt(truth * (1 - truth) / DRAWS)
        print(f"P(charts <= {charts:.0f}) {seen:.4f} ± {error:.4f}, true {truth:.4f}")
        assert abs(seen - truth) < 4 * error


def test_controls_when_the_charts_run_out() -> None:
    available = 1_150.0
    found = reviewed(charts_available=available, charts_per_week=100.0)
    free = reviewed()
    enough = free.charts <= available
    assert np.array_equal(found.found == 80, enough)  # the same event, seen from both sides
    assert np.array_equal(found.charts, np.minimum(free.charts, available))
    assert (found.months[~enough] == 12 * WEEK).all()
    counts = np.minimum(np.arange(1151), 80)
    chance = binom.pmf(np.arange(1151), 1150, 1 / 15)
    mean, square = (counts * chance).sum(), (counts**2 * chance).sum()
    error = np.sqrt((square - mean**2) / DRAWS)
    print(f"controls in {available:.0f} charts {found.found.mean():.3f} ± {error:.3f}, true {mean:.3f}")
    assert abs(found.found.mean() - mean) < 4 * error


@pytest.mark.parametrize("available", [np.inf, 500.0])
def test_a_yield_of_nothing(available: float) -> None:
    for found in (
        reviewed(candidate_yield=0.0, charts_available=available, re_review=1.0),
        expected_review(plan(candidate_yield=0.0, charts_available=available)),
    ):
        assert (found.found == 0).all()
        assert (found.charts == available).all()
        assert np.isinf(found.months).all() == np.isinf(available)


def test_a_second_look_costs_controls_charts_and_weeks() -> None:
    once, again = reviewed(), reviewed(re_review=1.0)
    lost = nbinom.mean(80, 1 / 15) + 80  # charts for the first eighty; each lost one costs as many more as any
    mean = lost * (1 + 54 / 86)
    error = again.charts.std() / np.sqrt(DRAWS)
    print(f"charts with a second look {again.charts.mean():.1f} ± {error:.1f}, true {mean:.1f}")
    assert abs(again.charts.mean() - mean) < 4 * error
    assert (again.found == 80).all()
    assert (again.months >= once.months + 8 * WEEK - 1e-9).all()
    share = reviewed(re_review=0.3, kept=0.0, charts_available=1e9).months > once.months + 1e-9
    print(f"reviewed again {share.mean():.4f}, true 0.3")
    assert abs(share.mean() - 0.3) < 4 * np.sqrt(0.21 / DRAWS)


def test_the_charts_left_bound_what_a_second_look_can_mend() -> None:
    found = reviewed(re_review=1.0, charts_available=1_150.0)
    ended = reviewed(charts_available=1_150.0).found < 80
    alone = found.found[ended]
    stands = reviewed(charts_available=1_150.0).found[ended].mean() * 32 / 86
    error = alone.std() / np.sqrt(ended.sum())
    print(f"stand of those in an archive at its end {alone.mean():.2f} ± {error:.2f}, true {stands:.2f}")
    assert abs(alone.mean() - stands) < 4 * error
    assert (found.charts[ended] == 1_150).all()


CHANGES = [
    {"charts_per_week": 150.0},
    {"candidate_yield": 0.3},
    {"re_review": 0.2},
    {"start": -1.0},
    {"re_review_weeks": 2.0},
    {"target": 70.0},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_lighter_review_is_never_later(change: dict[str, float]) -> None:
    before, after = reviewed(re_review=0.5), reviewed(**{"re_review": 0.5, **change})
    assert (after.months <= before.months + 1e-9).all()
    assert (after.months < before.months - 1e-9).any()


def test_more_charts_never_give_fewer_controls() -> None:
    counts = [reviewed(charts_available=charts, re_review=0.5).found for charts in (0.0, 900.0, 1_150.0, 1_400.0, 1e7)]
    assert counts[0].max() == 0
    assert counts[-1].min() == 80
    for fewer, more in pairwise(counts):
        assert (more >= fewer).all()
        assert (more > fewer).any()


def test_draws_are_the_same_in_any_chunking() -> None:
    whole = reviewed(re_review=0.5, charts_available=1_500.0)
    parts = [reviewed(draws, re_review=0.5, charts_available=1_500.0) for draws in (range(1501), range(1501, DRAWS))]
    assert np.array_equal(whole.months, np.concatenate([part.months for part in parts]))
    assert np.array_equal(whole.found, np.concatenate([part.found for part in parts]))


def test_the_review_without_chance_is_near_the_mean_of_that_with_it() -> None:
    changes = {"re_review": 0.4, "charts_per_week": 1.0}
    found, expected = reviewed(**changes), expected_review(plan(**changes))
    error = found.months.std() / np.sqrt(DRAWS)
    print(f"months {found.months.mean():.2f} ± {error:.2f}, without chance {expected.months[0]:.2f}")
    assert abs(found.months.mean() - expected.months[0]) < 4 * error
    assert expected.charts[0] == pytest.approx(1_200 * (1 + 0.4 * 54 / 86))
    assert expected.found[0] == 80


def test_a_plan_may_differ_from_draw_to_draw() -> None:
    streams = TrialStreams(7, range(DRAWS))
    share = np.random.default_rng(4).beta(2, 8, DRAWS)
    mixed = replace(plan(), committee_yield=share)
    assert np.array_equal(review(mixed, streams).charts, nbinom.ppf(streams.one("charts"), 80, 0.2 * share) + 80)


def test_day_100_counts_from_the_transplant() -> None:
    to_enrolment = np.array([[0.0, 30.0, 100.0, 140.0]])
    days = follow_up_months(100, True, to_enrolment) * MONTH
    assert days[0].tolist() == pytest.approx([100, 70, 0, 0])
    assert follow_up_months(100, False, to_enrolment)[0].tolist() == pytest.approx([100 / MONTH] * 4)


def test_the_last_follow_up_need_not_be_that_of_the_last_patient() -> None:
    enrolled = np.array([[1.0, 2.0, 2.5], [1.0, 2.0, np.inf]])
    complete = prospective_complete(enrolled, np.array([[1.0, 3.0, 0.5], [1.0, 3.0, 0.5]]))
    assert complete.tolist() == [5.0, np.inf]


def test_the_read_out_is_the_later_arm_and_the_close_out() -> None:
    prospective, controls = np.array([10.0, 10.0, np.inf, np.inf]), np.array([12.0, 8.0, 8.0, np.inf])
    close_out = np.array([2.0, 3.0, 2.0, 2.0])
    assert read_out(prospective, controls, close_out).tolist() == [14.0, 13.0, np.inf, np.inf]
    assert read_out(prospective, None, close_out).tolist() == [12.0, 13.0, np.inf, np.inf]
    assert controls_last(prospective, controls).tolist() == [True, False, False, False]
    assert not controls_last(prospective, None).any()
