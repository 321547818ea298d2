"""Runs that end when they are precise enough: the rule, the sizes, the same draws, what is said and refused."""

import json
import math
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import sim
from sim.assumptions.schema import Assumptions
from sim.assumptions.settings import Sampling, Stop
from sim.errors import InputError
from sim.execution.stopping import flips, sizes
from sim.results.batches import Batches
from sim.views.messages import sampling_words
from tests.conftest import Typed, with_sampling

TINY = ["trial=none", "market=none", "report=none", "years.last=2008"]


def stopping(assumptions: Assumptions, draws: int, **rule: object) -> Assumptions:
    return with_sampling(assumptions, draws=draws, stop=Stop.model_validate({"first": 64, **rule}))


def test_draws_double_until_the_rule_is_met_and_are_those_of_a_run_of_that_size(product: Assumptions) -> None:
    stopped = sim.simulate(stopping(product, 65_536, relative_error=0.003))
    reached = stopped.provenance["draws"]
    assert 64 < reached < 65_536
    assert math.log2(reached / 64).is_integer()
    whole = sim.simulate(with_sampling(product, draws=reached))
    assert stopped.dataset.equals(whole.dataset)
    assert stopped.summary.equals(whole.summary)
    before = sim.simulate(with_sampling(product, draws=reached // 2))
    assert stopped.error() / stopped.value() <= 0.003 < before.error() / before.value()
    assert stopped.provenance["stop"]["reached"] == stopped.error() / stopped.value()


def test_sobol_points_keep_the_first_draws_and_a_latin_hypercube_is_another_one(product: Assumptions) -> None:
    for method, is_kept in (("sobol", True), ("random", True), ("latin_hypercube", False)):
        few, many = (sim.simulate(with_sampling(product, method=method, draws=size)) for size in (64, 128))
        first = many.draws["severe_vod"].to_numpy()[:64]
        assert np.array_equal(few.draws["severe_vod"].to_numpy(), first) == is_kept


def test_a_rule_that_is_not_met_says_so_with_all_draws(product: Assumptions) -> None:
    results = sim.simulate(stopping(product, 256, relative_error=1e-6))
    assert results.provenance["draws"] == 256
    assert results.provenance["stop"]["is_met"] is False
    assert "not precise enough: error of mean severe VOD" in sampling_words(results.provenance)


def test_a_clear_conclusion_stops_early_and_a_narrow_one_late(product: Assumptions) -> None:
    mean = 22000 * 0.137 * 0.46  # of three independent factors
    far, near = (
        sim.simulate(stopping(product, 4096, flip=0.01, at_least=bound)).provenance for bound in (mean / 2, mean)
    )
    assert (far["draws"], far["stop"]["is_met"]) == (64, True)
    assert near["draws"] > 64
    assert "below 0.001 % ≤ 1 %" in sampling_words(far)


def test_the_probability_of_a_flip_is_the_tail_of_students_t() -> None:
    batches = Batches(8)
    by_batch = np.array([1.0, 2.0, 0.5, 1.5, 3.0, 0.0, 1.2, 2.1])
    error = float(batches.error(by_batch))
    told = flips(by_batch.mean() - 0.4, error, batches)
    assert told == pytest.approx(stats.ttest_1samp(by_batch, 0.4, alternative="greater").pvalue, rel=1e-12)
    assert flips(0.0, error, batches) == pytest.approx(0.5)
    assert flips(1.0, 0.0, batches) == 0.0
    assert math.isnan(flips(1.0, math.nan, batches))


@given(st.floats(-10, 10), st.floats(0.01, 10), st.integers(4, 16))
def test_a_flip_is_the_less_likely_the_farther_the_bound(distance: float, error: float, number: int) -> None:
    batches = Batches(number)
    near, far = flips(distance, error, batches), flips(2 * distance, error, batches)
    assert 0 <= far <= near <= 0.5
    assert flips(-distance, error, batches) == near


@given(st.integers(16, 5000), st.integers(64, 100_000))
def test_sizes_double_from_the_first_and_end_with_all(first: int, draws: int) -> None:
    stop = Stop(relative_error=0.1, first=first)
    found = list(sizes(Sampling(method="sobol", draws=draws, replicates=8, seed=1, chance=True, stop=stop)))
    assert found[-1] == draws
    assert all(later == 2 * earlier for earlier, later in pairwise(found[:-1]))
    assert all(size < draws for size in found[:-1])


@pytest.mark.once
def test_it_is_typed_recorded_shown_replayed_and_compared(typed: Typed, tmp_path: Path) -> None:
    rule = "sampling.stop={relative_error: 0.02, first: 64}"
    done = typed(*TINY, rule, "sampling.draws=1024", "hydra.run.dir=run")
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert record["stop"]["is_met"] is True
    assert record["draws"] < 1024
    assert f"{record['draws']} draws" in done.stdout
    assert "stopped there: error of mean severe VOD" in done.stdout
    again = typed("replay", "run", "hydra.run.dir=again")
    assert "Identical to run, bit for bit." in again.stdout
    sweep = typed("-m", *TINY, "sampling.draws=64,128", "hydra.run.dir=sweep")
    assert sweep.returncode == 0, sweep.stderr
    both = sim.compare({"stopped": sim.open_run(tmp_path / "run"), "other": sim.open_run(tmp_path / "sweep" / "1")})
    assert both["difference"].notna().any()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sampling.stop={flip: 0.1}"], "sampling.stop.flip: needs the bound of the conclusion"),
        (["sampling.stop={relative_error: 0.1, flip: 0.1}"], "sampling.stop: give one of relative_error and flip"),
        (["sampling.stop={at_least: 1}"], "sampling.stop: give one of relative_error and flip"),
        (["sampling.stop={relative_error: 0.1, at_least: 1}"], "sampling.stop.relative_error: has no bound"),
        (["sampling.stop={relative_error: 1.5}"], "sampling.stop.relative_error: 1.5 is not below 1"),
        (
            ["sampling.stop={flip: 1%, at_least: fifty}"],
            "sampling.stop.at_least: 'fifty' is neither a number nor a date",
        ),
        (["sampling.stop={flip: one in ten, at_least: 1}"], "sampling.stop.flip: 'one in ten' is no number; write"),
        (["sampling.stop={flip: 0.1, at_least: June 2008}"], "sampling.stop.at_least: 'June 2008' is a date, where"),
        (["sampling.stop={flip: 0.6, at_least: 1}"], "sampling.stop.flip: 0.6 is not below 0.5"),
        (["sampling.stop={relative_error: 0.1, of: net_present}"], "did you mean 'net_present_value'?"),
        (["sampling=point", "sampling.stop={relative_error: 0.1}"], "sampling.stop: point has no error"),
        (["sampling.replicates=1", "sampling.stop={relative_error: 0.1}"], "sampling.stop: of a single replicate"),
    ],
)
def test_wrong_rules_are_refused_in_one_line(words: list[str], said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        sim.load(overrides=["trial=none", "market=none", *words])


def test_bounds_are_read_as_amounts_are() -> None:
    rule = "sampling.stop={flip: 1%, of: net_present_value, at_least: 50 M}"
    stop = sim.load(overrides=["trial=none", "market=none", rule]).sampling.stop
    assert stop is not None
    assert (stop.flip, stop.at_least) == (0.01, 50e6)
    found = [
        Stop.model_validate({"flip": 0.1, "of": "readout_date", "at_most": text}).at_most
        for text in ("2008-06", "June 2008", "2008-Q2")
    ]
    assert len(set(found)) == 1


def test_a_rule_on_what_the_run_does_not_give_is_refused() -> None:
    rule = "sampling.stop={relative_error: 0.1, of: net_present_value, first: 64}"
    with pytest.raises(InputError, match=r"^sampling\.stop\.of: the summary has no variable 'net_present_value'"):
        sim.simulate(sim.load(overrides=[*TINY, rule]))
