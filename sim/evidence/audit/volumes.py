"""Volumes against each other: parts and totals, stated changes, first transplants against all of them."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import product

from sim.evidence.audit.findings import Finding, Row, Rows, Severity, is_volume
from sim.evidence.schema import UNSTATED, number

_TYPES = {"total": "all", "allo": "allogeneic", "auto": "autologous"}
_CHANGE = re.compile(r"(total|allo|auto) ([+-]\d+(?:\.(\d+))?)% since (\d{4})")
_ROUNDED = 0.001  # of a total, where a part is derived from a rounded share or recalled
_ROUNDED_CHANGE = 1.0  # percentage points, where a row is derived from a rounded share


def parts_and_totals(rows: Rows) -> Iterator[Finding]:
    """Allogeneic and autologous transplants of one survey against its total."""
    for group in _groups(rows, "region", "era_start", "era_end", "basis", "age_group"):
        by_type = {word: [row for row in group if row["transplant_type"] == word] for word in _TYPES.values()}
        for total, allo, auto in product(by_type["all"], by_type["allogeneic"], by_type["autologous"]):
            parts, whole = _figure(allo) + _figure(auto), _figure(total)
            tolerance = 1.0 if all(map(_is_firm, (total, allo, auto))) else _ROUNDED * whole
            if abs(parts - whole) > tolerance:
                words = f"{_figure(allo):,.0f} + {_figure(auto):,.0f} = {parts:,.0f}, not the total {whole:,.0f}"
                yield Finding("inconsistent", "error", (total["id"], allo["id"], auto["id"]), words)


def two_figures(rows: Rows) -> Iterator[Finding]:
    """Two rows that give one volume."""
    for group in _groups(rows, "region", "era_start", "era_end", "basis", "age_group", "transplant_type"):
        figures = [_figure(row) for row in group]
        if max(figures) - min(figures) > _ROUNDED * max(figures):
            said = " and ".join(f"{figure:,.0f}" for figure in figures)
            words = f"{said} for the same volume: {max(figures) / min(figures) - 1:.0%} apart".replace("%", " %")
            yield Finding("two figures", "note", tuple(row["id"] for row in group), words)


def mixed_bases(rows: Rows) -> Iterator[Finding]:
    """First transplants against all transplants of one region and year: never to stand in one history."""
    for group in _groups(rows, "region", "era_start", "era_end", "age_group", "transplant_type"):
        first = [row for row in group if row["basis"] == "first_transplants"]
        every = [row for row in group if row["basis"] == "all_transplants"]
        if first and every:
            ratio = _figure(every[0]) / _figure(first[0]) - 1
            words = f"all transplants are {ratio:.0%} more than first transplants: never mix the two".replace("%", " %")
            severity: Severity = "note" if ratio > 0 else "error"
            yield Finding("mixed bases", severity, (first[0]["id"], every[0]["id"]), words)


def basis_given(rows: Rows) -> Iterator[Finding]:
    """A volume whose basis is not known, and a basis where no volume is."""
    for group in _groups(rows, "region"):
        if unstated := tuple(row["id"] for row in group if row["basis"] == UNSTATED):
            yield Finding("basis unstated", "warning", unstated, "first transplants, or all of them: not known")
    for row in rows:
        if is_volume(row) and not row["basis"]:
            yield Finding("inconsistent", "error", (row["id"],), "a volume without a basis; write unstated if it is")
        if not is_volume(row) and row["basis"]:
            words = f"basis {row['basis']} where no transplants are counted"
            yield Finding("inconsistent", "error", (row["id"],), words)


def stated_changes(rows: Rows) -> Iterator[Finding]:
    """What notes say after "CHANGE: ", such as "total +46% since 2006", against the rows of both years."""
    for later, word, percent, digits, year in dict.fromkeys(_changes(rows)):
        region, era = later
        now = _same(rows, region, era, _TYPES[word])
        for new, old in _best_basis(now, _same(rows, region, year, _TYPES[word])):
            found, slack = _change(old, new), 0.5 * 10.0**-digits
            slack += 0.0 if all("DERIVED" not in row["note"] for row in (old, new)) else _ROUNDED_CHANGE
            if abs(found - percent) > slack:
                yield _changed(old, new, f"{percent:+.{digits}f}", f"{found:+.1f}")


def _changed(old: Row, new: Row, stated: str, found: str) -> Finding:
    bases = "" if old["basis"] == new["basis"] else f"; their bases are {old['basis']} and {new['basis']}"
    words = (
        f"the note says {stated} % since {old['era_end']}, the rows {_figure(old):,.0f} and {_figure(new):,.0f} "
        f"say {found} %{bases}"
    )
    memory = "".join(f"; {row['id']} is recalled" for row in (old, new) if row["verified"] == "recalled")
    return Finding("inconsistent", "warning", (old["id"], new["id"]), words + memory)


def _changes(rows: Rows) -> Iterator[tuple[tuple[str, str], str, float, int, str]]:
    for row in filter(is_volume, rows):
        for word, percent, decimals, year in _CHANGE.findall(row["note"].partition("CHANGE: ")[2]):
            yield (row["region"], row["era_end"]), word, float(percent), len(decimals), year


def _same(rows: Rows, region: str, year: str, kind: str) -> Rows:
    wanted = (region, year, year, kind, "all")
    columns = ("region", "era_start", "era_end", "transplant_type", "age_group")
    return [row for row in rows if is_volume(row) and tuple(row[column] for column in columns) == wanted]


def _best_basis(new: Rows, old: Rows) -> list[tuple[Row, Row]]:
    """Pairs on one basis, all transplants before first ones as surveys tell changes; else whatever pairs there are."""
    pairs = list(product(new, old))
    fits: tuple[Callable[[Row, Row], bool], ...] = (
        lambda a, b: a["basis"] == b["basis"] == "all_transplants",
        lambda a, b: a["basis"] == b["basis"],
        lambda _a, _b: True,
    )
    return next((found for fit in fits if (found := [pair for pair in pairs if fit(*pair)])), [])


def _change(old: Row, new: Row) -> float:
    return 100 * (_figure(new) / _figure(old) - 1)


def _groups(rows: Rows, *columns: str) -> list[Rows]:
    """Volumes that agree in some columns."""
    found: dict[tuple[str, ...], Rows] = defaultdict(list)
    for row in rows:
        if is_volume(row) and row["mean"]:
            found[tuple(row[column] for column in columns)].append(row)
    return list(found.values())


def _figure(row: Row) -> float:
    return number(row["mean"])


def _is_firm(row: Row) -> bool:
    return row["verified"] != "recalled" and "DERIVED" not in row["note"]
