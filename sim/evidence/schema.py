"""What a row of the ledger must look like."""

import re
from collections.abc import Callable, Mapping

from sim.dates import last_day
from sim.errors import InputError, nearest

COLUMNS = (
    "id", "measure", "quantity", "basis", "region", "transplant_type", "age_group", "era_start", "era_end", "published",
    "n", "k", "mean", "ci_low", "ci_high", "unit", "citation", "doi_or_pmid", "verified", "note",
    "criterion", "denominator", "treated", "cohort", "published_on",
)  # fmt: skip

UNSTATED = "unstated"
"""What a column says where the source says nothing."""

WORDS = {
    "basis": ("", "first_transplants", "all_transplants", UNSTATED),
    "treated": ("", "none", "defibrotide", "mixed", UNSTATED),
    "verified": ("retrieved", "recalled"),
}
"""Columns that take one of a few words."""

_YEAR = re.compile(r"\d{4}", re.ASCII)
_WHOLE = re.compile(r"\d+", re.ASCII)
_NUMBER = re.compile(r"\d+(\.\d*)?(/\d+)?", re.ASCII)


def number(text: str) -> float:
    """A number as the ledger writes it: 0.2, 45000 or 1/3.

    Raises
    ------
    InputError : for any other text, and for a division by zero.
    """
    if _NUMBER.fullmatch(text):
        above, _, below = text.partition("/")
        if not below or float(below) > 0:
            return float(above) / float(below or 1)
    raise InputError(f"'{text}' is no number; write 0.2 or 1/3")


def check_row(row: Mapping[str, str]) -> None:
    """Refuse a row that is not what its columns promise.

    Raises
    ------
    InputError : naming the column and its text, without the row.
    """
    for column in ("id", "measure", "citation"):
        if not row[column].strip():
            raise InputError(f"{column} is missing")
    _each(row, ("published",), lambda text: bool(_YEAR.fullmatch(text)), "is no year")
    _each(row, ("era_start", "era_end"), lambda text: not text or bool(_YEAR.fullmatch(text)), "is no year")
    _each(row, ("n", "k"), lambda text: not text or bool(_WHOLE.fullmatch(text)), "is no whole number")
    _each(row, ("mean", "ci_low", "ci_high"), _is_number, "is no number; write 0.2 or 1/3")
    for column, words in WORDS.items():
        if row[column] not in words:
            raise InputError(f"{column} '{row[column]}' is no word for it{nearest(row[column], filter(None, words))}")
    if row["n"] and int(row["n"]) == 0:
        raise InputError("n 0 is not above 0")
    if row["n"] and row["k"] and int(row["k"]) > int(row["n"]):
        raise InputError(f"k {row['k']} is above n {row['n']}")
    if row["published_on"] and str(last_day("published_on", row["published_on"]).year) != row["published"]:
        raise InputError(f"published_on {row['published_on']} is not in {row['published']}, the year it was published")


def _each(row: Mapping[str, str], columns: tuple[str, ...], fits: Callable[[str], bool], fault: str) -> None:
    for column in columns:
        if not fits(row[column]):
            raise InputError(f"{column} '{row[column]}' {fault}")


def _is_number(text: str) -> bool:
    try:
        return not text or number(text) >= 0
    except InputError:
        return False
