"""The model against laws that are known exactly."""

import numpy as np
import pytest
from scipy.special import ndtri

import sim
from sim.assumptions.schema import Assumptions
from sim.results.run import Results
from tests.conftest import ONE_YEAR, PATIENTS, with_sampling


def check(run: Results, variable: str, expected: dict[str, float], year: int | None = None) -> None:
    """Every statistic within 4 Monte Carlo errors of its true value, each printed."""
    for statistic, truth in expected.items():
        value, error = run.value(variable, statistic, year), run.error(variable, statistic, year)
        print(f"{variable} {statistic}: {value:.4f} ± {error:.4f}, true {truth}")
        assert abs(value - truth) < 4 * error + 1e-9 * truth


def test_point_is_the_hand_calculation_each_year() -> None:
    run = sim.simulate(sim.load(overrides=["sampling=point", *PATIENTS]))
    for year in run.years:
        values = [run.value(name, year=year) for name in ("transplants", "vod", "severe_vod", "deaths_day100")]
        assert values == [45_000, 9_000, 3_000, 2_400]
        assert run.value("survivors_day100", year=year) == 600
    assert run.error() == 0


def test_base_case_means_are_the_stated_figures() -> None:
    run = sim.simulate(sim.load(overrides=PATIENTS))
    for variable, mean in [("transplants", 45_000), ("vod", 9_000), ("severe_vod", 3_000), ("deaths_day100", 2_400)]:
        check(run, variable, {"mean": mean})


@pytest.mark.parametrize("method", ["random", "latin_hypercube", "sobol"])
def test_product_of_four_factors(product: Assumptions, method: str) -> None:
    run = sim.simulate(with_sampling(product, method=method, draws=65_536))
    check(run, "deaths_day100", {"mean": 1164.6096, "sd": 166.48485, "p05": 904.1, "p95": 1450.6})


def test_jeffreys_chain() -> None:
    overrides = [
        *ONE_YEAR,
        "transplants.volume.value=18284",
        'vod.incidence.value="count(events=291, n=5418)"',
        'vod.severe_fraction.value="count(events=134, n=291)"',
        "sampling.draws=65536",
    ]
    run = sim.simulate(sim.load(overrides=overrides))
    check(run, "severe_vod", {"mean": 453.0332, "sd_parameters": 38.5876, "sd": 43.9401})


GROWTH = [
    "transplants.reference_year=2000",
    "years.first=2000",
    "years.last=2010",
    "transplants.volume.value=20000",
    'transplants.growth.value="normal(mean=0.02, sd=0.03)"',
    'transplants.growth.unit="log change"',
    "sampling.chance=false",
    "sampling.draws=65536",
    *PATIENTS,
]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("yearly", {"p05": 20898.72, "p50": 24428.06, "p95": 28553.42}),
        ("persistent", {"p05": 14913.64, "p50": 24428.06, "p95": 40012.36}),
    ],
)
def test_ten_years_of_uncertain_growth(pattern: str, expected: dict[str, float]) -> None:
    run = sim.simulate(sim.load(overrides=[*GROWTH, f"transplants.growth_pattern={pattern}"]))
    check(run, "transplants", expected, year=2010)
    assert run.value("transplants", "sd", year=2000) == 0


@pytest.mark.parametrize(("first", "last"), [(1995, 1998), (1998, 2003), (2003, 2005)])
def test_growth_runs_both_ways_from_the_reference_year(first: int, last: int) -> None:
    overrides = [*GROWTH[:1], f"years.first={first}", f"years.last={last}", "sampling=point", *PATIENTS]
    for pattern in ("persistent", "yearly"):
        run = sim.simulate(
            sim.load(overrides=[*overrides, "transplants.growth.value=0.02", f"transplants.growth_pattern={pattern}"])
        )
        for year in run.years:
            assert run.value("transplants", year=year) == pytest.approx(45_000 * 1.02 ** (year - 2000), rel=1e-12)


def lognormal_product(spearman: float, draws: int) -> Results:
    """Medians 20000, 0.05, 0.45 and 0.80 with log-sd 0.02, 0.20, 0.15 and 0.10; the last rides on the volume."""
    overrides = [
        *ONE_YEAR,
        "sampling.chance=false",
        f"sampling.draws={draws}",
        f'transplants.volume.value="lognormal(median=16000, log_sd={np.hypot(0.02, 0.10)})"',
        'vod.incidence.value="lognormal(median=0.05, log_sd=0.20)"',
        'vod.severe_fraction.value="lognormal(median=0.45, log_sd=0.15)"',
        f"correlation=[{{between:[vod.incidence,vod.severe_fraction],spearman:{spearman},source:'assumption: test'}}]",
    ]
    return sim.simulate(sim.load(overrides=overrides))


@pytest.mark.parametrize(
    ("spearman", "expected"),
    [
        (0.0, {"p50": 360.0, "mean": 373.36408, "p05": 230.90204, "p95": 561.27698}),
        (0.581903, {"p05": 209.20243, "p50": 360.0, "p95": 619.49568}),
    ],
)
def test_product_of_lognormals_with_and_without_rank_correlation(spearman: float, expected: dict[str, float]) -> None:
    check(lognormal_product(spearman, 65_536), "severe_vod", expected)


def test_the_spread_without_chance_is_that_of_the_expected_numbers() -> None:
    run = sim.simulate(sim.load(overrides=[*ONE_YEAR, "sampling.draws=4096"]))
    without = sim.simulate(sim.load(overrides=[*ONE_YEAR, "sampling.draws=4096", "sampling.chance=false"]))
    for variable in ("vod", "severe_vod", "deaths_day100", "survivors_day100"):
        assert run.value(variable, "sd_parameters") == pytest.approx(without.value(variable, "sd"), rel=1e-9)
        assert run.value(variable, "sd") > run.value(variable, "sd_parameters")


def test_chance_alone_is_binomial() -> None:
    certain = ["transplants.volume.value=1000", "vod.incidence.value=0.2", "vod.severe_fraction.value=0.5"]
    run = sim.simulate(sim.load(overrides=[*ONE_YEAR, *certain, "sampling=random", "sampling.draws=65536"]))
    assert run.value("severe_vod", "sd_parameters") == 0
    check(run, "severe_vod", {"mean": 100, "sd": float(np.sqrt(1000 * 0.1 * 0.9))})


def test_normal_scores_are_those_of_the_quantiles() -> None:
    run = sim.simulate(sim.load(overrides=[*ONE_YEAR, "sampling.draws=8192"]))
    volume = np.log(run.draws["transplants.volume"].to_numpy())
    scores = (volume - volume.mean()) / volume.std()
    assert np.quantile(scores, 0.975) == pytest.approx(ndtri(0.975), abs=0.02)
