"""The ledger: published evidence, a row a figure, that quantities cite by id."""

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sim.errors import InputError, nearest

COLUMNS = (
    "id", "measure", "quantity", "basis", "region", "transplant_type", "age_group", "era_start", "era_end", "published",
    "n", "k", "mean", "ci_low", "ci_high", "unit", "citation", "doi_or_pmid", "verified", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Ledger(Mapping[str, Mapping[str, str]]):
    """Rows by id, in the order of the file.

    Attributes
    ----------
    rows : id → column → text as it stands in the file.
    digest : SHA-256 of the file, so that a run can say which evidence it used.
    """

    rows: Mapping[str, Mapping[str, str]]
    digest: str

    def __getitem__(self, identifier: str) -> Mapping[str, str]:
        """The row of that id.

        Raises
        ------
        InputError : for an unknown id, with the nearest known one.
        """
        if identifier not in self.rows:
            raise InputError(f"'{identifier}' is no row of the evidence ledger{nearest(identifier, self.rows)}")
        return self.rows[identifier]

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def counts(self, identifiers: tuple[str, ...]) -> list[tuple[int, int]]:
        """Events and patients, (k, n), of each row.

        Raises
        ------
        InputError : for an unknown id, a row without both, or rows of different measures.
        """
        rows = [self[identifier] for identifier in identifiers]
        for row in rows:
            if not (row["n"] and row["k"]):
                raise InputError(f"ledger row '{row['id']}' has no n and k to pool")
            if row["measure"] != rows[0]["measure"]:
                raise InputError(
                    f"ledger rows '{rows[0]['id']}' ({rows[0]['measure']}) and '{row['id']}' ({row['measure']}) "
                    "measure different things"
                )
        return [(int(row["k"]), int(row["n"])) for row in rows]


def read_ledger(path: Path) -> Ledger:
    """Read a ledger file.

    Raises
    ------
    InputError : for a missing column, a repeated id or a row with more events than patients, naming the row.
    """
    content = path.read_bytes()
    reader = csv.DictReader(content.decode("utf-8").splitlines())
    if missing := [column for column in COLUMNS if column not in (reader.fieldnames or ())]:
        raise InputError(f"{path.name}: column '{missing[0]}' is missing")
    rows: dict[str, Mapping[str, str]] = {}
    for row in reader:
        if row["id"] in rows:
            raise InputError(f"{path.name}: row '{row['id']}' stands twice")
        if row["n"] and row["k"] and int(row["k"]) > int(row["n"]):
            raise InputError(f"{path.name}: row '{row['id']}' has k {row['k']} above n {row['n']}")
        rows[row["id"]] = row
    return Ledger(rows, hashlib.sha256(content).hexdigest())
