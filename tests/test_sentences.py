"""What the runs of a sweep say in words: every number of a sentence is computed, and so is its reason."""

import math
import re
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.results.run import Results
from sim.results.totals import headline_total
from sim.variables import FUNNEL, HEADLINE
from sim.views.contrast import contrasts
from sim.views.ratios import as_many, is_even, ordinal, times
from sim.views.report import comparison_page
from sim.views.sentences import factors, sentences
from sim.views.table import comparison_table
from tests.conftest import PATIENTS

WORDS = {"a tenth": 1 / 10, "a fifth": 1 / 5, "a quarter": 1 / 4, "a third": 1 / 3, "half": 1 / 2,
         "two thirds": 2 / 3, "three quarters": 3 / 4, "nine tenths": 9 / 10, "about": 1, "twice": 2,
         "three times": 3, "four times": 4, "five times": 5, "ten times": 10}  # fmt: skip
PRESS_RELEASE = {"incidence": "0.2", "severe_fraction": "1/3", "day100_mortality": "0.8"}


@cache
def run(*words: str) -> Results:
    return sim.simulate(sim.load(overrides=[*PATIENTS, *words]))


def point(volume: str = "45000", **rates: str) -> Results:
    """The hand calculation with these rates, the others as the press release has them."""
    typed = [f"vod.{name}.value={value}" for name, value in (PRESS_RELEASE | rates).items()]
    return run("sampling=point", f"transplants.volume.value={volume}", *typed)


def quick(*words: str) -> Results:
    return run("sampling=quick", *words)


def said(base: Results, other: Results) -> str:
    runs = {"a": base, "b": other}
    return sentences(runs, sim.compare(runs))["b"]


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (0.04, "fewer than a tenth as many"),
        (0.1, "a tenth as many"),
        (0.22, "between a fifth and a quarter as many"),
        (0.25, "a quarter as many"),
        (0.32, "a third as many"),
        (0.49, "half as many"),
        (0.6, "between half and two thirds as many"),
        (0.93, "nine tenths as many"),
        (1.0, "about as many"),
        (1.42, "1.4 times as many"),
        (1.95, "twice as many"),
        (3.1, "three times as many"),
        (7, "7 times as many"),
        (7.26, "7.3 times as many"),
        (13.94, "13.9 times as many"),
        (1234, "1,230 times as many"),
    ],
)
def test_a_ratio_is_told_by_the_word_that_is_near(ratio: float, words: str) -> None:
    assert as_many(ratio) == words


@given(st.floats(1e-6, 1e6))
def test_no_word_is_further_from_the_ratio_than_it_says(ratio: float) -> None:
    words = as_many(ratio).removesuffix(" as many")
    if words in WORDS:
        assert ratio == pytest.approx(WORDS[words], rel=0.055)
        assert is_even(ratio) == (words == "about")
    elif words.startswith("between "):
        low, high = words.removeprefix("between ").split(" and ")
        assert WORDS[low] < ratio < WORDS[high]
    elif words.startswith("fewer than "):
        assert ratio < WORDS[words.removeprefix("fewer than ")]
    else:
        assert ratio > 1
        assert float(words.removesuffix(" times").replace(",", "")) == pytest.approx(ratio, rel=0.05)
    assert float(times(ratio).removesuffix(" ×").replace(",", "")) == pytest.approx(ratio, rel=0.06)


@pytest.mark.parametrize(
    ("percentage", "text"),
    [(1, "1st"), (2.4, "2nd"), (23, "23rd"), (11, "11th"), (12, "12th"), (13, "13th"), (51.6, "52nd"), (0.1, "0.1st"),
     (0.012, "0.01st"), (0.96, "1st"), (99.04, "99th"), (99.9, "99.9th"), (99.957, "99.96th"), (50, "50th")],
)  # fmt: skip
def test_a_percentile_is_an_ordinal_and_finer_at_the_ends(percentage: float, text: str) -> None:
    assert ordinal(percentage) == text


@pytest.mark.parametrize(
    ("other", "text"),
    [
        (
            {"incidence": "0.05"},
            "a quarter as many severe VOD cases as a (0.25 ×), because 5 % of transplants develop VOD, not 20 %.",
        ),
        (
            {"incidence": "0.06", "severe_fraction": "0.46"},
            "between a third and half as many severe VOD cases as a (0.41 ×), because 6 % of transplants develop "
            "VOD, not 20 %, although 46 % of VOD is severe, not 33 %.",
        ),
        (
            {"incidence": "0.1", "severe_fraction": "0.25", "volume": "60000"},
            "half as many severe VOD cases as a (0.50 ×), because 10 % of transplants develop VOD, not 20 %, and 25 % "
            "of VOD is severe, not 33 %, although there are 60,000 transplants a year, not 45,000.",
        ),
        (
            {"incidence": "0.4", "severe_fraction": "1/6"},
            "about as many severe VOD cases as a (1 ×): 40 % of transplants develop VOD, not 20 %, while 17 % of "
            "VOD is severe, not 33 %.",
        ),
        ({"incidence": "0.203"}, "about as many severe VOD cases as a (1.01 ×)."),
        (
            {"incidence": "0.208", "severe_fraction": "0.346", "volume": "46800"},
            "1.1 times as many severe VOD cases as a (1.12 ×), by small differences at several steps.",
        ),
        (
            {"incidence": "0.201", "severe_fraction": "0.365"},
            "1.1 times as many severe VOD cases as a (1.10 ×), because 36 % of VOD is severe, not 33 %.",
        ),
        (
            {"incidence": "0"},
            "no severe VOD cases, where a has 3,000, because 0 % of transplants develop VOD, not 20 %.",
        ),
        (
            {"day100_mortality": "0.4"},
            "as many severe VOD cases as a, draw by draw; of severe cases 40 % die by day 100, not 80 % "
            "(deaths 0.50 ×).",
        ),
        (
            {"severe_fraction": "2/3", "day100_mortality": "0"},
            "twice as many severe VOD cases as a (2 ×), because 67 % of VOD is severe, not 33 %; of severe cases "
            "0 % die by day 100, not 80 % (deaths 0 ×).",
        ),
        ({"severe_fraction": "0.33333"}, "about as many severe VOD cases as a (1.00 ×)."),
        ({}, "as many severe VOD cases as a, draw by draw."),
    ],
)  # fmt: skip
def test_the_hand_calculation_gives_its_reason(other: dict[str, str], text: str) -> None:
    assert said(point(), point(**other)) == text


def test_a_baseline_without_cases_has_no_ratio() -> None:
    assert said(point(incidence="0"), point()) == (
        "3,000 severe VOD cases, where a has none, because 20 % of transplants develop VOD, not 0 %."
    )
    none, neither = point(incidence="0"), point(severe_fraction="0")
    assert said(none, neither) == "as many severe VOD cases as a: none."


def test_two_digits_become_three_where_two_tell_nothing_apart() -> None:
    text = said(point(incidence="0.0997"), point(incidence="0.1049"))
    assert "10.5 % of transplants develop VOD, not 9.97 %" in text


@pytest.mark.parametrize("names", [("", "vod=ebmt_1998"), ("vod=premier_2017", "vod=ebmt_1998")])
def test_the_factors_multiply_to_the_cases(names: Sequence[str]) -> None:
    runs = {name: quick(*filter(None, [name])) for name in names}
    table = sim.compare(runs)
    rows = {stage.name: {row.run: row for row in contrasts(table, stage.name)} for stage in FUNNEL}
    found = factors({name: by_run[names[1]] for name, by_run in rows.items()})
    first, second = (run.value() for run in runs.values())
    assert math.prod(factor.own for factor in found) == pytest.approx(second, rel=1e-12)
    assert math.prod(factor.base for factor in found) == pytest.approx(first, rel=1e-12)
    assert sum(factor.change for factor in found) == pytest.approx(math.log(second / first), rel=1e-9)


def test_the_other_way_round_the_reason_is_the_same() -> None:
    base, other = quick(), quick("vod.incidence.value=0.06", "vod.severe_fraction.value=0.46")
    there, back = said(base, other), said(other, base)
    shares = re.findall(r"([\d.]+ %) of (\w+) [\w ]+, not ([\d.]+ %)", there)
    assert len(shares) == 2
    assert {(own, of, first) for first, of, own in shares} == set(
        re.findall(r"([\d.]+ %) of (\w+) [\w ]+, not ([\d.]+ %)", back)
    )
    assert ", although 46 % of VOD is severe" in there
    assert ", although 33 % of VOD is severe" in back


def test_the_mean_is_placed_among_the_draws_of_the_baseline() -> None:
    base, other = quick(), quick("vod.incidence.value=0.15")
    draws = headline_total(base.outputs[HEADLINE]).sel(year=2008).to_numpy()
    share = np.count_nonzero(draws <= other.value()) / len(draws)
    assert 0.01 < share < 0.99
    assert f"Its mean lands on a's {ordinal(100 * share)} percentile." in said(base, other)
    assert said(base, quick("vod.incidence.value=0.001")).endswith("Its mean lies below all 1,024 draws of a.")
    assert said(base, quick("vod.incidence.value=0.9")).endswith("Its mean lies above all 1,024 draws of a.")


def test_no_percentile_where_there_are_no_draws_to_be_placed_among(tmp_path_factory: pytest.TempPathFactory) -> None:
    from sim.results.folder import open_run, write

    folder = tmp_path_factory.mktemp("run")
    write(quick("results.keep_draws=false"), folder)
    other = quick("vod.incidence.value=0.15")
    assert "Its mean" in said(quick(), other)
    for base in (open_run(folder), point()):
        assert "Its mean" not in said(base, other)
        assert "because 15 % of transplants develop VOD, not 20 %" in said(base, other)


def test_equal_runs_are_equal_draw_by_draw_and_not_only_in_the_mean() -> None:
    assert said(quick(), quick("report.baseline=null")) == "as many severe VOD cases as a, draw by draw."
    seed = said(quick(), quick("sampling.seed=1"))
    assert seed.startswith("about as many severe VOD cases as a (1.00 ×).")
    assert "percentile" in seed


def test_runs_without_a_year_in_common_say_so() -> None:
    early, late = quick("years.last=2009"), quick("years.first=2015")
    assert said(early, late) == "no year in common with a."
    assert "no year in common" in comparison_table(sim.compare({"a": early, "b": late}), {"b": said(early, late)})


def test_a_divided_population_is_compared_by_its_totals() -> None:
    base, other = quick(), quick("scenario=ebmt_1998_by_type")
    share = 100 * other.value("vod") / other.value("transplants")
    assert f"{share:.1f} % of transplants develop VOD, not 20 %" in said(base, other)
    assert f"({other.value() / base.value():.2f} ×)" in said(base, other)


def test_many_runs_say_little_each_and_long_names_are_not_repeated() -> None:
    base, other = quick(), quick("vod.incidence.value=0.06", "vod.severe_fraction.value=0.46")
    name = "vod.incidence.value=0.2,vod.severe_fraction.value=0.3"
    runs = {name: base, **{f"run {place}": other for place in range(13)}}
    texts = sentences(runs, sim.compare(runs))
    assert len(texts) == 13
    assert set(texts.values()) == {
        "between a third and half as many severe VOD cases as the baseline (0.41 ×), because 6.0 % of transplants "
        "develop VOD, not 20 %."
    }


def test_the_terminal_wraps_names_and_sentences() -> None:
    runs = {
        "vod.incidence.value=0.2, vod.severe_fraction.value=1/3, vod.day100_mortality.value=0.8": point(),
        "vod.incidence.value=0.05, vod.severe_fraction.value=0.46, vod.day100_mortality.value=0.4": point(
            incidence="0.05", severe_fraction="0.46", day100_mortality="0.4"
        ),
    }
    table = sim.compare(runs)
    text = comparison_table(table, sentences(runs, table))
    lines = text.splitlines()
    assert max(map(len, lines)) <= 110
    assert not any(line.strip().startswith(("%", "×")) for line in lines)
    assert " ".join(text.split()).endswith("of severe cases 40 % die by day 100, not 80 % (deaths 0.17 ×).")
    assert "\u00a0" not in text


def test_the_page_says_the_same_as_the_terminal() -> None:
    runs = {"press_release": quick(), "premier_2017": quick("vod=premier_2017")}
    table = sim.compare(runs)
    page = comparison_page(runs, table, {}, None).replace("\u00a0", " ")
    (text,) = sentences(runs, table).values()
    assert f"<strong>premier_2017</strong>: {text.replace(chr(39), '&#39;')}" in page
    assert sentences({}, table.iloc[:0]) == {}
