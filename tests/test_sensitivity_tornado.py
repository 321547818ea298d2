"""The tornado and the rank correlations: closed forms of the lognormal market, places, percentiles, errors."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import norm, rankdata, spearmanr

import sim
from sim.analysis.sensitivity.question import Question
from sim.analysis.sensitivity.surface import BoolArray, Surface
from sim.analysis.sensitivity.tornado import one_at_a_time
from sim.assumptions.schema import Assumptions
from sim.assumptions.sensitivity import Sensitivity
from sim.draws.streams import FloatArray, Stream
from sim.results.run import Results
from sim.views.sensitivity.part import Part
from sim.views.sensitivity.tornado import part
from tests.conftest import PATIENTS
from tests.test_market import LOGNORMAL

NAMES = ("transplants.volume", "vod.incidence", "vod.severe_fraction", "market.list_price.all")
LOG_SD = np.array([0.02, 0.20, 0.15, 0.10])
ENDS = ((43.861, 46.168), (34.826, 58.147), (37.130, 54.538), (39.587, 51.153))
SPEARMAN = (0.07075, 0.72462, 0.53759, 0.35573)
MILLION = 1e6


@pytest.fixture(scope="module")
def market() -> Assumptions:
    return sim.load(overrides=[*LOGNORMAL, "report=none", "sampling.draws=8192"])


@pytest.fixture(scope="module")
def finished(market: Assumptions) -> Results:
    return sim.simulate(market)


def bars(results: Results, assumptions: Assumptions | None = None, **settings: Any) -> FloatArray:
    """Lower end, higher end, base, in millions, and the error of the swing: [input, 4]."""
    table = sim.ask(results, "tornado", assumptions=assumptions, target="net_sales", **settings).tables["tornado"]
    columns = ["low_answer", "high_answer", "base_answer", "error"]
    return np.asarray(table.set_index("input").loc[list(NAMES), columns].to_numpy(float) / MILLION)


def test_lognormal_market(market: Assumptions, finished: Results) -> None:
    found = bars(finished, market)
    assert np.array_equal(found[:, :2].round(3), np.array(ENDS))
    assert found[:, 2] == pytest.approx(45.0, abs=1e-9)
    table = sim.ask(finished, "tornado", assumptions=market, target="net_sales").tables["tornado"]
    assert table["input"].to_list()[:4] == [NAMES[place] for place in (1, 2, 3, 0)]
    assert set(table["how"]) == {"others at their medians"}
    assert (table["low_percentile"] == 10).all()
    assert (table["high_percentile"] == 90).all()
    assert table.set_index("input")["high_value"]["vod.incidence"] == pytest.approx(0.05 * math.exp(0.2 * ndtri(0.9)))


def test_other_percentiles(market: Assumptions, finished: Results) -> None:
    found = bars(finished, market, percentiles=[5, 97.5])
    for place, level in enumerate((0.05, 0.975)):
        assert found[:, place] == pytest.approx(45 * np.exp(LOG_SD * ndtri(level)))


def test_others_at_their_means(market: Assumptions, finished: Results) -> None:
    found, means = bars(finished, market, base="mean"), np.exp(LOG_SD**2 / 2)
    assert found[:, 2] == pytest.approx(45 * means.prod())
    for place, level in enumerate((0.1, 0.9)):
        assert found[:, place] == pytest.approx(45 * np.exp(LOG_SD * ndtri(level)) * means.prod() / means)


def test_from_the_draws_of_a_finished_run(finished: Results) -> None:
    found, means = bars(finished), np.exp(LOG_SD**2 / 2)
    swing = 45 * means.prod() / means * (np.exp(LOG_SD * ndtri(0.9)) - np.exp(LOG_SD * ndtri(0.1)))
    print((found[:, 1] - found[:, 0]).round(3), swing.round(3), found[:, 3].round(3))
    assert (np.abs(found[:, 1] - found[:, 0] - swing) < 4 * found[:, 3]).all()
    assert (found[:, 3] < 0.5).all()
    assert found[:, 2] == pytest.approx(45 * means.prod(), rel=1e-3)


def test_spearman_of_the_lognormal_market(finished: Results) -> None:
    table = sim.ask(finished, "rank", target="net_sales").tables["rank"].set_index("input").loc[list(NAMES)]
    assert (np.abs(table["spearman"] - np.array(SPEARMAN)) < 4 * table["spearman_error"]).all()
    assert (table["spearman_error"] < 0.01).all()
    draws = finished.draws
    sales = draws["net_sales"].to_numpy()[:, 0, 0]
    plain = [spearmanr(draws[name].to_numpy().reshape(-1), sales).statistic for name in NAMES]
    assert table["spearman"].to_list() == pytest.approx(plain)
    assert (table["partial"] > table["spearman"]).all()  # what the others do is taken out
    for name in ("partial", "spearman"):
        assert (table[f"{name}_low"] < table[name]).all()
        assert (table[name] < table[f"{name}_high"]).all()


def test_the_partial_rank_correlation_is_that_of_what_regressions_leave(finished: Results) -> None:
    found = sim.ask(finished, "rank", target="net_sales").tables["rank"].set_index("input")["partial"]
    sample = Question(finished, Sensitivity.read({"target": "net_sales"})).sample
    ranks = rankdata(np.column_stack([sample.numbers, sample.answer]), axis=0).T
    for place, name in enumerate(sample.names):
        others = np.vstack([np.ones(ranks.shape[1]), np.delete(ranks[:-1], place, axis=0)]).T
        left = [own - others @ np.linalg.lstsq(others, own, rcond=None)[0] for own in (ranks[place], ranks[-1])]
        assert found[name] == pytest.approx(np.corrcoef(left)[0, 1], abs=1e-9)


def test_the_order_of_the_answer_is_all_that_ranks_see() -> None:
    words = ["report=none", "market=none", "sampling.draws=256", "trial.target=130", "trial.horizon=30"]
    run = sim.simulate(sim.load(overrides=words))
    dates = run.draws["readout_date"].to_numpy()
    assert 0 < np.isinf(dates).sum() < 256
    table = sim.ask(run, "rank", target="readout_date").tables["rank"]
    assert table["partial"].between(-1, 1).all()
    first = table.iloc[0]
    worst = spearmanr(run.draws[str(first["input"])].to_numpy(), np.where(np.isinf(dates), 1e9, dates)).statistic
    assert first["spearman"] == pytest.approx(worst)


def test_a_probability_is_the_mean_over_the_same_chance() -> None:
    rows = 4096

    def happens(uniforms: FloatArray, second: BoolArray | None) -> FloatArray:
        """With probability ndtr(x1 + 2 x2), of normal scores x; the third does nothing."""
        assert second is not None
        dice = np.tile(Stream(1, "dice").uniform(range(rows)), len(uniforms) // rows)
        scores = ndtri(uniforms)
        return (dice < ndtr(scores[:, 0] + 2 * scores[:, 1])).astype(np.float64)

    table = one_at_a_time(
        Surface(("one", "two", "none"), ((0,), (1,), (2,)), happens, has_chance=True), (10, 90), rows=rows
    )
    slopes = np.array([1, 2, 0])
    exact = norm.cdf(slopes * norm.ppf(0.9)) - norm.cdf(slopes * norm.ppf(0.1))
    assert (np.abs(table["swing"] - exact) <= 4 * table["error"]).all()
    assert table["error"][2] == 0  # what does nothing meets the same chance at both ends
    binomial = np.sqrt(exact * (1 - exact) / rows)
    assert table["error"].to_numpy() == pytest.approx(binomial, rel=0.2)


@pytest.mark.slow
def test_a_probability_of_the_market() -> None:
    words = [
        'market.launch.approval_if_won.value="uniform(low=0.2, high=0.8)"',
        "sampling.chance=true",
        "sampling.draws=64",
    ]
    given = sim.load(overrides=[*LOGNORMAL, "report=none", *words, "sampling.seed=3"])
    run = sim.simulate(given)
    table = sim.ask(run, "tornado", assumptions=given, target="prob_approval", draws=64).tables["tornado"]
    first = table.iloc[0]
    assert first["input"] == "market.launch.approval_if_won"
    assert abs(first["swing"] - 0.24) < 4 * first["error"] < 0.3  # half the trials are won
    assert (table["swing"][1:] == 0).all()


def test_correlated_inputs_are_moved_alone_all_the_same() -> None:
    words = ["report=none", *PATIENTS, "years.last=2008", "sampling.draws=128"]
    pair = '{between: [vod.incidence, vod.severe_fraction], spearman: 0.8, source: "assumption: alike"}'
    free, tied = (sim.load(overrides=[*words, *more]) for more in ([], [f"correlation=[{pair}]"]))
    runs = [sim.simulate(one) for one in (free, tied)]
    one, other = (
        sim.ask(run, "tornado", assumptions=given).tables["tornado"]
        for run, given in zip(runs, (free, tied), strict=True)
    )
    assert one["swing"].to_list() == other["swing"].to_list()
    assert set(other["how"]) == {"others at their medians, correlated ones too"}
    swings = [sim.ask(run, "tornado").tables["tornado"].set_index("input")["swing"]["vod.incidence"] for run in runs]
    assert swings[1] > 1.2 * swings[0]  # the draws move the severe share along
    assert "with what is correlated with it" in sim.ask(runs[1], "tornado").tables["tornado"]["how"][0]


def test_inputs_below_two_errors_come_last_on_the_page_and_empty_columns_are_left_out() -> None:
    run = sim.simulate(sim.load(overrides=[*PATIENTS, "report=none", "sampling.draws=256"]))
    asked = sim.ask(run, "tornado")
    table = asked.tables["tornado"].copy()
    table["swing"], table["error"] = 1.0, [2.0, *[0.1] * (len(table) - 1)]
    shown = part(replace(asked, tables={"tornado": table}))
    names = [row[0] for row in shown.rows]
    assert names[-1] == part(replace(asked, tables={"tornado": table.assign(error=0.1)})).rows[0][0]
    assert "Last in the table: 1 whose swing" in shown.reading
    many = Part("many", "", "", "", ("Name", "Nothing", "Here"), [(str(row), "", "x") for row in range(14)])
    assert many.columns == [0, 2]
    assert (len(many.open_rows), len(many.more_rows)) == (12, 2)
