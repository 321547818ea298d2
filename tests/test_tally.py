"""Draws that are counted and not kept: the same numbers, in any order and portions, in the same memory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.__main__ import dispatch
from sim.execution import accounts, gathering
from sim.results.bars import MOST_BARS
from sim.results.batches import Batches
from sim.results.run import Results
from sim.results.sample import QUANTILES, Stored
from sim.results.tallies import tally
from sim.results.tally import Tally

BATCHES = Batches(8)
KEYS = ["variable", "region", "transplant", "age_group", "year", "statistic"]
PATIENTS = ("trial=none", "market=none")


def array(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]], name: str = "vod") -> xr.DataArray:
    """Draws of one cell, as an output has them."""
    return xr.DataArray(values[:, None], dims=("draw", "year"), coords={"year": [2008]}, name=name)


def counted(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]], portion: int, pilot: int) -> Tally:
    """The tally of some numbers, portion by portion."""
    found = tally(array(values[:pilot]), BATCHES)
    for first in range(0, len(values), portion):
        found.add(values[first : first + portion, None], first)
    return found


def run(monkeypatch: pytest.MonkeyPatch, *words: str, fits: int = 0, chunk: int = gathering.CHUNK) -> Results:
    """A run of which so many bytes of draws would be held."""
    monkeypatch.setattr(gathering, "KEPT_BYTES", fits)
    return sim.simulate(sim.load(overrides=[*words]), chunk)


@given(st.lists(st.integers(0, 60_000), min_size=16, max_size=200), st.integers(1, 64))
@settings(max_examples=60, deadline=None)
def test_whole_numbers_have_the_quantiles_of_their_draws_to_the_last_bit(numbers: list[int], portion: int) -> None:
    values = np.array(numbers)
    own, kept = counted(values, portion, 8).whole(), Stored(array(values), BATCHES).whole()
    for name in QUANTILES:
        assert own[name] == kept[name]
    assert own["mean"] == pytest.approx(kept["mean"], rel=1e-14)
    assert own["sd"] == pytest.approx(kept["sd"], rel=1e-12, abs=1e-9)


def test_a_batch_too_is_exact_until_its_bars_hold_several_numbers() -> None:
    values = np.random.default_rng(1).poisson(300.0, 8_000)
    own, kept = counted(values, 999, 500).by_batch(), Stored(array(values), BATCHES).by_batch()
    assert all(one[name] == other[name] for one, other in zip(own, kept, strict=True) for name in QUANTILES)
    wide = np.random.default_rng(2).integers(0, 40 * MOST_BARS, 80_000)
    rough, true = counted(wide, 999, 500).by_batch(), Stored(array(wide), BATCHES).by_batch()
    apart = [
        abs(float((one[name] - other[name])[0])) for one, other in zip(rough, true, strict=True) for name in QUANTILES
    ]
    assert 0 < max(apart) < 40  # the bars hold 64 numbers each


def test_of_hundreds_of_millions_neighbours_share_a_bar() -> None:
    vast = np.random.default_rng(7).integers(0, 300_000_000, 60_000)
    own, true = counted(vast, 7_000, 900).whole(), Stored(array(vast), BATCHES).whole()
    assert all(0 < abs(float((own[name] - true[name])[0])) < 2_000 for name in QUANTILES)  # a bar holds 512


@given(st.permutations(range(12)), st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_the_order_and_the_portions_change_nothing(order: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    for values in (rng.integers(0, 5_000, 12 * 80), np.where(rng.random(960) < 0.3, np.inf, rng.normal(size=960))):
        straight, mixed = counted(values, 960, 200), tally(array(values[:200]), BATCHES)
        for part in order:
            mixed.add(values[part * 80 : (part + 1) * 80, None], part * 80)
        pairs = [(straight.whole(), mixed.whole()), *zip(straight.by_batch(), mixed.by_batch(), strict=True)]
        for own, other in pairs:
            assert all(own[name].tolist() == other[name].tolist() for name in QUANTILES)


def test_real_numbers_lie_between_the_same_two_of_the_pilot() -> None:
    rng = np.random.default_rng(3)
    for values in (rng.lognormal(17, 0.6, 200_000), rng.normal(size=200_000), rng.exponential(size=200_000) ** 3):
        own, kept = counted(values, 16_384, 16_384).whole(), Stored(array(values), BATCHES).whole()
        knots = np.quantile(values[:16_384], np.linspace(0, 1, 513), method="nearest")
        for name in QUANTILES:
            assert np.searchsorted(knots, own[name]) == np.searchsorted(knots, kept[name])
            assert abs(own[name] - kept[name]) < 0.002 * kept["sd"]


def test_what_occurs_again_and_again_is_met_exactly() -> None:
    rng = np.random.default_rng(4)
    values = np.where(rng.random(50_000) < 0.4, 0.0, np.where(rng.random(50_000) < 0.3, 2011.0, rng.random(50_000) * 9))
    own, kept = counted(values, 7_000, 9_000).whole(), Stored(array(values), BATCHES).whole()
    assert [own[name].item() for name in ("p05", "p10", "p25", "p90", "p95")] == [0.0, 0.0, 0.0, 2011.0, 2011.0]
    assert own["p50"] == pytest.approx(kept["p50"], abs=0.02)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 1.0])
@pytest.mark.parametrize("gone", [np.inf, np.nan])
def test_what_never_comes_and_what_is_missing(share: float, gone: float) -> None:
    rng = np.random.default_rng(5)
    values = np.where(rng.random(40_000) < share, gone, 10 + rng.random(40_000))
    own, kept = counted(values, 5_000, 5_000).whole(), Stored(array(values), BATCHES).whole()
    for name in ("mean", "sd", *QUANTILES):
        assert own[name] == pytest.approx(kept[name], rel=1e-4, nan_ok=True)


def test_a_run_says_the_same_whether_its_draws_are_kept_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("sampling.draws=20000", "sampling.seed=3")
    kept, told = run(monkeypatch, *words, fits=10**10), run(monkeypatch, *words)
    assert kept.has_draws
    assert not told.has_draws
    both = kept.summary.merge(told.summary, on=KEYS, suffixes=("", "_told"))
    assert len(both) == len(kept.summary) == len(told.summary)
    pd.testing.assert_series_equal(both["value"].isna(), both["value_told"].isna(), check_names=False)
    is_count = both["unit"].eq("patients per year") & both["value"].notna() & ~both["variable"].isin(_real(kept))
    is_quantile = both["statistic"].str.startswith("p")
    assert is_count.sum() > 40
    exact = both[is_count & is_quantile]
    assert (exact["value"] == exact["value_told"]).all()
    moments = both[~is_quantile & both["value"].notna()]
    assert np.allclose(moments["value"], moments["value_told"], rtol=1e-10, atol=1e-9)
    spread = kept.summary[kept.summary["statistic"] == "sd"].set_index(KEYS[:-1])["value"]
    rest = both[is_quantile & both["value"].notna()].set_index(KEYS[:-1]).join(spread.rename("sd"))
    apart = (rest["value"] - rest["value_told"]).abs() / rest["sd"].where(rest["sd"] > 0)
    most = f"{apart.max():.4f} sd, 99 % of them {apart.quantile(0.99):.4f}"
    print(f"\nquantiles of counts: equal; of all else within {most}")
    assert apart.max() < 0.03
    for name in ("readout", "success"):
        pd.testing.assert_frame_equal(kept.tables[name], told.tables[name])


def _real(results: Results) -> set[str]:
    return {str(name) for name, values in results.dataset.data_vars.items() if values.dtype.kind == "f"}


@pytest.mark.parametrize("chunk", [16_384, 3_001])
def test_a_run_that_is_not_kept_does_not_hang_on_its_chunks(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    words = ("sampling.draws=40000", "trial=none")
    one, other = (run(monkeypatch, *words, chunk=size) for size in (gathering.CHUNK, chunk))
    is_quantile = one.summary["statistic"].str.startswith("p")
    pd.testing.assert_frame_equal(one.summary[is_quantile], other.summary[is_quantile])
    assert np.allclose(one.summary["value"], other.summary["value"], rtol=1e-12, atol=1e-9, equal_nan=True)
    assert one.dataset.identical(other.dataset)


def test_a_run_that_is_not_kept_has_its_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(gathering, "KEPT_BYTES", 0)
    monkeypatch.setattr(gathering, "CHUNK", 256)
    monkeypatch.setattr(accounts, "CHUNK", 256)
    folder = tmp_path / "run"
    assert dispatch(["sampling.draws=512", "report.bridge_draws=0", f"hydra.run.dir={folder}"]) == 0
    assert (folder / "report.html").exists()
    assert (folder / "figures" / "distribution.png").exists()
    again = sim.open_run(folder)
    assert int(again.dataset["severe_vod_histogram"].sum("bin").min()) == 512
    with pytest.raises(sim.InputError, match=r"results\.keep_draws=true"):
        assert again.draws


_MEMORY = """
import resource, sys, sim
assumptions = sim.load(overrides=["trial=none", "market=none", f"sampling.draws={sys.argv[1]}"])
from sim.execution import accounts, gathering
gathering.KEPT_BYTES = 0
sim.simulate(assumptions)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="what the peak is counted in differs between systems")
def test_memory_does_not_grow_with_the_draws() -> None:
    peaks = [
        int(subprocess.run([sys.executable, "-c", _MEMORY, draws], check=True, capture_output=True, text=True).stdout)
        for draws in ("100000", "1000000")
    ]
    print(f"\npeak memory at 10^6 draws over that at 10^5: {peaks[1] / peaks[0]:.3f}")
    assert peaks[1] <= 1.05 * peaks[0]


def test_what_is_asked_of_a_run_keeps_its_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "CHUNK", 64)
    words = (*PATIENTS, "sampling.draws=256", "results.keep_draws=false")
    assert not run(monkeypatch, *words).has_draws
    assert run(monkeypatch, *words, "sensitivity=rank").has_draws
