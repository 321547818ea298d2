"""The sheet of patients: the funnel by stratum and year, in formulas."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product

from sim.results.run import Results
from sim.variables import FUNNEL, MEETS_CRITERIA, STRATA, TOTAL, TRANSPLANTS, Variable
from sim.views.workbook.book import Book
from sim.views.workbook.formula import Formula, exp
from sim.views.workbook.inputs import Inputs
from sim.views.workbook.page import COUNT, FACTOR, Page, Row, sum_of

SHEET = "Patients"

Stratum = tuple[str, ...]
"""The labels of a part of the patients, by `sim.variables.STRATA`."""

_VOLUME, _GROWTH, _SHARES = "transplants.volume", "transplants.growth", "transplants.shares."
_NOTE = (
    "Transplants, then shares of shares: each line is the line it is a share of, times a rate of the sheet Assumptions."
)


@dataclass(frozen=True)
class Patients:
    """The funnel.

    Attributes
    ----------
    strata : the parts of the patients.
    rows : stage and stratum → its line.
    totals : stage → its line for all strata.
    heads : where the years stand, for a chart.
    """

    strata: tuple[Stratum, ...]
    rows: Mapping[tuple[str, Stratum], Row]
    totals: Mapping[str, Row]
    heads: str


def patients_sheet(book: Book, inputs: Inputs, point: Results) -> Patients:
    """Write the sheet.

    Parameters
    ----------
    book : the file.
    inputs : the quantities.
    point : the run at the means, with all years of the market.
    """
    labels = [[str(label) for label in point.draws[name].to_numpy()] for name in STRATA]
    strata = tuple(product(*labels))
    years = [int(year) for year in point.draws["year"].to_numpy()]
    page = Page(book, SHEET, "Patients a year", _NOTE, years)
    volume = _volume(page, inputs, point)
    rows: dict[tuple[str, Stratum], Row] = {}
    stages = _stages(point)
    for stratum in strata:
        page.section(words(stratum) or "Funnel")
        for stage in stages:
            name = f"{stage.name}_{words(stratum) or TOTAL}"
            rows[stage.name, stratum] = _stage(page, inputs, stage, stratum, rows, volume, name)
    alone = {stage.name: rows[stage.name, strata[0]] for stage in stages}
    totals = _totals(page, stages, strata, rows) if len(strata) > 1 else alone
    return Patients(strata, rows, totals, page.heads)


def words(stratum: Stratum) -> str:
    """The labels of a stratum in words: those of divided dimensions."""
    return ", ".join(label for label in stratum if label != TOTAL)


def _stages(point: Results) -> list[Variable]:
    return [stage for stage in (*FUNNEL, MEETS_CRITERIA) if stage.name in point.draws]


def _stage(
    page: Page,
    inputs: Inputs,
    stage: Variable,
    stratum: Stratum,
    rows: Mapping[tuple[str, Stratum], Row],
    volume: Mapping[Stratum, Row],
    name: str,
) -> Row:
    """One line of a stratum."""
    labels = dict(zip(STRATA, stratum, strict=True))

    def formula(year: int) -> Formula:
        if stage.of is None:
            return _transplants(inputs, labels, volume[stratum], year)
        parent = rows[stage.of, stratum][year]
        if stage.rest_of is not None:
            return parent - rows[stage.rest_of, stratum][year]
        return parent * inputs("trial.meets_criteria" if stage == MEETS_CRITERIA else f"vod.{stage.rate}", labels)

    return page.by_year(stage.long_name, stage.unit, formula, COUNT, name=name)


def _transplants(inputs: Inputs, labels: Mapping[str, str], volume: Row, year: int) -> Formula:
    """The volume of a year times the shares of a stratum."""
    found = volume[year]
    for name in inputs.starting(_SHARES):
        found = found * inputs(name, labels)
    return found


def _totals(
    page: Page, stages: list[Variable], strata: tuple[Stratum, ...], rows: Mapping[tuple[str, Stratum], Row]
) -> dict[str, Row]:
    page.section("All together")
    found = {}
    for stage in stages:
        formula = partial(sum_of, [rows[stage.name, stratum] for stratum in strata])
        name = f"{stage.name}_{TOTAL}"
        found[stage.name] = page.by_year(stage.long_name, stage.unit, formula, name=name, look="total")
    return found


def _volume(page: Page, inputs: Inputs, point: Results) -> Mapping[Stratum, Row]:
    """The volume before it is split: stratum → its line, the same for strata that only shares divide."""
    is_trend = not inputs.has(_VOLUME)
    dims = inputs.dims(f"{_VOLUME}.drift" if is_trend else _VOLUME)
    page.section("Volume, by a fitted trend at its mean: change the coloured cells" if is_trend else "Volume")
    labels = [[str(label) for label in point.draws[name].to_numpy()] for name in STRATA]
    lines: dict[Stratum, Row] = {}
    found: dict[Stratum, Row] = {}
    for stratum in product(*labels):
        own = dict(zip(STRATA, stratum, strict=True))
        key = tuple(own[dimension] for dimension in dims)
        if key not in lines:
            lines[key] = _given(page, point, dims, key) if is_trend else _grown(page, inputs, point, own, key)
        found[stratum] = lines[key]
    return found


def _given(page: Page, point: Results, dims: tuple[str, ...], key: tuple[str, ...]) -> Row:
    volumes = point.draws[TRANSPLANTS.name].isel(draw=0).sel(dict(zip(dims, key, strict=True)))
    by_year = volumes.sum([name for name in STRATA if name in volumes.dims])
    values = {year: float(by_year.sel(year=year)) for year in page.years}
    return page.given(f"Transplants {words(key)}".strip(), TRANSPLANTS.unit, values)


def _grown(page: Page, inputs: Inputs, point: Results, labels: Mapping[str, str], key: tuple[str, ...]) -> Row:
    stated = point.configuration["transplants"]
    since = inputs.setting(
        "transplants.reference_year",
        int(stated["reference_year"]),
        "calendar year",
        "the year of the volume",
    )
    growth = inputs(_GROWTH, labels)
    is_log = str(stated["growth"]["unit"]).startswith("log")

    def factor(year: int) -> Formula:
        elapsed = page.year(year) - since
        return exp(growth * elapsed) if is_log else (1 + growth) ** elapsed

    named = words(key)
    factors = page.by_year(f"Growth {named}".strip(), "since the reference year", factor, FACTOR)
    return page.by_year(
        f"Transplants {named}".strip(), TRANSPLANTS.unit, lambda year: inputs(_VOLUME, labels) * factors[year]
    )
