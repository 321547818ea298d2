"""The market where people see it: words, terminal, page, pictures; and how much of the answer rests on assumptions."""

import dataclasses
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from scipy.stats import rankdata

import sim
from sim.analysis.grounds import ASSUMED, CITED, RANGE_ASSUMED, REST, grounds, ranks
from sim.commands import begin, with_grounds
from sim.results.folder import open_run, write
from sim.results.run import Results
from sim.variables import CELL_DIMS, IF_APPROVED
from sim.views.estimates import Estimate, Estimates, divisions
from sim.views.figures import exceedance, figures_for, sales, save, value
from sim.views.grounds import grounded, grounds_sentence
from sim.views.market_answer import answer
from sim.views.market_facts import (
    MILLION,
    Market,
    market_of,
    money_error,
    money_span,
    money_text,
    months_span,
    region_name,
    years_span,
)
from sim.views.market_peaks import exceedance_message, exceeded, peaks_of, threshold_of
from sim.views.market_section import market_pictures
from sim.views.market_table import market_block
from sim.views.market_words import cut_off, launches, worth
from sim.views.messages import caption, reading
from sim.views.report import report
from sim.views.style import BLUE, ORANGE
from sim.views.table import stage_table

FEW = ["sampling=quick", "sampling.draws=256", "trial=none"]
ALONE = ["sampling=quick", "trial=none", "market=none"]
PICTURES = ["sales", "value", "exceedance"]
SPACE = "\u00a0"


def run(*overrides: str, scenario: str = "press_release") -> Results:
    return sim.simulate(sim.load(scenario, [*FEW, *overrides]))


@pytest.fixture(scope="module")
def base() -> Results:
    return with_grounds(run("sampling.draws=512"))


@pytest.fixture(scope="module")
def whole() -> Results:
    """With a trial, and payers whose members are counted."""
    return sim.simulate(
        sim.load("press_release", ["sampling=quick", "sampling.draws=64", "market.payer.members=500000"])
    )


@pytest.fixture(scope="module")
def point() -> Results:
    return sim.simulate(sim.load("press_release", ["sampling=point"]))


@pytest.fixture(scope="module")
def none() -> Results:
    return sim.simulate(sim.load("press_release", [*ALONE, "sampling.draws=64"]))


def known(results: Results) -> Market:
    found = market_of(results)
    assert found is not None
    return found


def with_number(results: Results, variable: str, number: float) -> Results:
    """The same run, the mean of one variable another."""
    summary = results.summary.copy()
    summary.loc[(summary["variable"] == variable) & (summary["statistic"] == "mean"), "value"] = number
    return dataclasses.replace(results, summary=summary)


# money and dates as people write them


@pytest.mark.parametrize(
    ("number", "error", "text", "error_text"),
    [
        (78.94e6, 0.2e6, "78.9 M", "± 0.2 M"),
        (1.234e9, 4e6, "1.234 bn", "± 0.004 bn"),
        (-21.4e6, 1e6, "-21 M", "± 1 M"),
        (336_210.0, 900.0, "336,200", "± 900"),
        (-5.8e-11, 0.0, "0", "exact"),
        (0.02, 0.0, "0", "exact"),
        (math.nan, math.nan, "–", "unknown"),
        (math.inf, math.nan, "infinite", "unknown"),
    ],
)
def test_money_is_written_in_millions_and_billions(number: float, error: float, text: str, error_text: str) -> None:
    assert money_text(Estimate(number, error)).replace(SPACE, " ") == text
    assert money_error(Estimate(number, error)).replace(SPACE, " ") == error_text


def test_a_range_of_money_has_one_unit() -> None:
    def text(low: float, high: float) -> str:
        return money_span(Estimate(low, math.nan), Estimate(high, math.nan)).replace(SPACE, " ")

    assert text(40.1e6, 126e6) == "40.1–126 M"
    assert text(496e6, 1.6e9) == "0.496–1.6 bn"
    assert text(-19.9e6, 234e6) == "-19.9 to 234 M"
    assert text(-3e9, 2e6) == "-3 to 0.002 bn"
    assert text(194_800, math.inf) == "195,000 to infinite"
    assert text(math.nan, 1.0) == "–"


@given(st.floats(-1e12, 1e12), st.floats(1, 1e6))
def test_money_is_never_further_from_the_number_than_its_error(number: float, error: float) -> None:
    words = money_text(Estimate(number, error)).replace(",", "").split(SPACE)
    scale = {"M": 1e6, "bn": 1e9}[words[1]] if len(words) > 1 else 1
    assert abs(float(words[0]) * scale - number) <= max(error, 0.5) * 10 + 1e-5 * abs(number)


def test_dates_of_a_market_are_months() -> None:
    assert months_span(2009.8, 2010.6) == "October 2009 to August 2010"
    assert months_span(2010.1, 2010.6) == "February to August 2010"
    assert months_span(2010.1, 2010.11) == "February 2010"
    assert months_span(2010.1, math.inf) == "February 2010 to never"
    assert months_span(math.inf, math.inf) == "never"
    assert years_span(Estimate(2014, 0), Estimate(2019, 0)) == "2014–2019"
    assert years_span(Estimate(2012, 0), Estimate(math.inf, 0)) == "2012 to never"
    assert years_span(Estimate(2012, 0), Estimate(2012, 0)) == "2012"
    assert (region_name("us"), region_name("north_africa"), region_name("all")) == ("United States", "north africa", "")


# the terminal


def test_the_block_says_launch_approval_peak_value_and_delay(base: Results) -> None:
    text = "\n".join(market_block(base))
    assert text.startswith(known(base).title)
    assert "money in USD of 2008" in text
    for variable in ("peak_sales", "net_present_value", "cost_of_delay"):
        for end, twin in ((IF_APPROVED, "if approved"), ("", "risk-adjusted")):
            found = Estimate(base.value(f"{variable}{end}"), base.error(f"{variable}{end}"))
            number, error = (words.replace(SPACE, " ") for words in (money_text(found), money_error(found)))
            assert re.search(rf"{twin} +{re.escape(number)} .*{re.escape(error)}$", text, flags=re.MULTILINE)
    assert re.search(r"Launch, United States, if approved +\w+ 20\d\d ", text)
    assert re.search(r"P\(approval\) +\d+ % ± \d", text)
    assert max(map(len, text.splitlines())) <= 100


def test_the_block_stands_below_the_trial_and_above_the_warnings(whole: Results) -> None:
    text = stage_table(whole)
    places = [text.index(words) for words in ("Phase 3", known(whole).title, "mind: ")]
    assert places == sorted(places)


def test_a_run_without_a_market_says_nothing_of_one(none: Results) -> None:
    assert market_block(none) == []
    assert not set(PICTURES) & set(figures_for(none))
    page = report(none, {})
    assert 'id="market"' not in page
    assert "pproved" not in page
    assert len(answer(none)) == 1


def test_the_hand_calculation_of_a_market_has_no_spread(point: Results) -> None:
    text = "\n".join(market_block(point))
    assert "calculated" in text
    assert not re.search("P10|±|median", text)
    assert not set(PICTURES) & set(figures_for(point))
    page = report(point, {})
    assert "by the probability of approval" in page
    assert "P10" not in page[page.index('id="market"') : page.index('id="assumptions"')]
    assert grounds(point).empty


def test_the_markets_regions_are_none_of_the_patients(base: Results) -> None:
    assert known(base).regions == ("us", "europe")
    assert divisions(base) == {}


# what it is worth


def test_the_peak_in_the_last_year_is_flagged_where_it_is_frequent(base: Results) -> None:
    name = f"prob_peak_in_last_year{IF_APPROVED}"
    said = cut_off(with_number(base, name, 0.3), known(base))
    assert "2027 in 30 % of the draws" in said
    assert "market.last_year" in said
    assert cut_off(with_number(base, name, 0.01), known(base)) == ""
    often = with_number(base, name, 0.3)
    assert any("mind: " in line for line in market_block(often))
    assert "may be cut off" in report(often, {})
    assert "may be cut off" not in report(with_number(base, name, 0.01), {})


def costing(results: Results, tax: float) -> Results:
    """The same run, told that every cost but tax is certain zero."""
    table = results.assumptions.copy()
    costs = table["quantity"].str.startswith("market.costs.")
    table.loc[costs, ["mean", "p05", "p95"]] = 0.0
    table.loc[table["quantity"] == "market.costs.tax", ["mean", "p05", "p95"]] = tax
    return dataclasses.replace(results, assumptions=table)


def test_where_nothing_is_spent_value_is_called_net_sales_only(base: Results) -> None:
    free, taxed = costing(base, tax=0.0), costing(base, tax=0.3)
    assert not known(free).has_costs
    assert known(taxed).has_costs
    for text in ("\n".join(market_block(free)), report(free, {}), caption(free, "value")):
        assert "net sales only, before costs" in text.lower()
    assert "before costs" not in report(taxed, {})


def test_every_number_of_worth_is_of_its_own_twin(base: Results) -> None:
    find = Estimates(base)
    rows = {row.name: row for row in worth(base, known(base))}
    for variable, name in (("peak_sales", "Peak net sales, a year"), ("net_present_value", "Net present value")):
        assert rows[name].if_approved.number == money_text(find(f"{variable}{IF_APPROVED}"))
        assert rows[name].as_it_is.number == money_text(find(variable))
    assert rows["Break-even year"].as_it_is.spread.endswith("never")
    dates = {row.name: row for row in launches(base, known(base))}
    assert list(dates) == [f"{what}, {where}" for what in ("Launch", "Exclusivity ends") for where in
                           ("United States", "Europe")]  # fmt: skip
    assert dates["Launch, Europe"].median.rpartition(" ")[2] in ("2010", "2011")


# the page


def test_the_answer_is_one_sentence_with_its_ranges(whole: Results) -> None:
    page = report(whole, {})
    first = re.sub("<[^>]+>", "", page[page.index("<h1") : page.index("</h1>")]).replace(SPACE, " ")
    clauses = [clause.words.replace(SPACE, " ") for clause in answer(whole)]
    places = [first.index(words) for words in clauses]
    assert places == sorted(places)
    assert [clause.split()[0] for clause in clauses] == ["About", "read-out", "approval", "net", "above"]
    assert sum(bool(clause.spread) for clause in answer(whole)) == 4


def test_a_planner_reads_patients_trial_market_uncertainty_assumptions_in_turn(base: Results, whole: Results) -> None:
    marks = ("<h1", "Patients by year", 'id="trial"', 'id="market"', 'id="assumptions"', "Where this comes from")
    page = report(whole, {})
    assert [page.index(mark) for mark in marks] == sorted(page.index(mark) for mark in marks)
    page = report(base, {"convergence": "<svg></svg>", "sales": "<svg></svg>"})
    later = ('id="market"', 'id="grounds"', 'id="assumptions"', "<h2>Convergence")
    assert [page.index(mark) for mark in later] == sorted(page.index(mark) for mark in later)
    assert page.index('aria-label="If approved') < page.index('id="market"')


def test_every_money_table_says_its_currency_and_its_twin(whole: Results) -> None:
    page = report(whole, {})
    part = page[page.index('id="market"') : page.index('id="assumptions"')]
    tables = re.findall(r"<caption>(.*?)</caption>.*?<tbody>(.*?)</tbody>", part, flags=re.DOTALL)
    money = [(title, body) for title, body in tables if "money in" in title.lower()]
    assert len(money) == 4
    for title, body in money:
        assert "USD of 2008" in title
        assert "pproved" in body
        assert "isk-adjusted" in body
    assert "per member and month in USD of 2008 with 500,000 members" in money[-1][0]
    shown = re.search(r'<th scope="row">2016</th>.*?Net sales, if approved">([\d.]+)<', money[1][1])
    assert shown is not None
    assert float(shown[1]) == pytest.approx(whole.value(f"net_sales{IF_APPROVED}", year=2016) / MILLION, rel=0.05)
    member = re.search(r'<th scope="row">2016</th>.*?Per member and month, if approved">([\d.]+)<', money[-1][1])
    assert member is not None
    expected = whole.value(f"budget_impact{IF_APPROVED}", year=2016) / 500_000 / 12
    assert float(member[1]) == pytest.approx(expected, rel=0.05)


def test_nominal_money_is_said_so(base: Results) -> None:
    nominal = base.summary.assign(unit=base.summary["unit"].str.replace("USD of 2008", "USD (nominal)"))
    results = dataclasses.replace(base, summary=nominal)
    assert "money in USD (nominal)" in "\n".join(market_block(results))
    assert "million USD (nominal) per year" in report(results, {})
    assert "of 2008" not in "\n".join(market_block(results))


# pictures


def words(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))


def test_the_pictures_of_a_market_can_be_drawn_and_have_words(base: Results, tmp_path: Path) -> None:
    assert [name for name in figures_for(base) if name in PICTURES] == PICTURES
    for name in PICTURES:
        figure = figures_for(base)[name](base)
        assert tuple(figure.get_size_inches()) == (12.8, 7.2)
        assert " ".join(caption(base, name).split()) in " ".join(figure.texts[0].get_text().split())
        assert "nan" not in caption(base, name)
        assert "million USD of 2008" in words(figure)
        assert reading(name)
    assert save(sales(base), tmp_path, "sales").startswith("<?xml")


def test_the_two_panels_of_sales_never_mix(base: Results) -> None:
    left, right = sales(base).axes
    years = known(base).years
    find = Estimates(base)
    fan = [find(f"net_sales{IF_APPROVED}", "p50", year).value / MILLION for year in years]
    mean = [find("net_sales", "mean", year).value / MILLION for year in years]
    lines = [
        [line.get_ydata() for line in axes.lines if len(np.asarray(line.get_xdata())) == len(years)]
        for axes in (left, right)
    ]
    assert len(lines[0]) == len(lines[1]) == 1
    np.testing.assert_allclose(np.asarray(lines[0][0], float), fan)
    np.testing.assert_allclose(np.asarray(lines[1][0], float), mean, rtol=1e-9, atol=1e-9)
    assert "if approved" in left.get_ylabel()
    assert "risk-adjusted" in right.get_ylabel()
    assert left.get_ylim() == right.get_ylim()


def test_failed_and_approved_draws_stand_apart_by_colour(base: Results) -> None:
    found: dict[str, float] = {}
    axes = value(base).axes[0]
    for patch in axes.patches:
        assert isinstance(patch, Rectangle)
        assert patch.get_x() >= -1e-9 or patch.get_x() + patch.get_width() <= 1e-9  # none across zero
        colour = to_hex(patch.get_facecolor()).upper()
        found[colour] = found.get(colour, 0.0) + float(patch.get_height())
    approval = 100 * base.value("prob_approval")
    assert found[BLUE] == pytest.approx(approval, abs=1)
    assert found[ORANGE] == pytest.approx(100 - approval, abs=1)


def test_where_approval_is_a_probability_no_draw_fails(base: Results) -> None:
    halves = base.dataset.assign(prob_approval=base.dataset["prob_approval"] * 0 + 0.5)
    shown = words(value(dataclasses.replace(base, dataset=halves)))
    assert "failed" not in shown
    assert "mean of both futures" in shown
    assert "failed" in words(value(base))


def test_the_curves_of_exceedance_are_the_draws(base: Results) -> None:
    drawn = [np.asarray(line.get_ydata(), float) for line in exceedance(base).axes[0].lines]
    upper, lower = (line for line in drawn if len(line) > 9)
    assert (np.diff(upper) <= 0).all()
    assert (np.diff(lower) <= 0).all()
    assert (lower <= upper + 1e-9).all()
    assert upper[0] == 100
    assert lower[0] == pytest.approx(100 * base.value("prob_approval"))
    won, plain = peaks_of(base)
    threshold = threshold_of(won)
    shares = [round(100 * float((peaks > threshold).mean())) for peaks in (won, plain)]
    assert f"with {shares[0]} % if approved, with {shares[1]} % risk-adjusted" in exceedance_message(base)


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=30), st.floats(0, 1e9))
def test_what_is_exceeded_is_counted(values: list[float], place: float) -> None:
    assert exceeded(np.array(values), np.array([place]))[0] == pytest.approx(np.mean([v > place for v in values]))
    assert exceeded(np.array([]), np.array([place]))[0] == 0


@given(st.lists(st.floats(1, 1e9), min_size=1, max_size=9))
def test_the_threshold_is_a_round_number_below_the_median(values: list[float]) -> None:
    found = threshold_of(np.array(values))
    assert 0.39 * np.median(values) < found <= np.median(values)
    assert f"{found:.0e}"[0] in "125"
    assert threshold_of(np.zeros(3)) == 0


def test_without_draws_the_fan_is_left(base: Results, tmp_path: Path) -> None:
    kept = dict(base.configuration) | {"results": {"keep_draws": False}}
    write(dataclasses.replace(base, configuration=kept), tmp_path)
    opened = open_run(tmp_path)
    assert market_pictures(opened) == ["sales"]
    assert words(sales(opened)) == words(sales(base))
    assert market_block(opened) == market_block(base)
    assert grounds_sentence(opened) == grounds_sentence(base)


def test_a_drug_that_is_never_approved_can_be_shown() -> None:
    results = run(
        "sampling.draws=64", "market.launch.approval_if_won.value=0", "market.launch.approval_if_missed.value=0"
    )
    for name in PICTURES:
        assert figures_for(results)[name](results)
    assert "approval with under 1 %" in answer(results)[1].words.replace(SPACE, " ")
    assert 'id="market"' in report(results, {})


# how much rests on assumptions


def constructed(inputs: dict[str, np.ndarray], outcome: np.ndarray, rows: list[tuple[str, str, str]],
                correlation: list[dict[str, object]] | None = None) -> Results:  # fmt: skip
    """A run of draws given by hand: inputs, severe VOD, and source and spread of each quantity."""
    draws = len(outcome)
    dims = ("draw", *CELL_DIMS)
    coords: dict[str, object] = {name: [2008 if name == "year" else "all"] for name in CELL_DIMS}
    arrays = {name: ("draw", numbers) for name, numbers in inputs.items()}
    dataset = xr.Dataset({**arrays, "severe_vod": (dims, outcome.reshape(draws, 1, 1, 1, 1))}, coords=coords)
    table = pd.DataFrame(rows, columns=["quantity", "source", "spread"]).assign(value="0 to 1", p05=0.1, p95=0.9)
    configuration = {"years": {"first": 2008, "last": 2008}, "correlation": correlation or []}
    provenance = {"method": "random", "replicates": 1, "draws": draws}
    return Results(dataset, pd.DataFrame(), table, pd.DataFrame(), configuration, provenance)


def normal(number: int, draws: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((number, draws))


def by_class(results: Results, column: str = "share") -> dict[str, float]:
    table = grounds(results)
    return dict(zip(table["class"], table[column].astype(float), strict=True))


SOURCES = [("vod.incidence", "assumption: so", ""), ("vod.severe_fraction", "a_row", "assumption: so"),
           ("vod.day100_mortality", "a_row", "")]  # fmt: skip
NAMES = [name for name, _, _ in SOURCES]


def spearman(pearson: float) -> float:
    """Of two normal numbers (Pearson 1907)."""
    return 6 / math.pi * math.asin(pearson / 2)


def test_known_shares_are_found() -> None:
    x = normal(4, 40_000)
    weights = (0.6, 0.5, 0.4, math.sqrt(1 - 0.77))
    results = constructed(dict(zip(NAMES, x, strict=False)), np.einsum("i,ij", weights, x), SOURCES)
    shares, errors, counts = (by_class(results, column) for column in ("share", "error", "quantities"))
    for name, weight in zip((ASSUMED, RANGE_ASSUMED, CITED), weights, strict=False):
        assert shares[name] == pytest.approx(spearman(weight) ** 2, abs=0.01)
        assert 0 < errors[name] < 0.02
        assert counts[name] == 1
    assert sum(shares.values()) == pytest.approx(1)
    assert (grounds(results)["of"] == "severe_vod").all()
    sentence = grounds_sentence(dataclasses.replace(results, tables={"grounds": grounds(results)}))
    share = round(100 * (shares[ASSUMED] + shares[RANGE_ASSUMED]))
    assert sentence.startswith("1 of 3 uncertain quantities is an assumption, 1 more has an assumed range: these make")
    assert f"{share} % of the spread of severe VOD in 2008" in sentence


def test_what_makes_nothing_explains_nothing() -> None:
    x = normal(61, 600)
    nothing = {f"trial.nothing{place}": x[place] for place in range(60)}
    rows = [("vod.incidence", "a_row", ""), *((name, "assumption: so", "") for name in nothing)]
    results = constructed({"vod.incidence": x[60], **nothing}, x[60] + normal(1, 600, seed=9)[0], rows)
    shares = by_class(results)
    assert shares[CITED] == pytest.approx(spearman(math.sqrt(0.5)) ** 2, abs=0.06)
    assert shares[ASSUMED] < 0.03  # unadjusted it would be 60 / 600 of what is left, and more
    assert by_class(results, "quantities")[ASSUMED] == 60


def test_a_correlation_that_joins_two_classes_leaves_the_shares_unknown() -> None:
    x = normal(3, 2_000)
    inputs, outcome = dict(zip(NAMES, x, strict=True)), x.sum(axis=0)
    joined = [{"between": NAMES[:2], "spearman": 0.5, "source": "assumption: so"}]
    found = grounds(constructed(inputs, outcome, SOURCES, joined))
    assert found["share"].isna().all()
    assert f"{NAMES[0]} and {NAMES[1]}" in found["note"].iloc[0]
    results = dataclasses.replace(constructed(inputs, outcome, SOURCES, joined), tables={"grounds": found})
    assert "is not known, as the correlation of" in grounds_sentence(results)
    alike = [(name, "a_row", "") for name in NAMES]
    assert grounds(constructed(inputs, outcome, alike, joined))["share"].notna().all()


def test_nothing_is_said_of_what_does_not_vary_or_of_too_few_draws() -> None:
    x = normal(3, 2_000)
    assert grounds(constructed({"vod.incidence": x[0]}, np.ones(2_000), SOURCES[:1])).empty
    assert grounds(constructed({"vod.incidence": np.ones(2_000)}, x[0], SOURCES[:1])).empty
    few = {name: numbers[:12] for name, numbers in zip(NAMES, x, strict=True)}
    assert grounds(constructed(few, x[0, :12], SOURCES)).empty


def test_a_choice_and_the_rates_that_hang_on_it_are_both_counted() -> None:
    results = sim.simulate(sim.load("cohorts", ALONE))
    shares, counts = by_class(results), by_class(results, "quantities")
    table = results.assumptions
    varying = table[(table["p05"] != table["p95"]) & (table["mean"].notna() | table["quantity"].eq("vod.cohort"))]
    assert sum(counts.values()) == len(varying)
    assert counts[REST] == 0
    assert shares[ASSUMED] + shares[RANGE_ASSUMED] > 0.3  # the choice is a judgement
    assert 0 <= min(shares.values()) <= max(shares.values()) <= 1


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30))
def test_ranks_share_the_mean_of_equal_numbers(numbers: list[int]) -> None:
    column = np.array(numbers, dtype=np.float64)
    np.testing.assert_allclose(ranks(column), rankdata(column))


def test_a_run_has_its_grounds_in_a_file_and_in_the_terminal(tmp_path: Path) -> None:
    results = begin(sim.load("press_release", [*ALONE, "report=none", "sampling.draws=64"]), tmp_path / "run", [])()
    opened = open_run(tmp_path / "run")
    assert (tmp_path / "run" / "grounds.csv").exists()
    assert [row.name for row in grounded(opened)] == [row.name for row in grounded(results)]
    assert grounds_sentence(opened)[:40] in stage_table(opened)
    assert 'id="grounds"' in report(opened, {})
