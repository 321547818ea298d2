"""The page of all assumptions: every option with its quantities, what each rests on, and the evidence behind them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Any

from sim.views.markdown import address, code, item, link, table, wrapped
from sim.views.numbers import ABSENT, UNKNOWN, rounded, span
from sim.views.sources import ASSUMED, measure_name, number_text

Row = Mapping[str, Any]

_VALUE, _UNIT = 30, 34  # characters of a value, of a unit, in a table; a longer one is written out below it

_HOW_TO_READ = (
    "Every number that a run may take, option by option. A table gives each quantity its value as written (the forms "
    "are explained in [quantities.md](quantities.md)), its mean, the range from its 5th to its 95th percentile, its "
    "unit and whether its evidence was seen. The list below a table says what it is a share of, by which diagnostic "
    "criterion, in patients treated how, where the figure and its range come from, whether it is borrowed, and what to "
    "mind. A scenario lists the quantities in which it differs from its options: because it sets them, or because its "
    "date leaves less evidence. The folder of a run holds the same for that run in `assumptions.csv` and "
    "`evidence.csv`."
)


@dataclass(frozen=True)
class Entry:
    """One option, or one scenario.

    Attributes
    ----------
    name : as it is typed: `vod=premier_2017`.
    words : paragraphs that say what it is.
    settings : what it says besides quantities: `transplants.reference_year=2002`.
    rows : its quantities, columns as in `assumptions.csv`.
    """

    name: str
    words: Sequence[str]
    settings: Sequence[str]
    rows: Sequence[Row]


def catalogue(groups: Mapping[str, Sequence[Entry]], evidence: Sequence[Row]) -> str:
    """The whole page, as Markdown.

    Parameters
    ----------
    groups : heading → entries beneath it.
    evidence : the ledger rows that any of them rests on, columns as in the ledger.
    """
    ledger = {row["id"]: row for row in evidence}
    rows = [row for entries in groups.values() for entry in entries for row in entry.rows]
    parts = [*_opening(rows, evidence), *_contents(groups)]
    for heading, entries in groups.items():
        parts.append(f"## {heading}")
        for entry in entries:
            parts += _entry(entry, ledger)
    return "\n\n".join([*parts, *_evidence(evidence)]) + "\n"


def _opening(rows: Sequence[Row], evidence: Sequence[Row]) -> Iterator[str]:
    """What the page is, how it is read, and what there is."""
    yield "# What is assumed, and why"
    yield "<!-- Generated from conf/ by `python3 run.py docs`; change it there. -->"
    yield wrapped(_HOW_TO_READ)
    counts = [
        ("quantities, those of several options counted in each", len(rows)),
        ("… resting on published rows seen in a source (`retrieved`)", _count(rows, "verified", "retrieved")),
        ("… resting on rows from memory, unverified (`recalled`)", _count(rows, "verified", "recalled")),
        ("… without a publication: a judgement with its reason (`assumption`)", _count(rows, "verified", "assumption")),
        ("… with a range that is ours, not the source's", sum(_is_assumed(row["spread"]) for row in rows)),
        ("… borrowed from other patients or another definition", sum(bool(row["borrowed"]) for row in rows)),
        ("… with a warning (**mind**)", sum(bool(row["flags"]) for row in rows)),
        ("rows of the evidence ledger behind them", len(evidence)),
    ]
    yield table(("what", "how many"), [(name, str(count or "none")) for name, count in counts], ("how many",))
    if recalled := [code(row["id"]) for row in evidence if row["verified"] == "recalled"]:
        yield wrapped(f"Rows from memory, unverified: {', '.join(recalled)}.")


def _count(rows: Sequence[Row], column: str, word: str) -> int:
    return sum(row[column] == word for row in rows)


def _contents(groups: Mapping[str, Sequence[Entry]]) -> Iterator[str]:
    yield (
        "\n".join(
            wrapped(f"{link(heading)}: " + ", ".join(link(_heading(entry)) for entry in entries), "- ", "  ")
            for heading, entries in groups.items()
        )
        + f"\n- {link('The evidence')}"
    )


def _heading(entry: Entry) -> str:
    return code(entry.name)


def _entry(entry: Entry, ledger: Mapping[str, Row]) -> Iterator[str]:
    """One option: what it is, its settings, its quantities, what they rest on."""
    yield f"### {_heading(entry)}"
    yield from map(wrapped, entry.words)
    if entry.settings:
        yield wrapped(f"Settings: {', '.join(map(code, entry.settings))}.")
    if entry.rows:
        yield table(
            ("quantity", "value", "mean", "5 % to 95 %", "unit", "evidence"),
            [_cells(row) for row in entry.rows],
            ("mean", "5 % to 95 %"),
        )
        yield "\n".join(_reasons(entry.rows, ledger))


def _cells(row: Row) -> tuple[str, ...]:
    low, high = (number_text(row[name], UNKNOWN, row["unit"]) for name in ("p05", "p95"))
    is_certain = row["p05"] == row["p95"]
    known = "certain" if is_certain else ABSENT if ABSENT in (low, high) else span(low, high)
    mean = number_text(row["mean"], 0 if is_certain else UNKNOWN, row["unit"])
    unit = shorten(row["unit"], _UNIT, placeholder=" …")
    return code(row["quantity"]), code(_short(row["value"])), mean, known, unit, row["verified"]


def _short(value: str) -> str:
    """A long value by the name of its form."""
    return value if len(value) <= _VALUE else f"{value.partition('(')[0]}(…)"


def _reasons(rows: Sequence[Row], ledger: Mapping[str, Row]) -> Iterator[str]:
    """What the quantities rest on; those that rest on the same share a point."""
    alike: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        alike.setdefault(tuple(_details(row, ledger)), []).append(row)
    for details, same in alike.items():
        yield item(", ".join(code(row["quantity"]) for row in same))
        values = dict.fromkeys(row["value"] for row in same if len(row["value"]) > _VALUE)
        yield from (item(f"value: {code(value)}", 1) for value in values)
        units = dict.fromkeys(row["unit"] for row in same if len(row["unit"]) > _UNIT)
        yield from (item(f"unit: {unit}", 1) for unit in units)
        yield from (item(detail, 1) for detail in details)


def _details(row: Row, ledger: Mapping[str, Row]) -> Iterator[str]:
    """Of one quantity, a line each: what it is a law or a share of, source, other rows, range, borrowing, warnings."""
    if row.get("law"):
        yield f"a law: each {row['law']} of a draw has a value of its own, and the range is over {row['law']}s"
    if row["of"]:
        yield f"share of {code(row['of'])}; criterion: {row['criterion']}; treated: {row['treated']}"
    yield f"source: {_source(row['source'], ledger)}"
    others = [name for name in row["rows"].split(", ") if name not in ("", row["source"], row["spread"])]
    if others:
        yield f"{'rows' if _is_assumed(row['source']) else 'further rows'}: {', '.join(map(code, others))}"
    if row["spread"]:
        yield f"range: {_source(row['spread'], ledger)}"
    if row["borrowed"]:
        yield f"**borrowed** {row['borrowed']}"
    if row["flags"]:
        yield f"**mind**: {row['flags']}"


def _source(source: str, ledger: Mapping[str, Row]) -> str:
    """An assumption as it stands; a row of the ledger with its citation."""
    if _is_assumed(source):
        return source
    row = ledger[source]
    where = address(row["doi_or_pmid"])
    return f"{code(source)}, {row['citation']}{where and f' {where}'}"


def _is_assumed(source: str) -> bool:
    return source.startswith(ASSUMED)


def _evidence(evidence: Sequence[Row]) -> Iterator[str]:
    """The ledger rows, measure by measure, and the publications they stand in, numbered."""
    ordered = sorted(evidence, key=lambda row: str(row["id"]))
    papers = _papers(ordered)
    places = {key: str(place) for place, key in enumerate(papers, start=1)}
    yield "## The evidence"
    yield wrapped(
        "The rows of the [ledger](../conf/evidence/ledger.csv) that the options rest on; `sim evidence show ID` prints "
        "all that is known of one. Numbers in the last column are those of the publications below."
    )
    for measure in sorted({row["measure"] for row in ordered}):
        yield f"### {measure_name(measure)}"
        yield table(
            ("row", "k", "n", "value", "published", "criterion", "evidence", "paper"),
            [(*_figure(row), places[_paper(row)]) for row in ordered if row["measure"] == measure],
            ("k", "n", "value", "paper"),
        )
    yield "### Publications"
    yield "\n".join(wrapped(f"{places[key]}. {words}", "", "    ") for key, words in papers.items())


def _figure(row: Row) -> tuple[str, ...]:
    """What the ledger's table shows of a row, but for its publication."""
    stated = row["mean"] or (span(row["ci_low"], row["ci_high"]) if row["ci_low"] else ABSENT)
    value = rounded(int(row["k"]) / int(row["n"]), UNKNOWN) if row["k"] and row["n"] else stated
    counts = (row["k"] or ABSENT, row["n"] or ABSENT)
    return code(row["id"]), *counts, value, row["published"], row["criterion"] or ABSENT, row["verified"]


def _papers(rows: Sequence[Row]) -> dict[str, str]:
    """Key → the fullest citation of each publication, with its address."""
    cited: dict[str, str] = {}
    for row in rows:
        words = " ".join(filter(None, (row["citation"], address(row["doi_or_pmid"]))))
        cited[_paper(row)] = max(cited.get(_paper(row), ""), words, key=len)
    return cited


def _paper(row: Row) -> str:
    """What tells a publication from others: its address, else its citation."""
    return str(row["doi_or_pmid"] or row["citation"])
