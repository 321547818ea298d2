"""What must not change when something else does, and what must move one way."""

import itertools

import numpy as np
import pytest
import xarray as xr

import sim
from sim.configuration.compose import assume, composed
from sim.draws.parameters import sample
from sim.model.chain import populations
from sim.model.cohort import WholePatients
from tests.conftest import PATIENTS, with_sampling

SMALL = ["years.last=2010", "sampling.draws=512", *PATIENTS]  # the trial's own are in test_trial.py
METHODS = ["random", "latin_hypercube", "sobol"]
FEWER = {1: 32, 7: 128}
"""Draws where chunks are so small that there would be many."""


def draws_of(*overrides: str, scenario: str = "press_release") -> xr.Dataset:
    return sim.simulate(sim.load(scenario, [*SMALL, *overrides])).draws


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("chunk", [1, 7, 100, 511])
def test_chunks_change_no_bit(method: str, chunk: int) -> None:
    assumptions = with_sampling(sim.load(overrides=SMALL), method=method, draws=FEWER.get(chunk, 512))
    whole, parts = sim.simulate(assumptions), sim.simulate(assumptions, chunk=chunk)
    assert whole.draws.identical(parts.draws)
    spread = whole.summary["statistic"] == "sd_parameters"
    assert whole.summary[~spread].equals(parts.summary[~spread])
    np.testing.assert_allclose(whole.summary[spread]["value"], parts.summary[spread]["value"], rtol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_another_quantity_changes_no_draw_of_the_others(method: str) -> None:
    plain = draws_of(f"sampling.method={method}")
    added = draws_of(f"sampling.method={method}", 'transplants.growth.value="normal(mean=0.02, sd=0.01)"')
    changed = draws_of(f"sampling.method={method}", "vod.incidence.value=0.1 to 0.3")
    for name in ("transplants.volume", "vod.incidence", "vod.severe_fraction", "vod.day100_mortality"):
        assert plain[name].equals(added[name])
        assert plain[name].equals(changed[name]) == (name != "vod.incidence")


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_the_file_changes_no_draw(method: str) -> None:
    mapping = composed(["scenario=press_release", *SMALL, f"sampling.method={method}"]).mapping
    turned = {**mapping, "vod": dict(reversed(mapping["vod"].items()))}
    assert sim.simulate(assume(mapping)).draws.identical(sim.simulate(assume(turned)).draws)


@pytest.mark.parametrize("method", METHODS)
def test_any_draw_can_be_asked_for_alone(method: str) -> None:
    assumptions = with_sampling(sim.load(overrides=SMALL), method=method)
    whole = sim.simulate(assumptions).draws
    for first in (0, 5, 301, 511):
        some = range(first, first + 1)
        parameters = sample(assumptions, some)
        alone = populations(assumptions, parameters, WholePatients(assumptions.sampling.seed, some))
        assert np.array_equal(parameters["vod.incidence"], whole["vod.incidence"][first : first + 1])
        assert np.array_equal(alone["deaths_day100"], whole["deaths_day100"][first : first + 1])


def test_one_year_or_stratum_more_changes_no_other() -> None:
    few, more = draws_of("years.last=2009"), draws_of("years.first=2007", "years.last=2012")
    assert few["deaths_day100"].equals(more["deaths_day100"].sel(year=[2008, 2009]))
    strata = ["transplants=by_type", "vod=ebmt_1998_by_type"]
    third = (
        "transplants.strata.transplant=[allogeneic,autologous,syngeneic]",
        "+transplants.shares.transplant.values.syngeneic=0",
        "+vod.incidence.values.syngeneic=0",
    )
    two, three = draws_of(*strata), draws_of(*strata, *third)
    for name in ("transplants", "vod", "severe_vod", "deaths_day100"):
        assert two[name].equals(three[name].sel(transplant=["allogeneic", "autologous"]))
        assert (three[name].sel(transplant="syngeneic") == 0).all()


def test_a_scenario_equal_to_the_base_differs_by_exactly_nothing() -> None:
    base, same = sim.simulate(sim.load(overrides=SMALL)), sim.simulate(sim.load(overrides=SMALL))
    table = sim.compare({"base": base, "same": same})
    assert (table["difference"] == 0).all()
    paired = table["statistic"] == "mean"
    assert (table[paired][["difference_p05", "difference_p95"]] == 0).all(axis=None)
    assert table[~paired]["difference_p05"].isna().all()


def test_another_seed_is_another_run() -> None:
    assert not draws_of()["vod.incidence"].equals(draws_of("sampling.seed=1")["vod.incidence"])


def test_the_funnel_adds_up_in_whole_patients() -> None:
    draws = draws_of(scenario="ebmt_1998_by_type")
    for name in ("transplants", "vod", "severe_vod", "deaths_day100", "survivors_day100"):
        assert draws[name].dtype == np.int32
        assert draws[name].attrs["unit"].endswith("per year")
    assert (draws["vod"] <= draws["transplants"]).all()
    assert (draws["severe_vod"] <= draws["vod"]).all()
    assert draws["deaths_day100"].equals(draws["severe_vod"] - draws["survivors_day100"])


@pytest.mark.parametrize(
    ("key", "low", "high", "moves"),
    [
        ("vod.incidence.value", 0.1, 0.2, ("vod", "severe_vod", "deaths_day100")),
        ("vod.severe_fraction.value", 0.3, 0.4, ("severe_vod", "deaths_day100")),
        ("vod.day100_mortality.value", 0.7, 0.8, ("deaths_day100",)),
        ("transplants.volume.value", 1000, 1200, ("transplants", "vod", "severe_vod", "deaths_day100")),
        ("transplants.growth.value", 0.0, 0.05, ("transplants", "vod", "severe_vod", "deaths_day100")),
    ],
)
def test_more_in_is_never_less_out_draw_by_draw(key: str, low: float, high: float, moves: tuple[str, ...]) -> None:
    less, more = draws_of(f"{key}={low}"), draws_of(f"{key}={high}")
    for name in ("transplants", "vod", "severe_vod", "deaths_day100"):
        difference = more[name].astype(int) - less[name].astype(int)
        assert (difference >= 0).all()
        assert bool((difference > 0).any()) == (name in moves)


def test_twice_the_transplants_are_twice_the_patients() -> None:
    for factor, name in itertools.product((2, 10), ("vod", "deaths_day100")):
        once = draws_of("sampling.chance=false", "transplants.volume.value=1000")[name]
        more = draws_of("sampling.chance=false", f"transplants.volume.value={1000 * factor}")[name]
        np.testing.assert_allclose(more, once * factor, rtol=1e-12)


def test_strata_without_difference_add_up_to_the_whole() -> None:
    split = sim.simulate(sim.load(overrides=[*SMALL, "transplants=by_type", "sampling.chance=false"]))
    whole = sim.simulate(sim.load(overrides=[*SMALL, "sampling.chance=false"]))
    for name in ("transplants", "severe_vod", "deaths_day100"):
        assert split.value(name) == pytest.approx(whole.value(name), rel=1e-12)
        parts = split.value(name, transplant="allogeneic") + split.value(name, transplant="autologous")
        assert parts == pytest.approx(split.value(name), rel=1e-12)
