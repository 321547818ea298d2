"""The bridge: the difference of a mean, split input by input on the same draws, and its picture."""

import copy
import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import Rectangle

import sim
from sim.analysis.bridge import COLUMNS, MOST, bridge
from sim.analysis.differences import Input
from sim.analysis.merging import merged
from sim.analysis.shapley import shapley_values
from sim.assumptions.schema import Assumptions
from sim.beside import Option
from sim.beside import option as option_named
from sim.commands import with_bridge
from sim.configuration.compose import assume
from sim.errors import InputError
from sim.results.run import Results
from sim.views import figures
from sim.views.bridge import waterfall
from sim.views.bridge_words import BRIDGE, bridge_message, bridges
from sim.views.messages import caption
from tests.conftest import with_sampling

FEW = ("sampling.draws=64", "report.bridge_draws=64", "years.last=2009")
SHORT = "market.last_year=2012"
ALONE = ["trial=none", "market=none"]
HALF_PRICES = ["market.list_price.us.value=200", "market.list_price.europe.value=100"]
BASS = [
    "market.patients.uptake.curve=bass",
    "market.patients.uptake.innovation={value: 0.03, unit: per year, source: 'assumption: test'}",
    "market.patients.uptake.imitation={value: 0.3, unit: per year, source: 'assumption: test'}",
]


@cache
def composed(*options: str) -> Assumptions:
    return sim.load(overrides=list(options))


@cache
def load(*words: str) -> Assumptions:
    """As from the command line, composed once for each choice of options: keys are set in a copy, which is quicker."""
    keys = [word for word in words if "." in word.partition("=")[0]]
    mapping: Any = copy.deepcopy(composed(*(word for word in words if word not in keys)).origin.configuration)
    for word in (*FEW, *([] if mapping["market"] is None else [SHORT]), *keys):
        key, _, value = word.partition("=")
        *path, last = key.split(".")
        node = mapping
        for name in path:
            node = node[name]
        node[last] = yaml.safe_load(value)
    return assume(mapping)


@cache
def option(name: str | None) -> Option | None:
    return option_named(name)


@cache
def run(*words: str) -> Results:
    return sim.simulate(load(*words))


def split(base: Sequence[str], other: Sequence[str], variable: str, year: int | None = None) -> pd.DataFrame:
    return bridge(load(*base), load(*other), variable, year)


def slow(*values: object) -> Any:
    return pytest.param(*values, marks=pytest.mark.slow)


def parts(table: pd.DataFrame) -> dict[str, float]:
    rows = table[table["step"] == "input"]
    return dict(zip(rows["input"], rows["contribution"], strict=True))


def check(table: pd.DataFrame) -> None:
    """It adds up, row by row and as a whole, and its shares too."""
    start, *_, last, end = table["level"]
    found = list(parts(table).values())
    assert math.fsum(found) == pytest.approx(end - start, rel=1e-9)
    assert last == pytest.approx(end, rel=1e-9)
    steps = table["level"].to_numpy()[:-1]
    np.testing.assert_allclose(np.diff(steps), found, rtol=1e-9, atol=1e-9 * np.abs(steps).max())
    assert table["share"].sum() == pytest.approx(1, rel=1e-9)
    assert sorted(map(abs, found), reverse=True) == list(map(abs, found))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5))
def test_what_is_only_added_is_split_as_it_is(gains: list[float]) -> None:
    worth = np.zeros([2] * len(gains))
    for place in itertools.product((0, 1), repeat=len(gains)):
        worth[place] = np.dot(place, gains)
    np.testing.assert_allclose(shapley_values(worth, len(gains)), gains, atol=1e-8)


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_values_add_up_and_do_not_know_the_order_of_the_inputs(number: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    worth = generator.normal(size=[2] * number + [3])
    values = shapley_values(worth, number)
    np.testing.assert_allclose(values.sum(axis=0), worth[(1,) * number] - worth[(0,) * number], atol=1e-12)
    order = generator.permutation(number)
    turned = shapley_values(worth.transpose(*order, number), number)
    np.testing.assert_allclose(turned, values[order], atol=1e-12)


def test_what_three_do_only_together_is_shared_and_a_bystander_has_nothing() -> None:
    worth = np.zeros((2, 2, 2, 2))
    worth[1, 1, 1, :] = 12.0
    assert shapley_values(worth, 4).tolist() == pytest.approx([4, 4, 4, 0])


def test_a_product_of_two_is_split_by_its_closed_form() -> None:
    """From xy to XY: the first has (X - x)(y + Y) / 2."""
    point = [*ALONE, "sampling=point", "vod.severe_fraction.value=0.5"]
    volume = "transplants.volume.value={}".format
    base = [*point, volume(1000), "vod.incidence.value=0.2"]
    other = [*point, volume(3000), "vod.incidence.value=0.1"]
    found = parts(split(base, other, "severe_vod"))
    assert found["transplants.volume"] == pytest.approx(0.5 * (3000 - 1000) * (0.2 + 0.1) / 2, rel=1e-12)
    assert found["vod.incidence"] == pytest.approx(0.5 * (0.1 - 0.2) * (1000 + 3000) / 2, rel=1e-12)


@pytest.mark.parametrize(
    ("base", "other", "variable", "year", "inputs"),
    [
        ([], ["vod=cohorts"], "net_present_value", None,
         {"vod.incidence", "vod.severe_fraction", "vod.day100_mortality"}),
        slow([], ["trial=phase3_survival", "market.discount_rate.value=0.2"], "net_present_value", None,
             {"trial.primary", "market.discount_rate"}),
        ([], ["trial=none", "market.without_trial.success.value=0.2", "market.last_year=2011"],
         "net_present_value_if_approved", None, {"trial", "market.last_year"}),
        slow(["trial=none"], [], "cumulative_sales", None, {"trial"}),
        slow(["trial=none"], ["trial=none", "scenario=europe_us_2008"], "net_present_value", None,
             {"transplants, vod and market"}),
        (ALONE, [*ALONE, "vod=pooled", "transplants=by_type"], "severe_vod", None, {"transplants and vod"}),
        (["trial=none"], ["trial=none", *BASS, "market.patients.peak_share.value=0.9"], "net_sales", 2011,
         {"market: 5 settings", "market.patients.peak_share"}),
        (["market=none"], ["market=none", "trial.target=90", "trial.consent.value=0.6"], "prob_readout_by_promise",
         None, {"trial.target", "trial.consent"}),
        (ALONE, [*ALONE, "transplants.growth.value=0.01 to 0.03", "transplants.growth_pattern=yearly"],
         "deaths_day100", 2009, {"transplants"}),
    ],
)  # fmt: skip
def test_it_leads_from_one_run_to_the_other_and_adds_up(
    base: list[str], other: list[str], variable: str, year: int | None, inputs: set[str]
) -> None:
    """Both ends are what the runs give, to the last digit: any input that were forgotten would show."""
    table = split(base, other, variable, year)
    check(table)
    for words, row in ((base, table.iloc[0]), (other, table.iloc[-1])):
        assert row["level"] == pytest.approx(run(*words).value(variable, year=year), rel=1e-12)
        assert row["error"] == pytest.approx(run(*words).error(variable, year=year), rel=1e-9)
    assert set(parts(table)) == inputs
    assert tuple(table.columns) == COLUMNS


def test_the_way_back_has_the_same_parts_with_the_other_sign() -> None:
    near, far = ["trial=none"], ["trial=none", "vod=ebmt_1998", *HALF_PRICES]
    there, back = split(near, far, "net_present_value"), split(far, near, "net_present_value")
    assert parts(there) == pytest.approx({name: -part for name, part in parts(back).items()}, rel=1e-9)
    assert there["unit"].unique().tolist() == ["USD of 2008"]


def test_prices_of_two_regions_add_up_so_each_has_what_it_has_alone() -> None:
    both = parts(split(["trial=none"], ["trial=none", *HALF_PRICES], "cumulative_sales"))
    alone = parts(split(["trial=none"], ["trial=none", HALF_PRICES[0]], "cumulative_sales"))
    assert alone == {"market.list_price.us": pytest.approx(both["market.list_price.us"], rel=1e-9)}


def test_only_what_moves_the_number_is_an_input() -> None:
    """A source, another way to write the same number, and what lies downstream are none."""
    same = ["vod.incidence.value=20%", "market.discount_rate.value=0.2", "trial=phase3_survival"]
    table = split(["trial=none", "vod.incidence.value=0.2"], same, "severe_vod")
    assert table["step"].tolist() == ["start", "end"]
    assert table["level"].iloc[0] == table["level"].iloc[-1]
    assert table["contribution"].iloc[-1] == 0


def test_a_correlation_moves_what_it_joins() -> None:
    pair = "{between: [vod.incidence, vod.severe_fraction], spearman: 0.8, source: 'assumption: test'}"
    base = load(*ALONE)
    other = assume({**base.origin.configuration, "correlation": [yaml.safe_load(pair)]})
    table = bridge(base, other, "severe_vod")
    assert set(table.loc[table["step"] == "input", "note"]) == {"the same values, correlated otherwise"}
    assert table["level"].iloc[-1] == pytest.approx(sim.simulate(other).value("severe_vod"), rel=1e-12)


def test_from_and_to_are_told_as_written_and_by_their_means() -> None:
    table = split(ALONE, [*ALONE, "vod=cohorts"], "severe_vod").set_index("input").loc["vod.incidence"]
    assert table["from"] == "beta(mean=20%, sd=3%)"
    assert table["to"].startswith("ebmt_1998: count(events=87, n=1652); premier_2017: ")
    assert table["from_mean"] == pytest.approx(0.2, abs=0.005)
    assert table["to_mean"] == pytest.approx((87 / 1652 + 291 / 5418) / 2, abs=0.005)


def test_more_than_seven_inputs_are_merged_and_still_add_up() -> None:
    costs = [f"market.costs.{name}.value=1" for name in ("goods", "development", "trial_year", "launch", "selling")]
    words = ["trial=none", *costs, "market.discount_rate.value=0.2", "vod.incidence.value=0.1", *HALF_PRICES]
    table = split(["trial=none"], words, "net_present_value")
    check(table)
    found = parts(table)
    assert len(words) - 1 == 9
    assert len(found) == 5 <= MOST
    (name,) = (name for name in found if name.endswith("inputs)"))
    row = table.set_index("input").loc[name]
    assert name == "market.costs (5 inputs)"
    assert row["note"] == "5 inputs, as more than 7 are not split"
    assert row["to"].startswith("market.costs.goods = 1; market.costs.development = 1; ")
    assert table["level"].iloc[-1] == pytest.approx(run(*words).value("net_present_value"), rel=1e-12)


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(tuple), max_size=20), st.integers(4, 9))
def test_merging_loses_nothing_and_leaves_few(paths: list[tuple[str, ...]], most: int) -> None:
    inputs = [Input(path, ".".join(path), frozenset(), frozenset([str(n)]), "", "") for n, path in enumerate(paths)]
    left = merged(inputs, most)
    assert len(left) <= most
    assert sum(one.parts for one in left) == len(paths)
    assert sorted(name for one in left for name in one.parameters) == sorted(str(n) for n in range(len(paths)))
    if len(inputs) <= most:
        assert left == inputs


def sampled(base: Assumptions) -> Assumptions:
    return with_sampling(base, seed=1)


def later(base: Assumptions) -> Assumptions:
    return base.model_copy(update={"years": base.years.model_copy(update={"first": 2009})})


def repriced(base: Assumptions) -> Assumptions:
    assert base.market is not None
    return base.model_copy(update={"market": base.market.model_copy(update={"price_year": 2009})})


def unasked(base: Assumptions) -> Assumptions:
    return base.model_copy(update={"report": base.report.model_copy(update={"bridge_draws": 0})})


def unpromised(base: Assumptions) -> Assumptions:
    assert base.trial is not None
    return base.model_copy(update={"trial": base.trial.model_copy(update={"promise": None})})


def endless(base: Assumptions) -> Assumptions:
    assert base.trial is not None
    return base.model_copy(update={"trial": base.trial.model_copy(update={"target": 200, "horizon": 20.0})})


@pytest.mark.parametrize(
    ("other", "variable", "year", "words"),
    [
        (sampled, "severe_vod", None, r"^bridge: sampling\.seed is not the same"),
        (later, "severe_vod", None, r"^bridge: years\.first is 2009 and 2008"),
        (lambda base: base.without("market"), "net_present_value", None, r"^bridge: net_present_value needs a market"),
        (lambda base: base.without("trial"), "readout_date", None, r"^bridge: readout_date needs a trial"),
        (lambda base: base, "net_present_valu", None, r"'net_present_valu' is no variable.*net_present_value"),
        (lambda base: base, "severe_vod", 2030, r"^bridge: year 2030 is not among 2008 to 2009"),
        (lambda base: base, "launch_date_if_approved", 2009, "is a date in each region"),
        (repriced, "peak_sales", None, "in USD of 2009 and in USD of 2008"),
        (unasked, "severe_vod", None, r"^report\.bridge_draws: 0"),
        (unpromised, "prob_readout_by_promise", None, "or a promise"),
        (endless, "readout_date", None, "has no mean, as it never comes"),
    ],
)
def test_what_has_no_bridge_is_refused(
    other: Callable[[Assumptions], Assumptions], variable: str, year: int | None, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        bridge(other(load()), load(), variable, year)


def test_money_of_another_year_does_not_matter_to_patients() -> None:
    base = load("trial=none")
    table = bridge(repriced(base), load("trial=none", *HALF_PRICES), "treated", 2011)
    assert table["level"].iloc[-1] == table["level"].iloc[0]
    assert table["unit"].iloc[0] == "patients per year"


@pytest.fixture(scope="module")
def with_table() -> Results:
    assumptions = load("trial=none")
    return with_bridge(run("trial=none"), assumptions, option("cohorts"))


def test_a_run_has_the_bridge_to_what_stands_beside_it(with_table: Results) -> None:
    table = with_table.tables[BRIDGE]
    check(table)
    assert table["base"].iloc[0] == "this run"
    assert table["other"].iloc[0] == "vod=cohorts"
    assert table["level"].iloc[0] == pytest.approx(with_table.value("net_present_value"))
    assert BRIDGE in figures.figures_for(with_table)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["sampling=point"], "cohorts"),
        (["report.bridge_draws=0"], "cohorts"),
        (["evidence.as_of=2007-11"], "cohorts"),
        (["vod=cohorts"], "cohorts"),
        ([], None),
    ],
)
def test_where_nothing_can_stand_beside_a_run_there_is_no_bridge(words: list[str], name: str | None) -> None:
    words = [*ALONE, *words]
    results = with_bridge(run(*words), load(*words), option(name))
    assert BRIDGE not in results.tables
    assert BRIDGE not in figures.figures_for(results)


def test_without_a_market_the_bridge_is_of_severe_cases() -> None:
    results = with_bridge(run(*ALONE), load(*ALONE), option("cohorts"))
    (found,) = bridges(results.tables[BRIDGE])
    assert (found.variable, found.year) == ("severe_vod", "2008")
    assert caption(results, BRIDGE).startswith("From this run to vod=cohorts severe VOD in 2008 falls from 3,0")


def test_the_picture_has_a_bar_for_each_step_that_begins_where_the_last_one_ended(with_table: Results) -> None:
    (found,) = bridges(with_table.tables[BRIDGE])
    axes = figures.bridge(with_table).axes[0]
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    moved = [step for step in found.steps if step.part.value]
    assert len(bars) == len(moved) + 2
    level = found.start.value / 1e6
    for bar, step in zip(bars[1:-1], moved, strict=True):
        assert bar.get_x() == pytest.approx(level)
        level += step.part.value / 1e6
        assert bar.get_x() + bar.get_width() == pytest.approx(level)
    assert bars[-1].get_width() == pytest.approx(found.end.value / 1e6) == pytest.approx(level)
    words = [text.get_text() for text in axes.texts]
    assert all(step.name in words for step in found.steps)
    assert "makes no difference" in words  # the mortality, where no trial tests survival
    assert "million USD of 2008" in axes.get_xlabel()
    assert "risk-adjusted" in axes.get_xlabel()


def test_the_message_says_way_ends_and_main_inputs(with_table: Results) -> None:
    (found,) = bridges(with_table.tables[BRIDGE])
    text = bridge_message(found)
    assert text == caption(with_table, BRIDGE)
    assert "net present value, risk-adjusted, falls from" in text
    assert text.endswith("USD of 2008, above all by vod.incidence")
    still = dataclasses.replace(found, end=found.start, steps=())
    assert " stays at " in bridge_message(still)
    assert waterfall(still, "", "").axes


def test_it_is_the_same_read_back_from_its_file(with_table: Results, tmp_path: Path) -> None:
    with_table.tables[BRIDGE].to_csv(tmp_path / "bridge.csv", index=False)
    (again,), (first,) = bridges(pd.read_csv(tmp_path / "bridge.csv")), bridges(with_table.tables[BRIDGE])
    assert bridge_message(again) == bridge_message(first)
    assert [step.change for step in again.steps] == [step.change for step in first.steps]


def test_plain_values_stand_as_written_and_forms_by_their_means() -> None:
    table = split(ALONE, [*ALONE, "vod.incidence.value=0.1", "transplants.volume.value=40000"], "severe_vod")
    (found,) = bridges(table)
    changes = {step.name: step.change for step in found.steps}
    assert changes["vod.incidence"] == "mean 0.199 → 0.1"
    table = split([*ALONE, "vod.incidence.value=0.2"], [*ALONE, "vod.incidence.value=0.1"], "severe_vod")
    assert [step.change for step in bridges(table)[0].steps] == ["0.2 → 0.1"]
