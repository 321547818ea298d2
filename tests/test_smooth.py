"""Statistics of patients from their laws given each draw: against exact laws, against draws, and what is refused."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import ndtr

import sim
from sim.draws.cells import can_compile
from sim.errors import InputError
from sim.execution import gathering
from sim.results.blend import Blend
from sim.results.factor import LEVELS as POINTS
from sim.results.factor import WEIGHTS, about_mean
from sim.results.kernels import PLAIN, compiled
from sim.results.laws import FEW, Counts, FloatArray, Term, cumulants, distribution, powers, probabilities
from sim.results.run import Results
from sim.results.sample import QUANTILES
from sim.results.smoothed import error_of_rounded
from sim.views.messages import sampling_words
from tests.conftest import ONE_YEAR, PATIENTS, Typed

LEVELS = np.array(list(QUANTILES.values()))
ONE = ["years.first=2008", "years.last=2008", *PATIENTS, "report=none"]
BY_TYPE = ["scenario=ebmt_1998_by_type", *ONE]
CERTAIN = [
    "transplants.volume.value=45000", "transplants.growth.value=0", "vod.incidence.value=0.2",
    "vod.severe_fraction.value=0.33", "vod.day100_mortality.value=0.8",
]  # fmt: skip
JOINED = [
    f"{{between: [vod.{one}, vod.{other}], spearman: 0.5, source: 'assumption: a test'}}"
    for one, other in (("incidence", "severe_fraction"), ("severe_fraction", "day100_mortality"))
]
ERROR = 2e-4
"""Of an averaged distribution function, at most."""


def run(*words: str, smooth: str = "true") -> Results:
    return sim.simulate(sim.load(overrides=[*words, f"sampling.smooth={smooth}"]))


def blend(terms: Sequence[Term], portion: int = 8_192, rows: int = 8) -> Blend:
    """The blend of some laws, portion by portion."""
    found = Blend(rows, PLAIN)
    for first in range(0, len(terms[0].n), portion):
        some = slice(first, first + portion)
        found.add([Term(n[some], p[some]) for n, p in terms], first % rows)
    return found


def check(whole: FloatArray, below: FloatArray, reached: FloatArray, error: float = ERROR) -> None:
    """Whole numbers are the smallest whose distribution function reaches each level."""
    assert (below < LEVELS + error).all(), (whole, below)
    assert (reached >= LEVELS - error).all(), (whole, reached)


def check_binomial(whole: FloatArray, n: Counts, p: FloatArray) -> None:
    """The same of binomial laws, averaged over draws."""
    below, reached = ([np.mean(stats.binom.cdf(k - step, n, p)) for k in whole] for step in (1, 0))
    check(whole, np.array(below), np.array(reached))


@given(st.integers(10, 10**6), st.floats(0.001, 0.999))
@settings(max_examples=80)
def test_the_series_is_within_its_error_of_the_distribution_function(n: int, p: float) -> None:
    variance = n * p * (1 - p)
    if variance < FEW:
        return
    k = np.unique(np.clip(np.rint(n * p + np.linspace(-10, 10, 401) * math.sqrt(variance)), 0, n))
    first = cumulants(powers([Term(np.array([n]), np.array([p]))]))
    fifth = variance * (1 - 2 * p) * (1 - 12 * p * (1 - p))
    found, _ = distribution(k, (*first, np.array([fifth])))
    assert np.abs(found - stats.binom.cdf(k, n, p)).max() < 0.01 / variance**2 + 1e-12


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 1000).map(lambda p: p / 1000)), min_size=1, max_size=3))
@settings(max_examples=80)
def test_few_patients_have_the_probabilities_of_their_convolution(parts: list[tuple[int, float]]) -> None:
    terms = [Term(np.array([n, 0]), np.array([p, 0.5])) for n, p in parts]
    if cumulants(powers(terms))[1][0] >= FEW:
        return
    base, weight = probabilities(terms)
    exact = np.ones(1)
    for n, p in parts:
        exact = np.convolve(exact, stats.binom.pmf(np.arange(n + 1), n, p))
    found = np.zeros(len(exact) + 400)
    np.add.at(found, np.maximum(base[0] + np.arange(len(weight)), 0), weight[:, 0])
    assert np.abs(found[: len(exact)] - exact).max() < 1e-11
    assert found[len(exact) :].sum() == 0
    assert weight[:, 1].sum() == 1  # of no patients, none


@pytest.mark.parametrize(
    ("patients", "spread", "shape"),
    [(20_000, 0.1, (30, 170)), (700, 0.1, (3, 97)), (90, 0.3, (30, 170)), (1_000, 0.0, (990, 10)), (5, 0.0, (1, 1)),
     (3_000_000, 0.2, (30, 170))],
)  # fmt: skip
def test_quantiles_mean_and_sd_are_those_of_the_averaged_law(
    patients: int, spread: float, shape: tuple[float, float]
) -> None:
    rng = np.random.default_rng(1)
    n = np.rint(patients * np.exp(spread * rng.standard_normal(4_096))).astype(np.int64)
    p = rng.beta(*shape, 4_096)
    found = blend([Term(n, p)])
    check_binomial(found.quantiles(LEVELS).whole, n, p)
    assert found.mean()[0] == pytest.approx((n * p).mean(), rel=1e-12)
    variance = (n * p * (1 - p)).mean() + (n * p).var(ddof=1)
    assert found.sd()[0] ** 2 == pytest.approx(variance, rel=1e-10)


@pytest.mark.parametrize("sizes", [(3, 9, 40), (30, 400, 90), (2_000, 300, 5_000)])
def test_a_total_of_different_rates_is_their_convolution(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(2)
    terms = [Term(rng.integers(n // 2, n + 1, 300), rng.beta(2, 4 + part, 300)) for part, n in enumerate(sizes)]
    most = sum(sizes) + 1
    exact = np.zeros(most)
    for draw in range(300):
        own = np.ones(1)
        for n, p in terms:
            own = np.convolve(own, stats.binom.pmf(np.arange(n[draw] + 1), n[draw], p[draw]))
        exact[: len(own)] += own / 300
    law = np.concatenate([[0.0], np.cumsum(exact)])
    whole = blend(terms).quantiles(LEVELS).whole
    check(whole, law[whole.astype(int)], law[whole.astype(int) + 1])


@pytest.mark.skipif(not can_compile(), reason="no compiler works here")
def test_compiled_buckets_are_those_of_numpy() -> None:
    rng = np.random.default_rng(3)
    bucket, row = rng.integers(0, 50, (2, 4_000))
    laws = rng.standard_normal((4, 4_000))
    sums = [np.zeros((2 * 50 + 5, 50)) for _ in range(2)]
    for kernels, out in zip((PLAIN, compiled()), sums, strict=True):
        kernels.buckets(bucket, row, laws, out)
    assert np.allclose(sums[0], sums[1], rtol=1e-12, atol=1e-12)


def test_portions_and_rows_add_up() -> None:
    rng = np.random.default_rng(4)
    terms = [Term(rng.integers(40, 4_000, 6_000), rng.beta(3, 30, 6_000))]
    one, other = blend(terms), blend(terms, portion=777)
    own, apart = one.quantiles(LEVELS), other.quantiles(LEVELS)
    assert np.array_equal(own.whole, apart.whole)
    assert own.by_row == pytest.approx(apart.by_row, abs=0.5)  # buckets are as wide as the first portion says
    rows = [blend([Term(n[row::8], p[row::8]) for n, p in terms], rows=1) for row in range(8)]
    assert [row.mean()[0] for row in rows] == pytest.approx(one.mean()[1], rel=1e-12)
    assert [row.sd()[0] for row in rows] == pytest.approx(one.sd()[1], rel=1e-9)
    true = np.array([row.quantiles(LEVELS).between for row in rows])
    assert np.abs(own.by_row - true).max() < 0.1 * one.sd()[0]  # by a slope, to first order
    assert np.corrcoef(own.by_row.ravel(), true.ravel())[0, 1] > 0.99


@pytest.mark.parametrize(
    ("away", "error"), [(0.0, 0.05), (0.5, 0.05), (-0.2, 0.4), (0.3, 2.0), (0.3, 3.99), (0.3, 7.0)]
)
def test_the_error_of_a_whole_number_is_that_of_rounding(away: float, error: float) -> None:
    normal = np.random.default_rng(5).standard_normal(400_000)
    direct = np.sqrt((np.ceil(away + error * normal - 0.5) ** 2).mean())
    assert error_of_rounded(np.array([away]), np.array([error]))[0] == pytest.approx(direct, rel=0.01, abs=1e-9)


def test_certain_inputs_give_exactly_the_binomial() -> None:
    table = run(*ONE, *CERTAIN, "sampling=quick").summary.set_index(["variable", "statistic"])
    shares = {"vod": 0.2, "severe_vod": 0.066, "deaths_day100": 0.0528, "survivors_day100": 0.0132}
    for name, p in shares.items():
        own = table.loc[name]
        assert own.loc[list(QUANTILES), "value"].to_list() == stats.binom.ppf(LEVELS, 45_000, p).tolist()
        assert own.loc["mean", "value"] == pytest.approx(45_000 * p, rel=1e-12)
        assert own.loc["sd", "value"] == pytest.approx(math.sqrt(45_000 * p * (1 - p)), rel=1e-12)
        assert (own["mcse"] == 0).all()


@pytest.mark.parametrize(
    ("words", "smooth"), [(BY_TYPE, "true"), (BY_TYPE, "rates"), (ONE, "rates"), (["scenario=cohorts", *ONE], "rates")]
)
def test_it_agrees_with_the_draws_of_a_long_run(words: list[str], smooth: str) -> None:
    smooth_run, drawn = (
        run(*words, "sampling.draws=16384", smooth=smooth),
        run(*words, "sampling.draws=131072", smooth="false"),
    )
    keys = ["variable", "region", "transplant", "age_group", "year", "statistic"]
    both = smooth_run.summary.merge(drawn.summary, on=keys, suffixes=("", "_drawn"), validate="1:1")
    assert len(both) == len(smooth_run.summary)
    both = both[both["variable"] != "transplants"]  # without chance
    rounding = np.where(both["statistic"].isin(QUANTILES), 0.5, 0.0)
    apart = np.abs(both["value"] - both["value_drawn"]) / (np.hypot(both["mcse"], both["mcse_drawn"]) + rounding)
    assert np.nanmax(apart) < 5
    assert np.mean(apart < 2) > 0.8  # of statistics that move together
    mean = both[both["statistic"] == "mean"]
    assert (mean["mcse"] < mean["mcse_drawn"]).mean() > 0.9


def test_rates_are_averaged_over_by_their_law() -> None:
    words = [*ONE, "sampling.draws=512", "transplants.volume.value=45000", "transplants.growth.value=0"]
    table = run(*words, "vod.severe_fraction.value=0.33", smooth="rates").summary.set_index(["variable", "statistic"])
    leaf = sim.load(overrides=words).vod.rates["incidence"].leaves[()]
    assert leaf.distribution is not None
    p = leaf.distribution.ppf((np.arange(20_000) + 0.5) / 20_000)
    for name, share in (("vod", p), ("severe_vod", 0.33 * p)):
        own = table.loc[name].loc[[*QUANTILES, "mean", "sd"]]
        assert (own["mcse"] == 0).all()  # nothing is left to be drawn
        own = own.loc[list(QUANTILES)]
        check_binomial(own["value"].to_numpy(), np.array(45_000), share)
        mean, square = share.mean(), 0.03**2 * (share.mean() / 0.2) ** 2 + share.mean() ** 2
        variance = 45_000 * (mean - square) + 45_000**2 * (square - mean**2)
        assert table.loc[(name, "mean"), "value"] == pytest.approx(45_000 * mean, rel=1e-6)
        assert table.loc[(name, "sd"), "value"] == pytest.approx(math.sqrt(variance), rel=1e-6)


def test_a_factor_is_what_it_would_have_been_at_each_value() -> None:
    rng = np.random.default_rng(6)
    n, p = rng.integers(4_000, 9_000, 2_000), rng.beta(40, 90, 2_000)
    points = [stats.beta.ppf(POINTS, a, b) for a, b in ((30, 170), (40, 10))]
    mean, factor = 0.15 * 0.8, [about_mean(own) for own in points]
    assert [own @ WEIGHTS for own in points] == pytest.approx([0.15, 0.8], rel=1e-9)
    found = Blend(8, PLAIN, factor)
    found.add([Term(n, p)], 0, [Term(n, p * mean)])
    whole, law = found.quantiles(LEVELS).whole, np.zeros((2, len(LEVELS)))
    for _ in range(200):
        own = p * rng.beta(30, 170, 2_000) * rng.beta(40, 10, 2_000)
        k = whole[:, None] + np.array([-0.5, 0.5])[:, None, None]
        law += ndtr((k - n * own) / np.sqrt(n * own * (1 - own))).mean(axis=-1) / 200
    check(whole, law[0], law[1], error=2e-3)
    few = Blend(8, PLAIN, factor)
    few.add([Term(n // 500, p)], 0, [Term(n // 500, p * mean)])
    assert np.array_equal(few.quantiles(LEVELS).whole, blend([Term(n // 500, p)]).quantiles(LEVELS).whole)


@pytest.mark.parametrize("words", [["scenario=cohorts"], [f"correlation=[{', '.join(JOINED)}]"]])
def test_rates_that_hang_together_are_not_averaged_over(words: list[str]) -> None:
    words = [*words, *ONE, "sampling=quick"]
    assert run(*words, smooth="rates").summary.equals(run(*words).summary)
    assert not run(*ONE, "sampling=quick", smooth="rates").summary.equals(run(*ONE, "sampling=quick").summary)


def test_only_statistics_of_patients_move_and_draws_stay() -> None:
    words = ["years.last=2008", "sampling=quick", "report=none"]
    smooth, plain = run(*words), run(*words, smooth="false")
    assert smooth.dataset.equals(plain.dataset)
    rows = smooth.summary.merge(plain.summary, on=list(smooth.summary.columns[:6]), suffixes=("", "_plain"))
    same = (rows["value"] == rows["value_plain"]) | rows["value"].isna()
    moved = set(rows.loc[~same, "variable"])
    assert moved == {"vod", "severe_vod", "deaths_day100", "survivors_day100", "meets_trial_criteria"}
    assert same[rows["statistic"] == "sd_parameters"].all()
    assert "patients smoothed" in sampling_words(smooth.provenance)
    assert "smoothed" not in sampling_words(plain.provenance)


def test_draws_that_are_counted_give_the_same_as_those_that_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [*BY_TYPE, "sampling.draws=20000", "sampling.smooth=true"]
    kept = sim.simulate(sim.load(overrides=words)).summary
    monkeypatch.setattr(gathering, "KEPT_BYTES", 0)
    for chunk, engine in ((8_192, "numpy"), (1_000, "numpy"), (8_192, "numba")):
        if engine == "numba" and not can_compile():
            continue
        counted = sim.simulate(sim.load(overrides=[*words, f"execution={engine}"]), chunk).summary
        assert np.allclose(kept["value"], counted["value"], rtol=1e-9, equal_nan=True)
        known = kept["variable"] != "transplants"  # whose batches are counted in bars
        assert np.allclose(kept.loc[known, "mcse"], counted.loc[known, "mcse"], rtol=1e-4, equal_nan=True)


def test_chunks_change_nothing() -> None:
    words = [*BY_TYPE, "sampling.draws=2048", "sampling.smooth=true"]
    one, other = (sim.simulate(sim.load(overrides=words), chunk).summary for chunk in (8_192, 300))
    assert one["value"].equals(other["value"]) or np.allclose(one["value"], other["value"], rtol=1e-12)


def test_a_stop_rule_is_met_earlier() -> None:
    rule = "sampling.stop={relative_error: 0.0004, first: 512}"
    small = [*ONE, "transplants.volume.value=2000", "sampling.draws=65536", rule]
    smooth, drawn = run(*small), run(*small, smooth="false")
    assert smooth.provenance["stop"]["is_met"]
    assert smooth.provenance["draws"] <= drawn.provenance["draws"] / 8


def test_without_chance_there_is_nothing_to_smooth(typed: Typed) -> None:
    for words, smooth in ((["sampling.chance=false"], "true"), (["sampling=point"], "rates")):
        done = typed(f"sampling.smooth={smooth}", *words)
        assert done.returncode == 2
        assert done.stderr.startswith(f"sim: sampling.smooth: {smooth} averages over chance")
        assert done.stderr.count("\n") == 1
    with pytest.raises(InputError, match=r"^sampling\.smooth: 'maybe' is not one of true, false or 'rates'$"):
        sim.load(overrides=["sampling.smooth=maybe"])


def test_where_laws_do_not_close_the_gaps_the_error_is_unknown() -> None:
    words = [*ONE_YEAR, "sampling.smooth=true", "vod.incidence.value=1", "vod.severe_fraction.value=1"]
    table = sim.simulate(sim.load(overrides=[*words, "sampling.draws=1024"])).summary
    quantiles = table[table["statistic"].isin(["p25", "p50"])].set_index(["variable", "statistic"])["mcse"]
    assert quantiles["severe_vod"].isna().all()  # each draw's law is a number
    assert (quantiles["deaths_day100"] > 0).all()  # and here as wide as chance makes it
