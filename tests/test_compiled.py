"""Compiled code counts the same integers as NumPy: lane by lane, cell by cell, and in whole runs."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.draws import lanes, singles
from sim.draws.cells import compiled_count_into, compiled_counts_of_cells, counts_of_cells
from sim.draws.compiled import quantile
from sim.draws.counts import binomial_quantile
from sim.draws.singles import count_into, rates_of
from sim.draws.streams import Stream
from sim.execution import accounts, engine, gathering
from sim.results.kernels import PLAIN, compiled
from sim.results.run import Results
from sim.results.totals import totals_of, with_totals
from sim.variables import STRATA as TOTALS

CONF = Path(__file__).parent.parent / "benchmarks" / "conf"
EXTREMES = (2.0**-53, 2.0**-52, 1e-15, 1e-12, 0.5, 1 - 1e-12, 1 - 2.0**-52, 1 - 2.0**-53)
WORDS = ("trial=none", "market=none", "sampling.draws=20000", "sampling.seed=5")


def run(monkeypatch: pytest.MonkeyPatch, words: Sequence[str], chunks: int = 1, fits: int = 0) -> Results:
    """A run in so many chunks behind the first one, whose draws are counted and not kept where few bytes fit."""
    monkeypatch.setattr(gathering, "KEPT_BYTES", fits)
    monkeypatch.setattr(gathering, "CHUNK", 1_000)
    monkeypatch.setattr(accounts, "CHUNK", 1_000)
    assumptions = sim.load(overrides=[*words])
    return sim.simulate(assumptions, -(-(assumptions.sampling.draws - 1_000) // chunks))


def digest(results: Results) -> str:
    """Of every histogram of a run."""
    text = hashlib.sha256()
    for name in sorted(map(str, results.dataset.data_vars)):
        text.update(name.encode() + results.dataset[name].to_numpy().tobytes())
    return text.hexdigest()


@given(st.integers(0, 2**32), st.sampled_from(["rare", "usual", "many", "any"]))
@settings(max_examples=60, deadline=None)
def test_every_lane_is_the_same_integer(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    size = 3_000
    most = {"rare": 3.0, "usual": 4.5, "many": 11.0, "any": 8.0}[kind]
    n = (10 ** rng.uniform(0, most, size)).astype(np.int64) - 1
    p = rng.beta(0.3, 3, size) if kind != "any" else rng.choice([0.0, 1.0, 1e-9, 1 - 1e-9, 0.5], size)
    u = np.where(rng.random(size) < 0.2, rng.choice(EXTREMES, size), rng.uniform(2.0**-53, 1 - 2.0**-53, size))
    assert (quantile(u, n, p) == binomial_quantile(u, n, p)).all()


@pytest.mark.parametrize(
    "draws", [range(1), range(3, 8), range(4, 2_052), range(1_023, 5_003), range(2**34, 2**34 + 9)]
)
def test_every_cell_takes_its_own_stream(draws: range) -> None:
    rng = np.random.default_rng(6)
    streams, years = [Stream(3, f"vod[{name}]") for name in "abcabc"], [2008, 2008, 2008, 2009, 2009, 2009]
    n = rng.integers(0, 30_000, (6, len(draws)))
    p, row = rng.beta(2, 9, (2, len(draws))), np.array([0, 1, 0, 1, 0, 1])
    own, other = (count(streams, years, draws, n, p, row) for count in (counts_of_cells, compiled_counts_of_cells))
    assert (own == other).all()
    keys, at = np.array([stream.key for stream in streams], np.uint32), np.array([5, 0, 1, 4, 3, 2])
    whole, out = n.astype(np.int32)[np.argsort(at)], np.empty(n.shape, np.int32)
    for into in (count_into, compiled_count_into):
        into(keys, np.array(years), draws.start, whole, at, rates_of(p), row, out)
        assert (out[at] == own).all()


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(0, 20), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_sums_and_bars_are_the_same(seed: int, draws: int, first: int, batches: int) -> None:
    rng = np.random.default_rng(seed)
    whole = rng.integers(0, 900, (4, draws))
    gaps = np.where(rng.random((4, draws)) < 0.2, rng.choice([np.nan, np.inf], (4, draws)), rng.normal(size=(4, draws)))
    for values in (whole, whole.astype(np.int32), rng.normal(size=(4, draws)), gaps):
        origin = np.nan_to_num(values[:, 0].astype(np.float64), posinf=0.0)
        pairs = zip(*(one.moments(values, origin, first, batches) for one in (PLAIN, compiled())), strict=True)
        assert all(np.allclose(own, other, rtol=1e-12, atol=1e-9, equal_nan=True) for own, other in pairs)
    left, right, row = rng.normal(size=(3, draws)), rng.normal(size=(2, draws)), np.arange(6)
    products = (
        one.products(left, row // 2, right, row % 2, np.zeros(6), first, batches) for one in (PLAIN, compiled())
    )
    assert all(np.allclose(own, other, rtol=1e-12, atol=1e-9) for own, other in zip(*products, strict=True))
    counts = [np.zeros((batches, 500), np.uint32) for _ in range(2)]
    for one, place in zip((PLAIN, compiled()), counts, strict=True):
        one.bars(whole[0], first, place, -5, 1)
    assert (counts[0] == counts[1]).all()
    assert counts[0].sum() == draws


STRATA = ("transplants=strata", "vod=strata", "trial=none", "market=none", "sampling.method=random")
STRUCTURES = {
    "shares that are certain": (),
    "shares that are not": ("transplants.shares.region.values.b=0.2 to 0.3",),
    "growth year by year": ("transplants.growth_pattern=yearly",),
    "few patients": ("transplants.volume.value=300", "vod.severe_fraction.value=0.001 to 0.02"),
    "nothing uncertain": (
        *(f"vod.{name}.value=0.2" for name in ("incidence", "severe_fraction", "day100_mortality")),
        "transplants.volume.value=5000",
        "transplants.growth.value=0",
    ),
}


@pytest.mark.parametrize("method", ["sobol", "latin_hypercube", "random"])
def test_histograms_are_the_same_whatever_the_engine_the_chunks_and_the_threads(
    monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    found = {
        (name, chunks, threads): digest(
            run(
                monkeypatch,
                (*WORDS, f"sampling.method={method}", f"execution={name}", f"execution.threads={threads}"),
                chunks,
            )
        )
        for name in ("numpy", "numba")
        for chunks, threads in ((1, 1), (7, 2), (64, 1), (64, 2))
    }
    print(f"\n{method}: {len(found)} runs, the histograms of all: {next(iter(found.values()))[:16]}")
    assert len(set(found.values())) == 1


@pytest.mark.parametrize("words", STRUCTURES.values(), ids=STRUCTURES)
def test_a_funnel_year_by_year_is_that_of_labelled_arrays(words: Sequence[str]) -> None:
    def runs(*more: str) -> Results:
        return sim.simulate(sim.load(overrides=[*STRATA, "sampling.draws=20000", *words, *more], config_dir=CONF))

    kept = runs("results.keep_draws=true").summary
    quantiles = kept["statistic"].str.startswith("p")
    for name in ("numpy", "numba"):
        told = runs("results.keep_draws=false", f"execution={name}").summary
        assert (told[quantiles]["value"] == kept[quantiles]["value"]).all()
        assert np.allclose(told["value"], kept["value"], rtol=1e-12, atol=0)


def test_totals_are_added_up_as_labelled_arrays_add_them() -> None:
    rng = np.random.default_rng(8)
    for sizes in ((3, 2, 1), (1, 1, 4), (2, 3, 2), (1, 1, 1)):
        labels = {name: [f"{name} {i}" for i in range(size)] for name, size in zip(TOTALS, sizes, strict=True)}
        labels["age_group"] = ["all"] if sizes[2] == 1 else labels["age_group"]
        array = xr.DataArray(rng.integers(0, 99, (5, *sizes)), dims=("draw", *labels), coords=labels)
        totals = totals_of(labels)
        found = np.zeros((totals.size, 5), np.int64)
        found[totals.cells] = array.to_numpy().reshape(5, -1).T
        totals.add_up(found)
        assert (found == with_totals(array).to_numpy().reshape(5, -1).T).all()


def test_single_precision_places_no_count_that_double_would_not() -> None:
    rng = np.random.default_rng(9)
    size = 400_000
    words = rng.integers(0, 2**32, size, dtype=np.uint32)
    p = np.where(rng.random(size) < 0.5, 10 ** rng.uniform(-4, -0.3, size), 1 - 10 ** rng.uniform(-4, -0.3, size))
    n = np.ceil(10 ** rng.uniform(0.8, 4, size) / (p * (1 - p))).astype(np.int32)
    uniform, rates = words.astype(np.float64) * 2.0**-32 + 2.0**-33, rates_of(p[None]).single[:, 0]
    exact = binomial_quantile(uniform, n.astype(np.int64), p)
    found = np.empty((2, size), np.int32)
    singles.placed(words, n, singles.terms_of(rates), np.empty((singles.ROOM, size), np.float32), found[0])
    lanes.placed(words, n, rates[0], rates[1], rates[2], np.empty((4, size), np.float32), found[1])
    for own in found:
        sure = own >= 0
        assert sure.mean() > 0.8
        assert (own[sure] == exact[sure]).all()


def test_with_trial_and_market_too(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [run(monkeypatch, ["sampling.draws=4096", f"execution={name}"], fits=10**9) for name in ("numpy", "numba")]
    assert runs[0].dataset.identical(runs[1].dataset)
    own, other = (one.summary["value"].to_numpy() for one in runs)
    assert np.allclose(own, other, rtol=1e-12, atol=1e-9, equal_nan=True)


def test_compiled_code_is_loaded_where_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = (sim.load(overrides=[f"sampling.draws={draws}"]) for draws in (8_192, 1_000_000))
    assert engine.engine_of(few).patients is counts_of_cells
    assert engine.engine_of(many).patients is compiled_counts_of_cells
    monkeypatch.setattr(engine, "can_compile", lambda: False)
    assert engine.engine_of(many).patients is counts_of_cells
    with pytest.raises(sim.InputError, match=r"execution\.engine: numba is not installed, or does not work here"):
        engine.engine_of(sim.load(overrides=["execution=numba"]))


def test_an_engine_that_there_is_not_is_refused() -> None:
    with pytest.raises(sim.InputError, match=r"execution\.engine: 'cuda' is not one of"):
        sim.load(overrides=["execution.engine=cuda"])
