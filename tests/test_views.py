import dataclasses
import itertools
import math
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

import sim
from sim.results.folder import open_run, write
from sim.results.run import Results
from sim.variables import FUNNEL, HEADLINE
from sim.views import figures
from sim.views.fan import spread_apart
from sim.views.numbers import about, error_text, rounded, signed, span
from sim.views.report import comparison_page, inline, report
from sim.views.table import comparison_table, stage_table

QUICK = ["sampling=quick", "market=none"]
GROWTH = 'transplants.growth.value="normal(mean=0.02, sd=0.01)"'
EVIL = "<script>alert('x')</script> costs $1 & $2, 費用"


@pytest.fixture(scope="module")
def base() -> Results:
    return sim.simulate(sim.load(overrides=QUICK))


@pytest.fixture(scope="module")
def ebmt() -> Results:
    return sim.simulate(sim.load("ebmt_1998", QUICK))


@pytest.fixture(scope="module")
def by_type() -> Results:
    return sim.simulate(sim.load("ebmt_1998_by_type", QUICK))


@pytest.fixture(scope="module")
def growing() -> Results:
    return sim.simulate(sim.load(overrides=[*QUICK, GROWTH]))


@pytest.fixture(scope="module")
def rare() -> Results:
    return sim.simulate(sim.load(overrides=[*QUICK, "vod.incidence.value=0.0005"]))


@pytest.fixture(scope="module")
def point() -> Results:
    return sim.simulate(sim.load(overrides=["sampling=point", "market=none"]))


@pytest.fixture(scope="module")
def without_draws(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("run")
    write(sim.simulate(sim.load(overrides=[*QUICK, "results.keep_draws=false"])), folder)
    return open_run(folder)


def funnel_table(results: Results) -> str:
    """The table without what stands below it: the trial and the warnings."""
    return stage_table(results).partition("\n\nPhase 3")[0]


def titled(results: Results, title: str) -> Results:
    return dataclasses.replace(results, provenance={**results.provenance, "title": title})


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (2999.4, 0.6, "2,999.4"),
        (2999.4, 0.96, "2,999"),
        (2999.4, 17, "3,000"),
        (44951, 1234, "45,000"),
        (-0.2, 1, "0"),
        (-0.0, 0.1, "0"),
        (-3.26, 0.1, "-3.3"),
        (3, 100, "0"),
        (600.0, 0.2, "600"),
        (45000, 0, "45,000"),
        (100 / 3, 0, "33.33"),
        (0.2, 0, "0.2"),
        (1e-12, 0, "1e-12"),
        (2999.4, math.nan, "3,000"),
        (0.22131, math.nan, "0.221"),
        (2999.4, math.inf, "3,000"),
        (math.nan, 1, "–"),
        (math.inf, 1, "infinite"),
        (-math.inf, 0, "-infinite"),
        (1.234e18, 0, "1.234e18"),
        (0.000123456, 0.0000031, "0.000123"),
    ],
)
def test_a_number_has_no_more_digits_than_its_error_supports(value: float, error: float, text: str) -> None:
    assert rounded(value, error) == text


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (0.6, "± 0.6"),
        (0.96, "± 1"),
        (17.2, "± 20"),
        (1234, "± 1,000"),
        (4e-5, "± 0.00004"),
        (3e-14, "± 3e-14"),
        (2e20, "± 2e20"),
        (0, "exact"),
        (math.nan, "unknown"),
        (math.inf, "unknown"),
    ],
)
def test_an_error_has_one_digit(error: float, text: str) -> None:
    assert error_text(error) == text


@given(st.floats(-1e12, 1e12), st.floats(1e-6, 1e6))
def test_rounding_moves_a_number_by_less_than_its_error(value: float, error: float) -> None:
    text = rounded(value, error)
    back = float(text.replace(",", ""))
    assert abs(back - value) <= 0.5001 * 10 ** math.ceil(math.log10(error)) + 1e-5 * abs(value)
    assert text != "-0"
    assert not re.fullmatch(r"-0\.?0*", text)


@given(st.floats(), st.floats(min_value=0) | st.just(math.nan))
def test_any_number_can_be_written_shortly(value: float, error: float) -> None:
    assert 0 < len(rounded(value, error)) < 30
    assert 0 < len(error_text(error)) < 30
    assert 0 < len(about(value, error)) < 30


def test_sentences_get_three_digits_and_ranges_a_word_beside_minus_signs() -> None:
    assert about(2138.4, 0.6) == "2,140"
    assert about(2138.4, 30) == "2,140"
    assert about(2138.4, 300) == "2,100"
    assert span("1", "2") == "1–2"
    assert span("-2", "1") == "-2 to 1"
    assert (signed("3"), signed("-3"), signed("0"), signed("–")) == ("+3", "-3", "0", "–")


def cells(line: str) -> list[str]:
    return re.split(r"\s{3,}", line.strip())


def test_the_table_shows_the_summary_rounded(base: Results) -> None:
    lines = funnel_table(base).splitlines()
    assert "autumn 2007" in lines[0]
    assert "2008" in lines[0]
    assert "patients per year" in lines[1]
    assert "1,024 draws" in lines[1]
    assert "Sobol'" in lines[1]
    rows = {row[0]: row[1:] for row in map(cells, lines[4:])}
    assert list(rows) == [variable.long_name for variable in FUNNEL]
    for variable in FUNNEL:
        shown = {name: rounded(base.value(variable.name, name), base.error(variable.name, name))
                 for name in ("mean", "p10", "p90")}  # fmt: skip
        error = error_text(base.error(variable.name))
        assert rows[variable.long_name] == [shown["mean"], f"{shown['p10']}–{shown['p90']}", error]
    assert len({len(line) for line in lines[4:]}) == 1


def test_the_table_gains_a_column_only_where_the_years_differ(base: Results, growing: Results) -> None:
    assert "2017" not in stage_table(base).splitlines()[3]
    assert "alike" in stage_table(base)
    table = stage_table(growing)
    assert table.splitlines()[4].endswith("mean 2017")
    assert "transplants.growth = normal(mean=0.02, sd=0.01)" in table
    last = rounded(growing.value(year=2017), growing.error(year=2017))
    assert next(line for line in table.splitlines() if line.startswith("Severe VOD")).endswith(last)


def test_a_divided_population_is_broken_down(by_type: Results) -> None:
    rows = [cells(line) for line in funnel_table(by_type).splitlines()]
    start = rows.index(["Severe VOD by transplant"])
    assert [row[0] for row in rows[start + 1 :]] == ["allogeneic", "autologous"]
    expected = by_type.value(HEADLINE, transplant="allogeneic"), by_type.error(HEADLINE, transplant="allogeneic")
    assert rows[start + 1][1] == rounded(*expected)


def test_the_point_table_has_means_and_no_spread(point: Results) -> None:
    table = stage_table(point)
    assert "P10" not in table
    assert "calculated at the means" in table
    assert ["Severe VOD", "3,000", "exact"] in [cells(line) for line in table.splitlines()]


def test_the_comparison_table_shows_differences_with_their_intervals(base: Results, ebmt: Results) -> None:
    frame = sim.compare({"press_release": base, "ebmt_1998": ebmt})
    means = frame[(frame["run"] == "ebmt_1998") & (frame["variable"] == HEADLINE) & (frame["statistic"] == "mean")]
    row = means[means["year"] == "2008"].to_dict("records")[0]
    table = comparison_table(frame)
    assert "2008" in table
    assert "compared with press_release" in table
    found = next(cells(line) for line in table.splitlines() if line.startswith("ebmt_1998"))
    texts = [rounded(row[name], math.nan) for name in ("difference", "difference_p05", "difference_p95", "ratio")]
    assert found[3:] == [texts[0], f"{texts[1]} to {texts[2]}", texts[3]]
    assert "baseline" in next(line for line in table.splitlines() if line.startswith("press_release"))


def test_unpaired_runs_get_no_interval_and_no_spurious_digits(base: Results, point: Results) -> None:
    table = comparison_table(sim.compare({"a": base, "b": point}))
    row = next(cells(line) for line in table.splitlines() if line.startswith("b "))
    assert row[3:5] == ["0", "–"]
    assert "the draws are not shared with the baseline" in table


def test_the_chosen_baseline_is_found_and_nothing_is_no_fault(base: Results, ebmt: Results) -> None:
    frame = sim.compare({"a": base, "b": ebmt}, baseline="b")
    assert "compared with b" in comparison_table(frame)
    assert comparison_table(frame.iloc[:0]) == "No run to compare."


def test_runs_of_different_years_are_compared_in_a_year_they_share(base: Results) -> None:
    later = sim.simulate(sim.load(overrides=[*QUICK, "years.first=2010"]))
    table = comparison_table(sim.compare({"a": base, "b": later}))
    assert "Severe VOD in 2010" in table


def units(figure: Figure) -> list[str]:
    axes = figure.axes[0]
    return [axes.get_xlabel(), axes.get_ylabel()]


def words(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("funnel", ["patients per year"]),
        ("fan", ["calendar year", "patients per year"]),
        ("distribution", ["patients per year", "%"]),
        ("convergence", ["number of draws", "patients per year"]),
    ],
)
@pytest.mark.parametrize("run", ["base", "by_type", "growing", "rare"])
def test_every_figure_names_its_units_and_says_its_message(
    name: str, needed: list[str], run: str, request: pytest.FixtureRequest
) -> None:
    results = request.getfixturevalue(run)
    figure = figures.figures_for(results)[name](results)
    labels = " ".join(units(figure))
    assert all(word in labels for word in needed)
    mean = about(results.value(), results.error())
    assert mean in figure.texts[0].get_text() or rounded(results.value(), results.error()) in figure.texts[0].get_text()
    assert "1,024 draws" in words(figure)
    assert results.provenance["scenario"] in words(figure)


def test_the_funnel_shows_every_stage_with_its_interval_and_share(base: Results) -> None:
    shown = words(figures.funnel(base))
    for variable in FUNNEL:
        ends = [rounded(base.value(variable.name, name), base.error(variable.name, name)) for name in ("p10", "p90")]
        assert variable.long_name in shown
        assert f"P10–P90: {ends[0]}–{ends[1]}" in shown
    assert "20 % of stem cell transplants" in shown
    assert "80 % of severe VOD" in shown


def test_the_distribution_holds_nearly_all_draws_whether_kept_or_not(base: Results, without_draws: Results) -> None:
    for results in (base, without_draws):
        patches = figures.distribution(results).axes[0].patches
        bars = [patch for patch in patches if isinstance(patch, Rectangle)]
        heights = [bar.get_height() for bar in bars]
        assert 99 < sum(heights) <= 100.001
        centre = np.average([bar.get_x() + bar.get_width() / 2 for bar in bars], weights=heights)
        assert centre == pytest.approx(results.value(), rel=0.02)


def test_the_last_point_of_convergence_is_the_mean(base: Results) -> None:
    lines = figures.convergence(base).axes[0].lines
    assert len(lines) == 9
    assert np.asarray(lines[-1].get_ydata())[-1] == pytest.approx(base.value())
    assert np.asarray(lines[-1].get_xdata())[-1] == 1024


def test_only_the_figures_that_say_something_are_offered(base: Results, point: Results, without_draws: Results) -> None:
    one_year = sim.simulate(sim.load(overrides=[*QUICK, "years.last=2008"]))
    trial = ["accrual", "readout", "success", "one_trial"]
    assert list(figures.figures_for(base)) == ["funnel", "fan", "distribution", "convergence", *trial]
    assert list(figures.figures_for(point)) == ["funnel"]
    assert list(figures.figures_for(without_draws)) == ["funnel", "fan", "distribution", *trial]
    assert "fan" not in figures.figures_for(one_year)
    assert "P10" not in words(figures.funnel(point))


def test_a_world_without_patients_can_still_be_drawn(tmp_path: Path) -> None:
    empty = sim.simulate(sim.load(overrides=[*QUICK, "vod.incidence.value=0"]))
    for name, draw in figures.figures_for(empty).items():
        figures.save(draw(empty), tmp_path, name)
    assert "0" in stage_table(empty)


def test_files_are_the_same_bytes_twice(base: Results, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        figures.save(figures.funnel(base), tmp_path / folder, "funnel")
    for name in ("funnel.svg", "funnel.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert (tmp_path / "a" / "funnel.png").stat().st_size > 20_000


def test_any_title_can_be_drawn(base: Results, tmp_path: Path) -> None:
    results = titled(base, EVIL * 4)
    svg = figures.save(figures.funnel(results), tmp_path, "funnel")
    assert "<script" not in svg
    subtitle = figures.funnel(titled(base, "a very long title $1 " * 20)).texts[1]
    assert subtitle.get_window_extent().x1 <= 12.8 * 150


@pytest.mark.parametrize("number", [1, 2, 12, 31])
def test_a_sweep_of_any_size_fits_its_picture(number: int, base: Results, ebmt: Results) -> None:
    name = "vod.incidence.value={0},vod.severe_fraction.value=0.{0},transplants.volume.value=4500{0}"
    runs = {name.format(index): (base, ebmt)[index % 2] for index in range(number)}
    figure = figures.comparison(runs, sim.compare(runs))
    labels = [label for label in figure.axes[0].get_yticklabels() if label.get_text()]
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in labels]
    assert len(labels) == number
    assert labels[-1].get_text().endswith(f"4500{number - 1}")  # what tells runs apart is not cut off
    assert min(box.x0 for box in boxes) >= 0
    assert all(above.y0 >= below.y1 - 1 for above, below in itertools.pairwise(boxes))
    assert len(figure.axes) == (1 if number == 1 else 2)
    assert all("patients per year" in axes.get_xlabel() for axes in figure.axes)


def test_the_comparison_picture_works_without_draws(base: Results, without_draws: Results, point: Results) -> None:
    runs = {"a": base, "b": without_draws, "c": point}
    figure = figures.comparison(runs, sim.compare(runs))
    assert "draws differ" in words(figure)


def test_labels_are_moved_apart_no_further_than_needed() -> None:
    assert spread_apart([0, 10, 20], 2) == [0, 10, 20]
    assert spread_apart([5, 5, 20], 2) == pytest.approx([4, 6, 20])
    assert np.diff(spread_apart([1, 1, 1, 1.5, 9], 1)).min() >= 1 - 1e-9


class Page(HTMLParser):
    """What a page's structure is: its ids, its tags, whether they close."""

    VOID = ("meta", "br", "use")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str | None] = []
        self.tags: list[str] = []
        self.labels: list[str | None] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        self.labels += [value for name, value in attrs if name == "aria-label"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(by_type: Results, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("figures")
    return report(by_type, {name: figures.save(draw(by_type), folder, name)
                            for name, draw in figures.figures_for(by_type).items()})  # fmt: skip


def test_the_report_stands_alone(page: str) -> None:
    outside = re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)
    assert not re.search(r"https?://|@import|src=|<link|<script", outside)
    assert not re.search(r"url\((?!#)", outside)
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert 'name="viewport"' in page


def test_the_figures_of_a_report_share_no_id_and_have_a_name(page: str) -> None:
    parsed = Page(page)
    assert len(parsed.ids) == len(set(parsed.ids)) > 50
    assert parsed.tags.count("svg") == 8
    referred = set(re.findall(r'href="#([^"]+)"', page)) | set(re.findall(r"url\(#([^)]+)\)", page))
    assert referred
    assert referred <= set(parsed.ids)
    assert any("severe VOD" in str(label) for label in parsed.labels)


def test_the_report_answers_and_shows_where_every_number_comes_from(page: str, by_type: Results) -> None:
    mean = about(by_type.value(), by_type.error())
    assert f"<h1>About {mean} severe VOD cases a year" in page
    assert error_text(by_type.error()) in page
    assert page.count(">assumption</span>") >= 4
    assert ">borrowed</span>" in page
    for column in ("quantity", "source"):
        for text in by_type.assumptions[column]:
            assert escape(str(text).removeprefix("assumption: ")) in page
    assert all(identifier in page for identifier in by_type.evidence["id"])
    assert by_type.provenance["ledger"] in page
    assert "sim replay" in page
    assert "allogeneic" in page


def test_the_report_escapes_what_users_write(base: Results, point: Results) -> None:
    changed = {**base.configuration, "scenario": {**base.configuration["scenario"], "story": EVIL}}
    evil = dataclasses.replace(titled(base, EVIL), configuration=changed)
    svg = inline('<?xml version="1.0"?><svg xmlns="x"><g id="a"/></svg>', 'a"b', EVIL)
    written = report(evil, {"funnel": '<svg xmlns="x"></svg>'})
    for text in (written, str(svg)):
        assert "<script" not in text
        assert "&lt;script&gt;" in text
    assert 'id="a-b-a"' in svg
    assert Page(report(point, {})).tags.count("svg") == 0


def test_a_saved_run_gives_the_same_report(base: Results, tmp_path: Path) -> None:
    write(base, tmp_path)
    assert report(open_run(tmp_path), {}) == report(base, {})
    assert stage_table(open_run(tmp_path)) == stage_table(base)


def test_the_page_of_a_sweep_lists_differences_and_failures(base: Results, ebmt: Results) -> None:
    runs = {"press_release": base, "ebmt_1998": ebmt}
    frame = sim.compare(runs)
    page = comparison_page(runs, frame, {"vod.incidence.value=1.5": "Traceback:\n1.5 is <b>above</b> 1"}, "<svg></svg>")
    Page(page)
    assert "1.5 is &lt;b&gt;above&lt;/b&gt; 1" in page
    assert "vod.incidence.value=1.5" in page
    difference = base.value() - ebmt.value()
    assert rounded(-difference, math.nan) in page
    assert 'role="img"' in page
    assert "<pre>Traceback:" in page
    expected = f"{about(difference)} fewer severe VOD cases in 2008 with ebmt_1998 than with press_release"
    assert f"<h1>{expected}</h1>" in page


def test_a_sweep_in_which_every_run_failed_still_has_a_page() -> None:
    page = comparison_page({}, pd.DataFrame(columns=["run", "variable"]), {"a": "wrong"}, None)
    assert "No run finished" in page
    assert "wrong" in page


def test_tables_do_not_pay_for_pictures() -> None:
    code = "import sim.views.table, sys; assert not any('matplotlib' in m or 'jinja2' in m for m in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
