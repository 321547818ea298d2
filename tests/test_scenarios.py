"""Scenarios side by side: downside, base and upside; what leads a comparison; its pictures, page and terminal."""

import dataclasses
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import sim
from sim.analysis.differences import Side, inputs
from sim.draws.parameters import sample
from sim.results.folder import write
from sim.results.run import Results
from sim.sweep import collect
from sim.views import figures
from sim.views.comparison_page import comparison_page, value_sentences
from sim.views.contrast import contrasts
from sim.views.exceedances import exceedances, exceedances_message
from sim.views.leading import lead_message, subject
from sim.views.market_facts import money_text
from sim.views.overlaid import overlaid, overlaid_message
from sim.views.run_marks import MOST, marks
from sim.views.sentences import sentences
from sim.views.table import comparison_table
from sim.views.value_contrast import VALUE, apart, not_compared, value_lines, value_rows
from tests.test_bridge import load

SCENARIOS = ("downside", "press_release", "upside")
BASE = "press_release"


@cache
def run(*words: str) -> Results:
    return sim.simulate(load(*words))


@pytest.fixture(scope="module")
def runs() -> dict[str, Results]:
    return {name: run(f"scenario={name}") for name in SCENARIOS}


@pytest.fixture(scope="module")
def table(runs: dict[str, Results]) -> pd.DataFrame:
    return sim.compare(runs, BASE)


@pytest.fixture(scope="module")
def trials() -> dict[str, Results]:
    """Runs that differ in their trial alone."""
    words = "trial.control.charts_per_week.value={}".format
    return {str(charts): run("market=none", words(charts)) for charts in (5, 90)}


@pytest.mark.parametrize("name", ["downside", "upside"])
def test_the_pair_differs_from_the_base_in_a_few_inputs_each_with_its_reason(name: str) -> None:
    sides = [Side(one, sample(one, range(8))) for one in (load(f"scenario={BASE}"), load(f"scenario={name}"))]
    changed = inputs(*sides)
    assert 5 <= len(changed) <= 7
    rows = run(f"scenario={name}").assumptions.set_index("quantity")
    for one in changed:
        assert not one.sections
        sources = rows.loc[[row for row in rows.index if str(row).startswith(one.name)], "source"]
        assert (sources.str.len() > 3).all()
    assert load(f"scenario={name}").evidence.as_of == "2007-11"
    assert (run(f"scenario={name}").evidence["published"].astype(int) <= 2007).all()


def test_they_lie_on_either_side_of_the_base(runs: dict[str, Results]) -> None:
    for variable in ("net_present_value", "peak_sales_if_approved", "cumulative_sales"):
        low, middle, high = (one.value(variable) for one in runs.values())
        assert low < middle < high


def test_the_worth_is_compared_as_the_draws_are_paired(runs: dict[str, Results], table: pd.DataFrame) -> None:
    rows = {row.run: row for row in value_rows(runs, table)}
    assert list(rows) == list(SCENARIOS)
    assert rows[BASE].worth[3:] == ("baseline", "")
    for row in contrasts(table, VALUE):
        draws = runs[row.run].draws[VALUE].to_numpy() - runs[BASE].draws[VALUE].to_numpy()
        assert row.difference == pytest.approx(draws.mean(), abs=1e-3)
        assert (row.low, row.high) == pytest.approx(tuple(np.quantile(draws, [0.05, 0.95])), abs=1e-3)
        if not row.is_baseline:
            assert rows[row.run].worth[3:] == tuple(apart(row))
    low = runs["downside"]
    assert rows["downside"].worth[0] == money_text_of(low, VALUE)
    assert rows["downside"].sales[3] == money_text_of(low, "peak_sales_if_approved")
    assert rows["downside"].sales[1].endswith("(United States)")


def money_text_of(results: Results, variable: str) -> str:
    from sim.views.estimates import Estimates

    return money_text(Estimates(results)(variable), coarse=True)


def test_the_comparison_leads_with_what_differs(
    runs: dict[str, Results], table: pd.DataFrame, trials: dict[str, Results]
) -> None:
    assert subject(runs, table) == "value"
    message = lead_message(runs, table)
    assert message.startswith("Net present value, risk-adjusted: -")
    assert message.endswith("(upside), USD of 2008, means of 3 runs")
    pair = {name: runs[name] for name in (BASE, "upside")}
    text = r"^upside is worth [\d.]+\sM USD of 2008 more than press_release \(net present value, risk-adjusted\)$"
    assert re.search(text, lead_message(pair, sim.compare(pair)))
    compared = sim.compare(trials)
    assert subject(trials, compared) == "readout"
    assert re.search(r"^Median read-out (from|in) \w+ 20\d\d", lead_message(trials, compared))
    patients = {"a": run("market=none"), "b": run("market=none", "vod.incidence.value=0.1")}
    assert subject(patients, sim.compare(patients)) == "patients"
    mixed = {"a": run("market=none"), "b": runs["upside"]}
    assert subject(mixed, sim.compare(mixed)) == "patients"


def test_where_only_the_trial_differs_it_comes_before_the_patients(trials: dict[str, Results]) -> None:
    compared = sim.compare(trials)
    page, text = comparison_page(trials, compared, {}, None), comparison_table(compared)
    assert page.index("<h2>The trial</h2>") < page.index("<h2>Severe VOD</h2>")
    assert text.startswith("The trial")
    axes = figures.comparison(trials, compared).axes
    assert [one.get_xlabel() for one in axes] == ["median and P10–P90", "difference and its 5–95 %, months"]


def test_the_picture_shows_both_twins_in_millions(runs: dict[str, Results], table: pd.DataFrame) -> None:
    figure = figures.comparison(runs, table)
    words = words_of(figure)
    assert "● risk-adjusted" in words
    assert "● if approved" in words
    assert all(axes.get_xlabel().endswith("million USD of 2008") for axes in figure.axes)
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    means = [run.value(name) / 1e6 for name in (VALUE, f"{VALUE}_if_approved") for run in runs.values()]
    assert [float(np.asarray(dot.get_xdata())[0]) for dot in dots] == pytest.approx(means)


def words_of(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)]


def test_fans_are_of_what_is_approved_and_means_of_all(runs: dict[str, Results]) -> None:
    figure = overlaid(runs, "")
    left, right = (axes for axes in figure.axes if axes.get_ylabel())
    assert left.get_ylabel() == "net sales if approved, million USD of 2008 per year"
    assert right.get_ylabel() == "risk-adjusted mean, million USD of 2008 per year"
    for lines, variable, statistic in (
        (left.lines, "net_sales_if_approved", "p50"),
        (right.lines, "net_sales", "mean"),
    ):
        for line, results in zip(lines, runs.values(), strict=True):
            years, values = (np.asarray(data, dtype=float) for data in (line.get_xdata(), line.get_ydata()))
            place = int(values.argmax())
            assert values[place] * 1e6 == pytest.approx(results.value(variable, statistic, int(years[place])))
    assert overlaid_message(runs).startswith("If approved, net sales peak at ")
    assert {mark.name for mark in marks(list(runs)).values()} <= set(words_of(figure))


def test_exceedance_curves_are_shares_of_the_draws(runs: dict[str, Results]) -> None:
    figure = exceedances(runs, BASE, "")
    panels = [axes for axes in figure.axes if axes.get_xlabel()]
    assert [axes.get_xlabel().rpartition(", ")[2] for axes in panels] == ["if approved", "risk-adjusted"]
    for axes, name in zip(panels, ("peak_sales_if_approved", "peak_sales"), strict=True):
        curves = [line for line in axes.lines if len(np.asarray(line.get_xdata())) > 2]
        for line, results in zip(curves, runs.values(), strict=True):
            places, shares = (np.asarray(data, dtype=float) for data in (line.get_xdata(), line.get_ydata()))
            draws = results.draws[name].to_numpy() / 1e6
            expected = [100 * float((draws > place + 1e-9).mean()) for place in places[10::100]]
            assert shares[10::100].tolist() == pytest.approx(expected, abs=2)
            assert (np.diff(shares) <= 0).all()
    assert re.search(
        r"peak above [\d.]+\sM USD of 2008 with .*\(downside\), .*\(upside\)$", exceedances_message(runs, BASE)
    )


def test_money_of_another_year_is_not_compared_and_the_rest_is(runs: dict[str, Results]) -> None:
    other = run("market.price_year=2010")
    mixed = {"a": runs[BASE], "b": other}
    compared = sim.compare(mixed)
    said = "The runs count their money in USD of 2008 and USD of 2010: sales and values are not compared."
    assert not_compared(mixed) == said
    assert value_rows(mixed, compared) == []
    assert value_sentences(mixed, compared, []) == {}
    page = comparison_page(mixed, compared, {}, None)
    assert said in page
    assert "<h2>Severe VOD</h2>" in page
    assert "Approval and sales" not in page
    assert comparison_table(compared, {}, value_lines(mixed, compared)).startswith(said)
    assert figures.comparison(mixed, compared).axes[0].get_xlabel().endswith("patients per year")


def test_a_run_without_a_market_is_left_out_of_the_worth(runs: dict[str, Results]) -> None:
    mixed = {"a": run("market=none"), "b": runs[BASE], "c": runs["upside"]}
    compared = sim.compare(mixed)
    assert [row.run for row in value_rows(mixed, compared)] == ["b", "c"]
    assert value_sentences(mixed, compared, []) == {}
    assert "Approval and sales" in comparison_page(mixed, compared, {}, None)


def missing(results: Results, names: tuple[str, ...], gone: int) -> Results:
    """The run with some variables missing in its first draws, as where a trial never reads out."""
    there = results.dataset["draw"] >= gone
    dataset = results.dataset.assign({name: results.dataset[name].where(there) for name in names})
    return dataclasses.replace(results, dataset=dataset)


def test_a_difference_is_of_the_draws_in_which_both_are_there(runs: dict[str, Results]) -> None:
    names = ("peak_sales_if_approved", "cash_flow_if_approved")
    pair = {"a": missing(runs[BASE], names, 10), "b": missing(runs["upside"], names, 20)}
    rows = sim.compare(pair)
    rows = rows[(rows["run"] == "b") & (rows["statistic"] == "mean")]
    apart_by = (runs["upside"].draws[names[0]] - runs[BASE].draws[names[0]]).to_numpy()[20:]
    found = rows[rows["variable"] == names[0]].iloc[0]
    assert (found["difference_p05"], found["difference_p95"]) == pytest.approx(
        tuple(np.quantile(apart_by, [0.05, 0.95]))
    )
    flows = (runs["upside"].draws[names[1]] - runs[BASE].draws[names[1]]).sel(market_year=2012).to_numpy()[20:]
    found = rows[(rows["variable"] == names[1]) & (rows["year"] == "2012")].iloc[0]
    assert found["difference_p95"] == pytest.approx(np.quantile(flows, 0.95))
    nothing = {"a": missing(runs[BASE], names, 64), "b": runs["upside"]}
    rows = sim.compare(nothing)
    assert rows.loc[(rows["run"] == "b") & (rows["variable"] == names[0]), "difference_p05"].isna().all()


def test_no_more_runs_are_marked_than_can_be_told_apart() -> None:
    assert len(marks([str(place) for place in range(20)])) == MOST
    assert len({mark.colour for mark in marks("abcdef").values()}) == MOST
    assert len({str(mark.dash) for mark in marks("abcdef").values()}) == MOST


def test_no_draws_no_exceedances_but_all_else(runs: dict[str, Results], tmp_path: Path) -> None:
    from sim.views.comparison_pictures import draw

    kept = {name: dataclasses.replace(one, dataset=one.dataset.isel(draw=0, drop=True)) for name, one in runs.items()}
    _, further = draw(kept, sim.compare(kept, BASE), [], tmp_path)
    assert list(further) == ["sales"]


@pytest.fixture(scope="module")
def swept(runs: dict[str, Results], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sweep over the three scenarios, with its comparison."""
    folder = tmp_path_factory.mktemp("sweep")
    for place, (name, results) in enumerate(runs.items()):
        (folder / str(place)).mkdir()
        record = {"overrides": [f"scenario={name}"], "working_directory": str(folder)}
        write(dataclasses.replace(results, provenance={**results.provenance, **record}), folder / str(place))
    assert collect(folder, BASE) == 0
    return folder


def test_a_sweep_writes_bridges_that_end_where_its_table_does(swept: Path) -> None:
    rows = pd.read_csv(swept / "bridge.csv", keep_default_na=False)
    assert rows[["base", "other"]].drop_duplicates().to_numpy().tolist() == [[BASE, "downside"], [BASE, "upside"]]
    for _, part in rows.groupby("other"):
        levels = part["level"].astype(float).to_numpy()
        gains = part.loc[part["step"] == "input", "contribution"].astype(float)
        assert gains.sum() == pytest.approx(levels[-1] - levels[0], rel=1e-9)
        assert set(part["variable"]) == {VALUE}
        assert set(part["draws"]) == {64}
    for name in ("comparison", "sales", "exceedance", "bridge-1", "bridge-2"):
        assert (swept / f"{name}.png").stat().st_size > 20_000


def test_the_page_of_a_sweep_holds_it_all_in_order(swept: Path) -> None:
    page = (swept / "comparison.html").read_text(encoding="utf-8").replace("\u00a0", " ")
    parts = [
        "<h1>Net present value, risk-adjusted: -", "<strong>downside</strong>: worth ", "above all by vod.incidence (-",
        "<h2>Net present value, risk-adjusted</h2>", "<h2>Approval and sales</h2>", "<h2>From run to run, input by",
        "<h2>Patients and trial</h2>", "<h2>Severe VOD</h2>", "<h2>The trial</h2>", "<h2>The runs</h2>",
    ]  # fmt: skip
    places = [page.index(part) for part in parts]
    assert places == sorted(places)
    assert page.count('<svg role="img"') == 5
    assert 'aria-label="From press_release to upside net present value, risk-adjusted, rises' in page
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_the_terminal_says_worth_approval_and_why(runs: Mapping[str, Results], table: pd.DataFrame) -> None:
    worth = value_sentences(runs, table, [])
    text = comparison_table(table, sentences(runs, table), value_lines(runs, table), worth)
    blocks = text.split("\n\n")
    assert blocks[0].startswith("Net present value, risk-adjusted, USD of 2008\n")
    assert blocks[1].startswith("Approval, and peak net sales a year if approved, USD of 2008\n")
    assert blocks[2].startswith("Severe VOD in 2008")
    assert len({len(line) for line in blocks[0].splitlines()[1:] if "baseline" not in line}) == 1
    said = " ".join(blocks[-1].split())
    assert re.search(r"upside: worth [\d.]+ M USD of 2008 more than press_release \(net present value, risk-adj", said)
    assert "in 90 % of the draws)." in said
