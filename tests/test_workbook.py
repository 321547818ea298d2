"""The workbook: its formulas say what the model says, before and after a cell is changed."""

import io
import math
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.workbook.workbook import Workbook
from scipy.special import ndtri

import sim
from sim.commands import at_the_means
from sim.dates import decimal_year
from sim.results.run import Results
from sim.variables import VARIABLES
from sim.views.workbook.book import NEVER
from sim.views.workbook.formula import Formula, largest, number, tails, when
from sim.views.workbook.writing import workbook

pytestmark = pytest.mark.once

EXACT = 1e-9  # relative
NOISE = 1e-12  # of a line's largest number: what rounding leaves where money cancels

TINY = ("sampling=quick", "sampling.draws=16", "report=none")

BASE: tuple[str, ...] = ()
SHORT = ("trial=none", "market.last_year=2012", "years.last=2010")
AGES = (*SHORT, "transplants=europe_by_age", "market.dosing.wastage=infusion")
REGIONS = (*SHORT, "transplants=europe_us")
PATIENTS = ("market=none", "trial=none")

SOURCE = "source: 'assumption: why'"
SHARE = f"unit: share, {SOURCE}"

CURVES = {
    "linear": (
        f"+market.patients.uptake.years={{value: 3, unit: years, {SOURCE}}}",
        "market.dosing.wastage=none",
    ),
    "bass": (
        f"+market.patients.uptake.innovation={{value: 0.03, unit: per year, {SOURCE}}}",
        f"+market.patients.uptake.imitation={{value: 0.38, unit: per year, {SOURCE}}}",
        "market.dosing.weight_spread.value=0",
        "market.competition.during.value=1",
    ),
    "observed": (
        "+market.patients.uptake.points=[[0.5,0.2],[2,0.7],[4,1]]",
        "market.patients.uptake.source='assumption: why'",
        "market.discounting=end-year",
        "market.competition.after.value=0",
        "market.competition.during.value=0",
    ),
}

MONEY = (
    *SHORT,
    "market.terms=nominal",
    f"market.inflation={{value: 0.03, unit: per year, {SOURCE}}}",
    "market.price_change.value=0.02",
    "market.valuation_date=2009-03-15",
    "market.costs.upfront.value=5000000",
    f"+market.costs.milestones.a={{event: approval, amount: {{value: 1000000, unit: USD, {SOURCE}}}}}",
    f"+market.costs.milestones.b={{event: launch, amount: {{value: 2000000, unit: EUR, {SOURCE}}}}}",
    f"+market.costs.milestones.c={{event: sales, above: 10000000, amount: {{value: 3000000, unit: USD, {SOURCE}}}}}",
    f"+market.named_patient.price.us={{value: 300, unit: USD per vial, {SOURCE}}}",
    f"+market.named_patient.price.europe={{value: 20000, unit: EUR per patient, {SOURCE}}}",
    f"market.named_patient.ends_after_miss={{value: 30, unit: months, {SOURCE}}}",
    f"market.launch.earliest={{value: '2010-06-01', unit: date, {SOURCE}}}",
    "market.list_price.europe.unit=EUR per patient",
    "market.payer.care_with.value=1000",
)

VOD_LABEL = ("trial=none", "market.patients.label=vod", f"market.patients.high_risk={{value: 0.3, {SHARE}}}")
PREVENTION = (
    *AGES,
    "market.patients.label=prevention",
    f"market.patients.high_risk={{value: 0.3, {SHARE}}}",
    f"market.patients.prevented={{value: 0.4, {SHARE}}}",
)

VARIANTS = {
    "base": BASE,
    "regions": REGIONS,
    "money": MONEY,
    "prevention": PREVENTION,
    "patients": PATIENTS,
}
FURTHER = {
    **{name: ("trial=none", f"market.patients.uptake.curve={name}", *words) for name, words in CURVES.items()},
    "vod": VOD_LABEL,
    "ages": AGES,
    "all years": MONEY[len(SHORT) :],
    "cohorts": ("vod=cohorts",),
    "criterion": ("vod=any_criterion", "trial=none"),
    "yearly": (
        "transplants=by_type",
        "transplants.growth_pattern=yearly",
        "transplants.growth.value=0.02",
        "trial=none",
    ),
    "log": ("transplants.growth.unit=log change", "transplants.growth.value=0.03", "trial=none"),
    "unnamed": ("market.named_patient=null", "trial=none"),
    "simple": ("market=simple", "trial=none"),
    "small vials": ("market.dosing.vial.value=1", "market.dosing.weight_spread.value=1.5", "trial=none"),
    "short": ("market.last_year=2009", "trial=none"),
}

WITHOUT_TRIAL = ("trial=none",)
SIMULATED = (BASE, PATIENTS, WITHOUT_TRIAL)

Values = Mapping[str, list[float]]


@cache
def run(overrides: tuple[str, ...]) -> tuple[Results, Results]:
    """A small run, where it is looked at, and the same at the means."""
    assumptions = sim.load("press_release", [*overrides, *TINY])
    point = sim.simulate(at_the_means(assumptions))
    return (sim.simulate(assumptions) if overrides in SIMULATED else point), point


@cache
def written(overrides: tuple[str, ...]) -> bytes:
    return workbook(*run(overrides))


def opened(content: bytes | Path, *, values: bool = True) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(content) if isinstance(content, bytes) else content, data_only=values)


def named(book: Workbook) -> dict[str, list[float]]:
    """What the cells behind each name hold."""
    found = {}
    for name, defined in book.defined_names.items():
        sheet, place = next(iter(defined.destinations))
        cells = book[sheet][place.replace("$", "")]
        found[str(name)] = [cell.value for cell in (cells[0] if isinstance(cells, tuple) else [cells])]
    return found


def expected(point: Results) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """What the model says at the means, by the names that the workbook has; what is never is 9999."""
    found = {}
    for name, array in point.outputs.isel(draw=0).data_vars.items():
        parts = {"": array}
        if VARIABLES[str(name)].level == "cell":
            parts = {"_all": array.sum(["region", "transplant", "age_group"])}
        elif "market_region" in array.dims:
            parts = {f"_{region}": array.sel(market_region=region) for region in array["market_region"].to_numpy()}
            if VARIABLES[str(name)].adds_up:
                parts["_all"] = array.sum("market_region")
        elif array.ndim:
            parts = {"_all": array}
        for ending, part in parts.items():
            values = np.atleast_1d(part.to_numpy()).astype(np.float64)
            found[f"{name}{ending}"] = np.where(np.isinf(values), NEVER, np.nan_to_num(values))
    return found


_ELSEWHERE = ("months", "control", "prob_", "readout_date", "cost_of_delay")  # the trial's, and what no formula gives


def agree(values: Values, point: Results) -> int:
    """Hold every output of the market and of the funnel against the workbook, and say how many there were."""
    compared = 0
    for name, wanted in expected(point).items():
        if name not in values:
            assert any(word in name for word in _ELSEWHERE) or not wanted.any(), f"{name} is not in the workbook"
            continue
        assert values[name] == pytest.approx(wanted, rel=EXACT, abs=NOISE * np.abs(wanted).max()), name
        compared += 1
    return compared


@pytest.mark.parametrize("overrides", VARIANTS.values(), ids=VARIANTS)
def test_says_what_the_model_says(overrides: tuple[str, ...]) -> None:
    compared = agree(named(opened(written(overrides))), run(overrides)[1])
    assert compared >= (5 if overrides == PATIENTS else 55)


@pytest.mark.slow
@pytest.mark.parametrize("overrides", FURTHER.values(), ids=FURTHER)
def test_says_what_the_model_says_of_further_markets(overrides: tuple[str, ...]) -> None:
    assert agree(named(opened(written(overrides))), run(overrides)[1]) >= 40


Recalculate = Callable[[Mapping[str, Workbook]], Mapping[str, Workbook]]


@pytest.fixture(scope="module")
def recalculate(tmp_path_factory: pytest.TempPathFactory) -> Recalculate:
    """Have LibreOffice work out workbooks that hold no numbers of their own formulas."""
    program = shutil.which("soffice")
    if program is None:
        assert not os.environ.get("CI"), "LibreOffice (soffice) is not installed"
        # a planner's machine need not have it; in CI, which installs it, this is a failure
        pytest.skip("LibreOffice (soffice) is not installed: apt-get install libreoffice-calc")
    place = tmp_path_factory.mktemp("soffice")

    def work_out(books: Mapping[str, Workbook]) -> Mapping[str, Workbook]:
        for folder in ("in", "out"):
            shutil.rmtree(place / folder, ignore_errors=True)
            (place / folder).mkdir()
        for name, book in books.items():
            book.save(place / "in" / f"{name}.xlsx")  # openpyxl leaves out what formulas came to
        sources = sorted(str(path) for path in (place / "in").glob("*.xlsx"))
        profile = f"-env:UserInstallation={(place / 'profile').as_uri()}"
        where = ["--convert-to", "xlsx", "--outdir", str(place / "out")]
        subprocess.run([program, profile, "--headless", *where, *sources], check=True, capture_output=True, timeout=240)
        return {name: opened(place / "out" / f"{name}.xlsx") for name in books}

    return work_out


def changed(overrides: tuple[str, ...], cells: Mapping[str, float | str]) -> Workbook:
    """The workbook of a run with other values in some of its cells."""
    book = opened(written(overrides), values=False)
    for name, value in cells.items():
        sheet, place = next(iter(book.defined_names[name].destinations))
        book[sheet][place.replace("$", "")].value = value
    return book


def errors(book: Workbook) -> list[str]:
    """Cells that hold an error."""
    return [
        f"{sheet.title}!{cell.coordinate} {cell.value}"
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.value.startswith("#")
    ]


CELLS: Mapping[str, float | str] = {
    "vod_incidence": 0.18,
    "transplants_growth": 0.02,
    "market_list_price_us": 600,
    "market_exchange_EUR": 1.5,
    "market_dosing_wastage": "infusion",
    "market_dosing_infusions": 3,
    "market_dosing_weight_spread": 0.2,
    "market_discounting": "end-year",
    "market_valuation_date": decimal_year(date(2008, 4, 1)),
    "market_without_trial_readout": decimal_year(date(2009, 10, 1)),
    "market_patients_uptake_midpoint": 2.5,
    "market_competition_after": 0.4,
    "market_costs_upfront": 10_000_000,
}
TYPED = (
    *WITHOUT_TRIAL,
    "vod.incidence.value=0.18",
    "transplants.growth.value=0.02",
    "market.list_price.us.value=600",
    "market.exchange.EUR.value=1.5",
    "market.dosing.wastage=infusion",
    "market.dosing.infusions=3",
    "market.dosing.weight_spread.value=0.2",
    "market.discounting=end-year",
    "market.valuation_date=2008-04-01",
    "market.without_trial.readout.value=2009-10-01",
    "market.patients.uptake.midpoint.value=2.5",
    "market.competition.after.value=0.4",
    "market.costs.upfront.value=10000000",
)


@pytest.fixture(scope="module")
def recalculated(recalculate: Recalculate) -> Mapping[str, Workbook]:
    """All that the tests below look at, in one start of LibreOffice."""
    later = named(opened(written(BASE)))["trial_readout_date"][0] + 1 / 12
    return recalculate(
        {
            **{name: opened(written(overrides), values=False) for name, overrides in VARIANTS.items()},
            "changed": changed(WITHOUT_TRIAL, CELLS),
            "later": changed(BASE, {"trial_readout_date": later}),
            **{f"course {rule}": changed(COURSE, {"market_dosing_wastage": rule}) for rule in RULES},
        }
    )


@pytest.mark.parametrize("name", [*VARIANTS, "changed"])
def test_recalculates_to_what_the_model_says(recalculated: Mapping[str, Workbook], name: str) -> None:
    """As written, and with changed cells as the model with changed assumptions."""
    book, overrides = recalculated[name], VARIANTS.get(name, TYPED)
    assert errors(book) == []
    assert agree(named(book), run(overrides)[1]) >= (5 if overrides == PATIENTS else 55)
    if name == "changed":
        before = named(opened(written(WITHOUT_TRIAL)))["net_present_value"]
        assert named(book)["net_present_value"] != pytest.approx(before, rel=0.01)


@pytest.mark.slow
def test_further_markets_recalculate(recalculate: Recalculate) -> None:
    found = recalculate({name: opened(written(overrides), values=False) for name, overrides in FURTHER.items()})
    for name, book in found.items():
        assert errors(book) == []
        agree(named(book), run(FURTHER[name])[1])


def test_a_later_readout_moves_sales_and_not_patients(recalculated: Mapping[str, Workbook]) -> None:
    """The trial's date is a cell; a month later costs what the model says it costs."""
    before, after, point = named(opened(written(BASE))), named(recalculated["later"]), run(BASE)[1]
    assert after["severe_vod_all"] == pytest.approx(before["severe_vod_all"])
    assert after["cumulative_sales"][0] < before["cumulative_sales"][0]
    for ending in ("", "_if_approved"):
        lost = before[f"net_present_value{ending}"][0] - after[f"net_present_value{ending}"][0]
        assert lost == pytest.approx(float(point.draws[f"cost_of_delay{ending}"].item()), rel=1e-6)


RULES = {"none": 183.75, "day": 189.0, "infusion": 252.0}
"""Vials of 70 kg and 21 days: exact, shared within a day, and each of four infusions opening its own."""


COURSE = (
    *WITHOUT_TRIAL,
    "market.last_year=2008",
    "years.last=2008",
    "market.dosing.weight_spread.value=0",
    "market.dosing.weight.values.all.value=70",
    *(f"market.dosing.days.{end}.value=21" for end in ("response", "death", "toxicity")),
)


@pytest.mark.parametrize("rule", RULES)
def test_vials_of_a_course(recalculated: Mapping[str, Workbook], rule: str) -> None:
    assert named(recalculated[f"course {rule}"])["vials_a_course_all"] == pytest.approx([RULES[rule]], rel=EXACT)


def test_same_run_same_bytes() -> None:
    assert workbook(*run(PATIENTS)) == written(PATIENTS)
    assert workbook(*run(WITHOUT_TRIAL)) == written(WITHOUT_TRIAL)


@pytest.mark.parametrize("overrides", [BASE, PATIENTS], ids=["base", "patients"])
def test_is_whole(overrides: tuple[str, ...]) -> None:
    """Its sheets in order, no cell an error, every quantity and every cited row in it, no number missing."""
    results = run(overrides)[0]
    book = opened(written(overrides))
    live = [] if overrides == PATIENTS else ["Market", "Value"]
    assert book.sheetnames == ["Answer", "Assumptions", "Patients", *live, "Results", "Evidence"]
    assert errors(book) == []
    keys = {row[0].value for row in book["Assumptions"].iter_rows()}
    assert set(results.assumptions["quantity"]) <= keys
    assert set(results.evidence["id"]) <= {row[0].value for row in book["Evidence"].iter_rows()}
    numbers = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row]
    assert all(math.isfinite(value) for value in numbers if isinstance(value, float))


def test_a_coloured_cell_is_one_that_a_formula_uses() -> None:
    """Of the assumptions: what is coloured has a name that stands in some formula, and the other way round."""
    book = opened(written(BASE), values=False)
    formulas = " ".join(
        str(cell.value)
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if str(cell.value).startswith("=")
    )
    for row in book["Assumptions"].iter_rows(min_row=5):
        name, coloured = row[10].value, row[1].fill.fgColor.rgb == "FFFFF2CC"
        assert coloured == bool(name), row[0].value
        assert not name or str(name) in formulas


def test_text_is_no_formula() -> None:
    """A source that begins with the sign of equality is a text."""
    results, point = run(PATIENTS)
    table = point.assumptions.assign(source="=1+1")
    book = opened(workbook(results, Results(**{**vars(point), "assumptions": table})), values=False)
    cells = [row[6] for row in book["Assumptions"].iter_rows(min_row=6) if row[6].value == "=1+1"]
    assert cells
    assert all(cell.data_type == "s" for cell in cells)


def test_the_simulation_stands_in_the_results() -> None:
    results = run(WITHOUT_TRIAL)[0]
    rows = list(opened(written(WITHOUT_TRIAL))["Results"].iter_rows(values_only=True))
    heads = next(row for row in rows if row[0] == "by year, in all")
    for statistic in ("mean", "p10", "p90"):
        line = next(row for row in rows if row[0] == "Net sales, if approved" and row[2] == statistic.replace("p", "P"))
        assert line[heads.index(2015)] == results.value("net_sales_if_approved", statistic, 2015)


def trees() -> st.SearchStrategy[Formula]:
    leaves = st.integers(1, 9).map(lambda value: number(float(value)))

    def grown(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
        pairs = st.tuples(inner, inner)
        return st.one_of(
            pairs.map(lambda pair: pair[0] + pair[1]),
            pairs.map(lambda pair: pair[0] - pair[1]),
            pairs.map(lambda pair: pair[0] * pair[1]),
            pairs.map(lambda pair: pair[0] / pair[1]),
            inner.map(lambda part: part**2),
            inner.map(lambda part: -part),
        )

    return st.recursive(leaves, grown, max_leaves=12)


@given(trees())
def test_the_text_of_a_formula_comes_to_its_number(formula: Formula) -> None:
    """Brackets stand where they are needed: Python reads the text as a spreadsheet does, which binds a sign first."""
    try:
        value = eval(formula.text.replace("^", "**"), {})
    except ZeroDivisionError:
        return
    if math.isfinite(formula.value):
        assert value == pytest.approx(formula.value, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (number(2) - (number(3) - 4), "2-(3-4)"),
        (number(2) / (number(3) * 4), "2/(3*4)"),
        ((-number(2)) ** 2, "(-2)^2"),
        (-(number(2) ** 2), "-(2^2)"),
        ((number(2) ** 3) ** 2, "(2^3)^2"),
        (when(number(1) > 2, largest(3, 4), number(0.5)), "IF(1>2,MAX(3,4),0.5)"),
    ],
)
def test_brackets(formula: Formula, text: str) -> None:
    assert formula.text == text


@given(st.floats(0.5, 3.0), st.floats(0.05, 0.6))
def test_tails_add_up_to_the_mean_of_what_is_rounded_up(middle: float, spread: float) -> None:
    """Against an integral of the lognormal law, by quantiles."""
    places = (np.arange(20_000) + 0.5) / 20_000
    mean = np.ceil(np.exp(middle + spread * ndtri(places))).mean()
    assert 1.0 + tails(number(middle), number(spread), 999).value == pytest.approx(mean, rel=1e-3)
