"""Self-contained pages: the report of a run and the comparison of a sweep; nothing in them comes from a network."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sim.results.run import Results
from sim.variables import HEADLINE, VARIABLES
from sim.views.contrast import baseline_of, contrasts
from sim.views.estimates import Estimates, divisions, is_point, stages, typed
from sim.views.messages import caption, comparison_message, headline, reading, sampling_words
from sim.views.numbers import ABSENT, UNKNOWN, rounded, span

_ASSUMED = "assumption:"
_COMPARED = (HEADLINE, "deaths_day100")


def report(results: Results, svgs: Mapping[str, str]) -> str:
    """The report of one run as one HTML page.

    Parameters
    ----------
    results : the run.
    svgs : name → SVG text of its figures, in the order they are to be shown.
    """
    find = Estimates(results)
    return _page(
        "report.html",
        title=str(results.provenance["title"]),
        scenario=str(results.provenance["scenario"]),
        story=str(results.configuration.get("scenario", {}).get("story") or ""),
        changed=typed(results),
        headline=headline(results),
        error=find().error_text,
        point=is_point(results),
        stages=stages(results),
        years=_years(results, find),
        errors=[find(stage.name).error_text for stage in stages(results)],
        divided=_divided(results, find),
        headline_variable=VARIABLES[HEADLINE],
        figures=[(reading(name), inline(svg, name, caption(results, name))) for name, svg in svgs.items()],
        assumptions=[_assumption(row) for row in _rows(results.assumptions)],
        evidence=_rows(results.evidence),
        provenance=_provenance(results),
    )


def comparison_page(
    runs: Mapping[str, Results], comparison: pd.DataFrame, failed: Mapping[str, str], svg: str | None
) -> str:
    """The page of a sweep: picture, differences with their intervals, and the runs that failed.

    Parameters
    ----------
    runs : label → finished run.
    comparison : columns as `comparison.csv` has them; may be empty.
    failed : label → why the run gave nothing.
    svg : the picture of the comparison, where there is one.
    """
    blocks = [(VARIABLES[name], contrasts(comparison, name)) for name in _COMPARED]
    shown = [(variable, rows) for variable, rows in blocks if rows]
    message = comparison_message(shown[0][1]) if shown else "No run finished"
    return _page(
        "comparison.html",
        title=message,
        baseline="" if comparison.empty else baseline_of(comparison),
        blocks=shown,
        figure=inline(svg, "comparison", message) if svg else None,
        runs=[(label, run.provenance, sampling_words(run.provenance), typed(run)) for label, run in runs.items()],
        failed=dict(failed),
    )


def inline(svg: str, name: str, label: str) -> Markup:
    """An SVG fit to stand in a page: named for those who cannot see it, its ids its own, its prologue gone.

    Parameters
    ----------
    svg : as `save` writes it.
    name : what its ids begin with, so that several pictures do not share one.
    label : what it shows, in words.
    """
    prefix = re.sub(r"\W", "-", name)
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'(\sid=")', rf"\g<1>{prefix}-", body)
    body = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}-", body)
    opening = Markup('<svg role="img" aria-label="{}"').format(label)
    return opening + Markup(body.removeprefix("<svg"))  # our own drawing: Matplotlib has escaped the words in it


def _page(template: str, **content: Any) -> str:
    environment = Environment(
        loader=PackageLoader("sim.views"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**content)


def _years(results: Results, find: Estimates) -> list[tuple[int, list[tuple[str, str]]]]:
    """Year → mean and range of each stage."""
    return [(year, [_cell(find, stage.name, year) for stage in stages(results)]) for year in results.years]


def _cell(find: Estimates, name: str, year: int, labels: Mapping[str, str] | None = None) -> tuple[str, str]:
    if labels is None:
        return str(find(name, year=year)), find.spread(name, year)
    return str(find(name, year=year, labels=labels)), find.spread(name, year, labels)


def _divided(results: Results, find: Estimates) -> list[tuple[str, list[tuple[str, Sequence[tuple[str, str]]]]]]:
    """Dimension → label → severe VOD in the first and the last year."""
    ends = sorted({results.years[0], results.years[-1]})
    return [
        (name, [(label, [_cell(find, HEADLINE, year, {name: label}) for year in ends]) for label in labels])
        for name, labels in divisions(results).items()
    ]


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table's rows; what is empty in it is an empty text."""
    return [
        {str(name): value for name, value in row.items()} for row in table.astype(object).fillna("").to_dict("records")
    ]


def _assumption(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the table of assumptions, its numbers as text and what is no evidence marked."""
    numbers = {name: float(row[name]) if row.get(name, "") != "" else UNKNOWN for name in ("mean", "p05", "p95")}
    certain = numbers["p05"] == numbers["p95"]
    low, high = (rounded(numbers[name], UNKNOWN) for name in ("p05", "p95"))
    spread = "certain" if certain else ABSENT if low == ABSENT else span(low, high)
    texts = {name: str(row.get(name, "")) for name in ("source", "spread", "borrowed", "citation")}
    return {
        **{name: str(row.get(name, "")) for name in ("quantity", "value", "unit", "criterion", "verified")},
        **{name: _unmarked(text) for name, text in texts.items()},
        "mean": rounded(numbers["mean"], 0),
        "range": spread,
        "source_assumed": texts["source"].startswith(_ASSUMED),
        "spread_assumed": texts["spread"].startswith(_ASSUMED),
    }


def _unmarked(text: str) -> str:
    return text.removeprefix(_ASSUMED).strip()


def _provenance(results: Results) -> list[tuple[str, str]]:
    source = results.provenance
    files = [(f"file {name}", f"SHA-256 {digest}") for name, digest in source.get("files", {}).items()]
    libraries = ", ".join(f"{name} {version}" for name, version in source["libraries"].items())
    typed_words = " ".join(str(word) for word in source.get("overrides", ()))
    return [
        *([("overrides", typed_words)] if typed_words else []),
        ("draws", sampling_words(source)),
        ("chance", "whole patients" if source["chance"] else "left out: expected numbers"),
        ("seed", str(source["seed"])),
        ("finished", str(source["finished"])),
        ("took", f"{source['seconds']} seconds"),
        ("program", f"sim {source['program']}, Python {source['python']}, {libraries}"),
        ("commit", str(source["commit"] or "none: an installed copy")),
        ("platform", str(source["platform"])),
        ("evidence ledger", f"SHA-256 {source['ledger']}"),
        *files,
    ]
