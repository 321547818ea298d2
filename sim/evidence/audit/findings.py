"""What the audit finds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Row = Mapping[str, str]
Rows = list[Row]
Severity = Literal["error", "warning", "note"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""Worst first: what cannot be, what must not be used unseen, what one should know."""


@dataclass(frozen=True)
class Finding:
    """One thing found.

    Attributes
    ----------
    kind : a short name, such as `impossible` or `same patients`.
    severity : error, warning or note.
    rows : ids of the rows it is about.
    words : one line for people, without the ids in `rows`.
    """

    kind: str
    severity: Severity
    rows: tuple[str, ...]
    words: str


Check = Callable[[Rows], Iterator[Finding]]
"""One check: all rows of a ledger → what it finds."""


def has_counts(row: Row) -> bool:
    """Whether it gives events among patients."""
    return bool(row["n"] and row["k"] and int(row["n"]))


def is_share(row: Row) -> bool:
    """Whether its figure is a share of a population."""
    return row["unit"].startswith("proportion")


def is_volume(row: Row) -> bool:
    """Whether it counts transplants or transplanted patients."""
    return row["measure"] == "transplant_volume"
