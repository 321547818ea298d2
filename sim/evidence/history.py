"""The history of a volume: what ledger rows say of it, a year each."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from sim.errors import InputError
from sim.evidence.compatible import Row
from sim.evidence.dates import publication_date
from sim.evidence.ledger import Ledger
from sim.evidence.schema import number

MEASURE = "transplant_volume"

_Rows = tuple[Row, ...]


@dataclass(frozen=True)
class Point:
    """What was counted in one year.

    Attributes
    ----------
    year : the calendar year.
    volume : patients or transplants in that year.
    rows : ids of the ledger rows it is read from; several are added up.
    """

    year: int
    volume: float
    rows: tuple[str, ...]


@dataclass(frozen=True)
class History:
    """The volume of one population through the years.

    Attributes
    ----------
    points : in the order of their years, at least one.
    """

    points: tuple[Point, ...]

    @property
    def years(self) -> tuple[int, ...]:
        """The years that were counted, rising."""
        return tuple(point.year for point in self.points)

    @property
    def volumes(self) -> dict[int, float]:
        """Year → volume."""
        return {point.year: point.volume for point in self.points}

    @property
    def rows(self) -> tuple[str, ...]:
        """Ids of all rows, in order."""
        return tuple(row for point in self.points for row in point.rows)


def read_history(ledger: Ledger, points: Sequence[Sequence[str]], at_least: int = 1) -> History:
    """The history that ledger rows tell, as far as they were published by the ledger's date.

    Parameters
    ----------
    ledger : the evidence.
    points : the ids of each year, in the order of the years; several ids are added up.
    at_least : how many years must be known.

    Raises
    ------
    InputError : for an unknown row, too few years known by the date (with the date needed), or rows that are not the
        yearly volume of one population in rising years.
    """
    ledger.known([name for names in points for name in names], at_least=0)  # refuses ids that there are not
    every = [tuple(ledger.rows[name] for name in names) for names in points]
    known = [rows for rows in every if all(row["id"] in ledger for row in rows)]
    if len(known) < min(at_least, len(every)):
        needed = sorted(max(map(publication_date, rows)) for rows in every)[at_least - 1]
        raise InputError(
            f"{len(known)} of the {len(every)} years of {every[0][0]['id']} … {every[-1][-1]['id']} were published by "
            f"evidence.as_of {ledger.as_of}; {at_least} are needed: evidence.as_of={needed} or later"
        )
    for rows in known:
        _check_year(rows)
    for before, after in pairwise(known):
        _check_alike(before, after)
    return History(tuple(_point(rows) for rows in known))


def _point(rows: _Rows) -> Point:
    return Point(int(rows[0]["era_end"]), sum(number(row["mean"]) for row in rows), tuple(row["id"] for row in rows))


def _check_year(rows: _Rows) -> None:
    """Each row is the volume of one year, and rows that are added up are different patients of the same year."""
    for row in rows:
        if row["measure"] != MEASURE:
            raise InputError(f"row '{row['id']}' measures {row['measure']}, not {MEASURE}")
        if not row["era_start"] or row["era_start"] != row["era_end"]:
            raise InputError(f"row '{row['id']}' is not of one year (era {row['era_start']} to {row['era_end']})")
        if not row["mean"] or number(row["mean"]) <= 0:
            raise InputError(f"row '{row['id']}' has no volume above 0 (mean '{row['mean']}')")
    for one, other in combinations(rows, 2):
        if one["era_end"] != other["era_end"]:
            raise InputError(f"rows {_named('era_end', one, other)} cannot be added up: different years")
        if _contains(one["transplant_type"], other["transplant_type"]):
            raise InputError(f"rows {_named('transplant_type', one, other)} cannot be added up: the same patients")


def _contains(one: str, other: str) -> bool:
    """Whether a type of transplant is part of another: `allogeneic related` of `allogeneic`, any of `all`."""
    return "all" in (one, other) or one.startswith(other) or other.startswith(one)


def _check_alike(before: _Rows, after: _Rows) -> None:
    """Two years are of the same population, the second later."""
    first, second = before[0], after[0]
    if int(first["era_end"]) >= int(second["era_end"]):
        raise InputError(f"rows {_named('era_end', first, second)}: the years must rise")
    for column in ("region", "age_group"):
        if first[column] != second[column]:
            raise InputError(f"rows {_named(column, first, second)} are no history: different populations")
    if _together(before) != _together(after):
        raise InputError(f"rows {_named('transplant_type', first, second)} are no history: different populations")


def _together(rows: _Rows) -> str:
    """What types add up to: their common words, `allogeneic` for related and unrelated; `all` for none."""
    first, *others = (row["transplant_type"].split() for row in rows)
    return " ".join(word for word in first if all(word in other for other in others)) or "all"


def _named(column: str, one: Row, other: Row) -> str:
    return f"'{one['id']}' ({column} {one[column]}) and '{other['id']}' ({other[column]})"


def check_basis(one: Row, other: Row) -> None:
    """Refuse two rows that count differently in one forecast.

    Raises
    ------
    InputError : naming both rows.
    """
    if one["basis"] != other["basis"]:
        raise InputError(
            f"rows {_named('basis', one, other)} count differently: all transplants of a year are 9 to 20 % more than "
            "its first transplants; one option rests on one basis"
        )
