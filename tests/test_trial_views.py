import dataclasses
import math
import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

import sim
from sim.results.compare import compare
from sim.results.folder import open_run, write
from sim.results.run import Results
from sim.variables import VARIABLES
from sim.views.contrast import baseline_of
from sim.views.estimates import Estimate
from sim.views.figures import accrual, figures_for, levers, one_trial, readout, save, success
from sim.views.lever_words import lever_rows, levers_message
from sim.views.messages import caption, reading
from sim.views.played import courses
from sim.views.report import comparison_page, report
from sim.views.sentences import sentences
from sim.views.sources import assumed, number_text
from sim.views.style import BLUE, ORANGE, PALE
from sim.views.table import comparison_table, stage_table
from sim.views.trial_facts import Trial, chance_error, chance_text, month_text, trial_of
from sim.views.trial_table import trial_block
from sim.views.trial_words import (
    accrual_message,
    deciding,
    likelihoods,
    milestones,
    readout_message,
    success_message,
    trial_headline,
)

QUICK = ["sampling=quick", "sampling.draws=256", "market=none"]
TRIAL = ["accrual", "readout", "success", "one_trial"]
PLAN = Trial("a trial", date(2006, 7, 15), 80, (date(2008, 1, 1), date(2008, 6, 30)), "response", (0.05, 0.01), True,
             None, None)  # fmt: skip
LEVERS = pd.DataFrame(
    [
        ("charts reviewed", "charts a week", 55.0, 0.22, math.nan, 0.23, 0.01, "does not suffice alone"),
        ("sites", "sites", 35.0, 0.22, 57.0, 0.81, 0.01, ""),
    ],
    columns=["lever", "unit", "now", "probability_now", "needed", "probability_then", "mcse", "note"],
)


def run(*overrides: str, scenario: str = "press_release") -> Results:
    return sim.simulate(sim.load(scenario, [*QUICK, *overrides]))


@pytest.fixture(scope="module")
def base() -> Results:
    return run()


@pytest.fixture(scope="module")
def plan() -> Results:
    return run("trial=phase3_plan")


@pytest.fixture(scope="module")
def late() -> Results:
    return run("trial=phase3_plan", "trial.horizon=10")


@pytest.fixture(scope="module")
def never() -> Results:
    return run("trial=phase3_plan", "trial.horizon=1")


@pytest.fixture(scope="module")
def ebmt() -> Results:
    return run(scenario="ebmt_1998")


@pytest.fixture(scope="module")
def none() -> Results:
    return run("trial=none")


@pytest.fixture(scope="module")
def point() -> Results:
    return sim.simulate(sim.load("press_release", ["sampling=point", "market=none"]))


def known(results: Results) -> Trial:
    found = trial_of(results)
    assert found is not None
    return found


# words


@given(first=st.floats(0, 200), longer=st.floats(0, 100))
def test_a_range_of_dates_names_its_first_and_its_last_month(first: float, longer: float) -> None:
    text = PLAN.span_text(first, first + longer)
    ends = PLAN.day(first), PLAN.day(first + longer)
    assert text.endswith(month_text(ends[1]))
    assert month_text(ends[0]).split()[0] in text
    if ends[0].year != ends[1].year:
        assert text == f"{month_text(ends[0])} to {month_text(ends[1])}"


@given(months=st.floats(0, 200), error=st.floats(0, 3))
def test_a_day_is_named_only_where_the_error_supports_one(months: float, error: float) -> None:
    text = PLAN.day_text(Estimate(months, error))
    assert text.endswith(month_text(PLAN.day(months)))
    assert text[0].isdigit() == (error < 3.5 / (365.25 / 12))


def test_what_never_comes_is_said_so() -> None:
    assert PLAN.day_text(Estimate(math.inf, math.nan)) == "never"
    assert PLAN.span_text(19.3, math.inf) == "February 2008 to never"
    assert PLAN.span_text(math.inf, math.inf) == "never"
    assert PLAN.span_text(19.0, 19.1) == "13 to 16 February 2008"


def test_a_probability_has_no_more_digits_than_its_error_supports() -> None:
    assert chance_text(Estimate(0.21545, 0.0055)) == "21.5\u00a0%"
    assert chance_text(Estimate(0.21545, 0.055)) == "22\u00a0%"
    assert [chance_text(Estimate(value, 0)) for value in (0, 1, 0.5)] == ["no", "yes", "50\u00a0%"]
    assert chance_error(Estimate(0.2, 0.0062), 64) == "± 0.6"
    assert chance_error(Estimate(0.0, math.nan), 64) == "none of 64 draws"
    assert chance_error(Estimate(1.0, math.nan), 64) == "all 64 draws"


# the terminal


def test_the_block_says_when_and_how_likely(base: Results) -> None:
    text = "\n".join(trial_block(base))
    print(text)
    trial = known(base)
    assert text.startswith(trial.title)
    for variable in ("enrolment_months", "readout_months"):
        day = trial.day_text(Estimate(base.value(variable, "p50"), base.error(variable, "p50")))
        assert day in text
    for variable in ("prob_readout_by_promise", "prob_control_last", "prob_success_response", "prob_success_survival"):
        number = chance_text(Estimate(base.value(variable), base.error(variable))).replace("\u00a0", " ")
        assert number in text
    assert re.search(r"P\(read-out by 30 June 2008\) +\d+ % ± \d", text)
    assert re.search(r"complete response\), primary .*; at 0.01: ", text)
    assert "inside the promised window" not in text  # nothing reads out before it
    assert max(map(len, text.splitlines())) <= 100


def test_the_block_stands_below_the_funnel_and_above_the_warnings(base: Results) -> None:
    text = stage_table(base)
    places = [text.index(words) for words in ("Survivors at day 100", known(base).title, "mind: ")]
    assert places == sorted(places)


def test_a_run_without_a_trial_says_nothing_of_one(none: Results) -> None:
    assert trial_block(none) == []
    assert "rial" not in stage_table(none)
    assert not set(TRIAL) & set(figures_for(none))
    assert 'id="trial"' not in report(none, {})


def test_the_primary_endpoint_is_the_first() -> None:
    for option in ("response", "survival"):
        results = run(f"trial=phase3_{option}", "sampling.draws=64")
        rows = deciding(results, 0.05)
        assert rows[0].endpoint == option
        assert [row.is_primary for row in rows] == [True, False]
        assert success_message(results).index("primary") < success_message(results).index(",")


def test_a_single_arm_has_no_control_arm() -> None:
    results = run("trial=single_arm", "sampling.draws=64")
    assert "ontrol" not in "\n".join(trial_block(results))
    assert "control" not in " ".join(text.get_text() for text in readout(results).axes[0].texts)


def test_what_is_never_enrolled_is_said(plan: Results, late: Results, never: Results) -> None:
    for results in (plan, late, never):
        rows = {row.name: row.probability for row in likelihoods(results, known(results))}
        missed = 1 - results.value("prob_enrolled")
        assert missed > 0
        assert chance_text(Estimate(missed, results.error("prob_enrolled"))) == rows["Patient 80 is never enrolled"]
    assert "none" in readout_message(late)
    assert [row.median for row in milestones(never, known(never))][-1] == "never"
    assert re.search(r"never enrolled\) +100 % \(all [\d,]+ draws\)", "\n".join(trial_block(never)))


def test_the_hand_calculation_has_dates_and_no_spread(point: Results) -> None:
    text = "\n".join(trial_block(point))
    assert "calculated at the means" in text
    assert "P10" not in text
    assert "±" not in text
    assert re.search(r"Read-out by 30 June 2008 +no$", text, flags=re.MULTILINE)
    assert trial_headline(point).startswith("Read-out by 30 June 2008: no; August 2008. ")
    assert not set(TRIAL) & set(figures_for(point))
    assert "The trial" in report(point, {})


# pictures


@pytest.mark.parametrize("which", ["base", "late", "never"])
def test_every_picture_can_be_drawn_and_has_words(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    results: Results = request.getfixturevalue(which)
    drawn = {name: draw for name, draw in figures_for(results).items() if name in TRIAL}
    assert list(drawn) == [name for name in TRIAL if name != "one_trial" or "patients" in results.tables]
    for name, draw in drawn.items():
        figure = draw(results)
        assert tuple(figure.get_size_inches()) == (12.8, 7.2)
        assert "nan" not in caption(results, name)
        assert reading(name)
        if which == "late":
            assert save(figure, tmp_path, name).startswith("<?xml")


def test_the_fan_shows_target_interim_and_when_the_target_is_reached(base: Results) -> None:
    axes = accrual(base).axes[0]
    trial = known(base)
    assert trial.seen == 65
    assert trial.seen_dates is not None
    points = {tuple(np.ravel(line.get_xydata()).tolist()) for line in axes.lines if line.get_marker() == "o"}
    assert {point[1] for point in points} == {65, trial.target}
    median = trial.day(base.value("enrolment_months", "p50")).toordinal()
    assert (median, 80.0) in points
    (bar,) = (part.get_segments()[0] for part in axes.collections if isinstance(part, LineCollection))
    assert bar[1][0] - bar[0][0] == pytest.approx((trial.seen_dates[2] - trial.seen_dates[0]) * 365, abs=2)
    assert accrual_message(base).startswith("Patient 80 in February 2008 (P10–P90: ")


def heights(results: Results) -> dict[str, float]:
    """Per cent of the draws in the bars of each colour."""
    found: dict[str, float] = {}
    for patch in readout(results).axes[0].patches:
        assert isinstance(patch, Rectangle)
        colour = to_hex(patch.get_facecolor()).upper()
        found[colour] = found.get(colour, 0.0) + float(patch.get_height())
    return found


@pytest.mark.parametrize("which", ["base", "plan", "late", "never", "ebmt"])
def test_the_bars_are_the_draws_that_read_out(which: str, request: pytest.FixtureRequest) -> None:
    results: Results = request.getfixturevalue(which)
    found = heights(results)
    reached = 100 * float(np.isfinite(results.draws["readout_date"]).mean())
    control = 100 * results.value("prob_control_last")
    assert found[BLUE] + found[ORANGE] == pytest.approx(reached, abs=0.5)
    assert found[ORANGE] == pytest.approx(control, abs=0.5)


def test_without_draws_the_bars_are_quarters(base: Results, late: Results, tmp_path: Path) -> None:
    for place, results in enumerate((base, late)):
        kept = dict(results.configuration) | {"results": {"keep_draws": False}}
        folder = tmp_path / str(place)
        folder.mkdir()
        write(dataclasses.replace(results, configuration=kept), folder)
        opened = open_run(folder)
        table = opened.tables["readout"]
        expected = 100 * table[table["quarter"] != "never"]["probability"].sum()
        assert heights(opened)[BLUE] == pytest.approx(expected)
        assert "last" not in " ".join(text.get_text() for text in readout(opened).axes[0].texts)
        assert trial_block(opened) == trial_block(results)


def test_the_bars_of_success_are_the_table(base: Results) -> None:
    widths = sorted(
        (to_hex(patch.get_facecolor()), round(float(patch.get_width()), 6))
        for patch in success(base).axes[0].patches
        if isinstance(patch, Rectangle)
    )
    table = base.tables["success"]
    rows = table[table["is_deciding_test"]]
    colours = {0.05: BLUE.lower(), 0.01: PALE.lower()}
    pairs = zip(rows["alpha"], rows["probability"], strict=True)
    assert widths == sorted((colours[level], round(100 * share, 6)) for level, share in pairs)


def test_levers_say_what_they_would_have_to_be(base: Results, tmp_path: Path) -> None:
    moved = dataclasses.replace(base, tables={**base.tables, "levers": LEVERS})
    rows = lever_rows(moved)
    assert [row.words for row in rows] == ["57 sites, not 35", "does not suffice alone"]
    assert levers_message(moved) == "80 % by 30 June 2008 would take: 57 sites"
    assert "levers" in figures_for(moved)
    assert "levers" not in figures_for(base)
    save(levers(moved), tmp_path, "levers")
    page = report(moved, {})
    assert "What would bring the read-out in time" in page
    write(moved, tmp_path)
    assert [row.words for row in lever_rows(open_run(tmp_path))] == [row.words for row in rows]
    enough = dataclasses.replace(
        base, tables={**base.tables, "levers": LEVERS.assign(probability_now=0.9, needed=math.nan)}
    )
    assert "enough as it is" in levers_message(enough)
    hopeless = dataclasses.replace(base, tables={**base.tables, "levers": LEVERS.assign(needed=math.nan)})
    assert levers_message(hopeless).startswith("Nothing alone")


def test_one_trial_has_a_row_for_each_patient(base: Results) -> None:
    found = courses(base)
    assert len(found) == 80
    assert [course.enrolled for course in found] == sorted(course.enrolled for course in found)
    assert all(course.transplant <= course.enrolled <= course.end for course in found)
    axes = one_trial(base).axes[0]
    assert axes.get_ylim()[0] > 80
    marks = [line for line in axes.lines if line.get_marker() == "X"]
    assert len(marks) == sum(not math.isnan(course.death) for course in found)


# the page


def test_patients_come_first_and_the_trial_has_its_own_section(base: Results) -> None:
    page = report(base, {})
    places = [
        page.index(words) for words in ("<h1>About", "#trial", "Patients by year", 'id="trial"', 'id="assumptions"')
    ]
    assert places == sorted(places)
    assert "Historical" not in page[places[3] : places[4]]
    assert page.count("decides</span>") == 1
    for words in ("Fisher&#39;s exact test", "Pearson&#39;s test", "stratified test", "at 0.05", "at 0.01"):
        assert words in page


def test_sites_beyond_the_fortieth_are_counted() -> None:
    few = run("trial=phase3_plan", "sampling.draws=64")
    many = run("trial=phase3_plan", "sampling.draws=64", "trial.enrolment.sites.number=47")
    assert "Never opens" in report(few, {})
    assert "more in <code>sites.csv" not in report(few, {})
    assert "and 7 more in <code>sites.csv" in report(many, {})


def test_dates_among_the_assumptions_are_days(base: Results) -> None:
    assert number_text(2007.839726, 0, "date") == "3 Nov 2007"
    assert number_text(2007.839726, 0, "months") == "2,008"
    row = next(row for row in assumed(base) if row["quantity"] == "trial.interim.date")
    assert row["range"] == "4 Oct 2007–4 Dec 2007"


# a sweep


def test_runs_that_never_read_out_are_compared_without_a_number_that_is_none(
    base: Results, late: Results, never: Results, none: Results
) -> None:
    runs = {"base": base, "late": late, "never": never, "none": none}
    for baseline in runs:
        table = compare(runs, baseline)
        assert baseline_of(table) == baseline
        own = table[(table["run"] == baseline) & table["value"].notna()]
        assert (own["difference"] == 0).all()
    table = compare(runs, "never")
    row = table[(table["run"] == "base") & (table["variable"] == "readout_date") & (table["statistic"] == "p50")]
    assert row["difference"].item() == -math.inf
    mean = table[(table["run"] == "never") & (table["variable"] == "readout_date") & (table["statistic"] == "mean")]
    assert mean[["difference_p05", "difference_p95"]].to_numpy().tolist() == [[0, 0]]


def test_a_comparison_shows_the_trials_where_there_is_one(base: Results, ebmt: Results, none: Results) -> None:
    runs = {"base": base, "ebmt": ebmt, "none": none}
    table = compare(runs)
    said = sentences(runs, table)
    text, page = comparison_table(table, said), comparison_page(runs, table, {}, None)
    lines = [line.split() for line in text[text.index("The trial") :].splitlines()]
    percentages = {line[0]: line[1:] for line in lines[2:5]}
    assert percentages["none"] == ["–"] * 4
    assert percentages["base"][:2] == month_text(known(base).day(base.value("readout_months", "p50"))).split()
    assert "<h2>The trial</h2>" in page
    assert "the median read-out is" in said["ebmt"]
    assert "read-out" not in said["none"]
    only = {"one": none, "other": none}
    assert "The trial" not in comparison_table(compare(only), {})
    assert "<h2>The trial</h2>" not in comparison_page(only, compare(only), {}, None)


def test_trials_that_do_not_differ_are_not_mentioned(base: Results) -> None:
    runs = {"one": base, "other": base}
    assert "trial" not in sentences(runs, compare(runs))["other"]


def test_every_variable_of_the_trial_is_shown_or_explained(base: Results) -> None:
    shown = {"enrolment_months", "prospective_months", "control_months", "readout_months"}
    found = {name for name, variable in VARIABLES.items() if variable.level == "run" and name.endswith("_months")}
    assert found == shown
    assert len(milestones(base, known(base))) == len(shown)
