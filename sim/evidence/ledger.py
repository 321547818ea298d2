"""The ledger: published evidence, a row a figure, that quantities cite by id."""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path

from sim.dates import last_day
from sim.errors import InputError, nearest
from sim.evidence.compatible import check_compatible
from sim.evidence.dates import publication_date
from sim.evidence.schema import COLUMNS, check_row

_TOO_FEW = 2  # rows that a pooling needs


@dataclass(frozen=True)
class Ledger(Mapping[str, Mapping[str, str]]):
    """Rows by id, in the order of the file; seen from a date, those published by then.

    Attributes
    ----------
    rows : id → column → text as it stands in the file; every row, whatever the date.
    digest : SHA-256 of the file, so that a run can say which evidence it used.
    as_of : the last day whose publications are known; None knows all.
    """

    rows: Mapping[str, Mapping[str, str]]
    digest: str
    as_of: date | None = None

    def known_by(self, as_of: str | int | date | None) -> "Ledger":
        """The same ledger as it was known at the end of a year (2007), a month (2007-11) or a day (2007-11-30).

        Parameters
        ----------
        as_of : the date; None knows all.

        Raises
        ------
        InputError : for a text that is no date.
        """
        return replace(self, as_of=None if as_of is None else last_day("evidence.as_of", as_of))

    def __getitem__(self, identifier: str) -> Mapping[str, str]:
        """The row of that id.

        Raises
        ------
        InputError : for an unknown id, with the nearest known one; for a row published later, with the date needed.
        """
        row = self._row(identifier)
        if not self._is_known(row):
            published = publication_date(row)
            raise InputError(
                f"'{identifier}' was published on {published}, after evidence.as_of {self.as_of}; "
                f"it needs evidence.as_of={published} or later"
            )
        return row

    def __contains__(self, identifier: object) -> bool:
        return identifier in self.rows and self._is_known(self.rows[str(identifier)])

    def __iter__(self) -> Iterator[str]:
        return (identifier for identifier, row in self.rows.items() if self._is_known(row))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def known(self, identifiers: Sequence[str], at_least: int = 1) -> tuple[str, ...]:
        """Those of some rows that were published by the date, in the order given.

        Parameters
        ----------
        identifiers : ids of rows.
        at_least : how many must be left.

        Raises
        ------
        InputError : for an unknown id; when too few are left, with the date needed.
        """
        rows = [self._row(identifier) for identifier in identifiers]
        known = tuple(row["id"] for row in rows if self._is_known(row))
        if len(known) < min(at_least, len(rows)):
            needed = sorted(map(publication_date, rows))[at_least - 1]
            names = ", ".join(identifiers)
            raise InputError(
                f"of the rows {names}, {len(known) or 'none'} was published by evidence.as_of {self.as_of}; "
                f"at least {at_least} needed: evidence.as_of={needed} or later"
            )
        return known

    def counts(self, identifiers: Sequence[str]) -> list[tuple[int, int]]:
        """Events and patients, (k, n), of those rows that were published by the date.

        Raises
        ------
        InputError : for an unknown id, too few rows known by the date, or rows that cannot be pooled.
        """
        known = self.known(identifiers, at_least=min(_TOO_FEW, len(identifiers)))
        rows = [self[identifier] for identifier in known]
        check_compatible(rows)
        return [(int(row["k"]), int(row["n"])) for row in rows]

    def _row(self, identifier: str) -> Mapping[str, str]:
        if identifier not in self.rows:
            hint = nearest(identifier, self.rows)
            known = hint if "did you mean" in hint else "; list them with: sim evidence"
            raise InputError(f"'{identifier}' is no row of the evidence ledger{known}")
        return self.rows[identifier]

    def _is_known(self, row: Mapping[str, str]) -> bool:
        return self.as_of is None or publication_date(row) <= self.as_of


def read_ledger(path: Path) -> Ledger:
    """Read a ledger file.

    Raises
    ------
    InputError : for a file that cannot be read, a missing column, a repeated id or a row that breaks the rules of its
        columns, naming the row.
    """
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise InputError(f"{path.name}: cannot be read ({fault.strerror})") from fault
    return Ledger(_rows(path.name, content), hashlib.sha256(content).hexdigest())


@lru_cache(maxsize=4)  # the same bytes are the same rows, which every run of a sweep would read anew
def _rows(name: str, content: bytes) -> Mapping[str, Mapping[str, str]]:
    """Id → column → text; nobody may change it."""
    table = _cells(name, content)
    for column in COLUMNS:
        if column not in table[0]:
            raise InputError(f"{name}: column '{column}' is missing")
        if table[0].count(column) > 1:
            raise InputError(f"{name}: column '{column}' stands twice")
    rows: dict[str, Mapping[str, str]] = {}
    for cells in table[1:]:
        if cells:
            row = dict(zip(table[0], cells, strict=False))
            _check(f"{name}: row '{cells[0]}'", row, rows, len(cells) == len(table[0]))
            rows[row["id"]] = row
    return rows


def _cells(name: str, content: bytes) -> list[list[str]]:
    """The cells of a file, the heading first."""
    try:
        text = content.decode("utf-8-sig")  # spreadsheets write a mark before the first heading
        return list(csv.reader(io.StringIO(text, newline=""), strict=True)) or [[]]
    except (UnicodeDecodeError, csv.Error) as fault:
        raise InputError(f"{name}: is no CSV file in UTF-8 ({fault})") from fault


def _check(name: str, row: Mapping[str, str], before: Mapping[str, object], complete: bool) -> None:
    if not complete:
        raise InputError(f"{name} has more or fewer cells than there are columns")
    if row["id"] in before:
        raise InputError(f"{name} stands twice")
    try:
        check_row(row)
    except InputError as fault:
        raise InputError(f"{name}: {fault}") from fault
