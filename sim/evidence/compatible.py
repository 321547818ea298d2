"""Whether rows of the ledger measure the same thing in different patients, and so may be pooled."""

from collections.abc import Mapping, Sequence

from sim.errors import InputError
from sim.evidence.schema import UNSTATED

Row = Mapping[str, str]

ALIKE = {
    "measure": "measure different things",
    "criterion": "rest on different criteria",
    "denominator": "are shares of different populations",
    "treated": "are of differently treated patients",
}
"""Columns in which pooled rows must agree, and what it means when they do not."""

TYPES = ("allogeneic", "autologous")
"""Labels of a denominator that make it another population: they differ threefold."""


def check_compatible(rows: Sequence[Row]) -> None:
    """Refuse rows that cannot be pooled.

    Rows differ when they measure another thing, by another criterion (`unstated` is one of its own), among other
    patients (see `population`) or under another treatment. Rows of one cohort would count the same patients twice.

    Parameters
    ----------
    rows : of the ledger, as counts of one `pooled(…)`.

    Raises
    ------
    InputError : naming the two rows and what sets them apart; for a row without n and k; for nothing but memory.
    """
    for row in rows:
        if not (row["n"] and row["k"]):
            raise InputError(f"ledger row '{row['id']}' has no n and k to pool")
        _check_alike(rows[0], row)
    _check_apart(rows)
    if rows and all(row["verified"] == "recalled" for row in rows):
        names = ", ".join(f"'{row['id']}'" for row in rows)
        raise InputError(f"ledger {'rows' if len(rows) > 1 else 'row'} {names}: rests on memory alone (recalled)")


def population(denominator: str) -> str:
    """A denominator without what narrows it further: `transplants[allogeneic, paediatric]` → `transplants[allogeneic]`.

    Rows of special patients may be pooled with others: how much they differ is part of what separates the studies.
    """
    whole, _ = _parts(denominator)
    return whole


def diagnosis(row: Row) -> str:
    """The criterion by which VOD was diagnosed; empty for a mortality, whose criterion is what made cases severe."""
    return "" if row["measure"] == "day100_mortality" else row["criterion"].partition(";")[0].strip()


def narrowed(row: Row) -> str:
    """What narrows the patients of a row beyond its population, such as `paediatric`; empty where nothing does."""
    _, further = _parts(row["denominator"])
    return further


def others(rows: Sequence[Row], of: str) -> list[str]:
    """Rows of other patients than a rate is a share of, each with what sets it apart: `strouse2018 (allogeneic)`.

    Parameters
    ----------
    rows : of the ledger, pooled for that rate.
    of : the population the rate is a share of.
    """
    apart = [row for row in rows if row["denominator"] not in ("", UNSTATED, of)]
    return [f"{row['id']} ({row['denominator'].rstrip(']').partition('[')[2] or 'all'})" for row in apart]


def _parts(denominator: str) -> tuple[str, str]:
    word, _, inside = denominator.rstrip("]").partition("[")
    labels = [label.strip() for label in inside.split(",") if label.strip()]
    types = [label for label in labels if label in TYPES]
    further = ", ".join(label for label in labels if label not in TYPES)
    return (f"{word}[{', '.join(types)}]" if types else word), further


def _check_alike(first: Row, other: Row) -> None:
    for column, difference in ALIKE.items():
        alike = _may_meet if column == "denominator" else str.__eq__
        if not alike(first[column], other[column]):
            raise InputError(
                f"ledger rows '{first['id']}' ({column} {first[column] or 'empty'}) and '{other['id']}' "
                f"({column} {other[column] or 'empty'}) {difference}: they cannot be pooled"
            )


def _may_meet(first: str, other: str) -> bool:
    """Whether two denominators are of one population: `transplants` covers every type, but two types never meet."""
    own, others_ = population(first), population(other)
    return own == others_ or own == others_.partition("[")[0] or others_ == own.partition("[")[0]


def _check_apart(rows: Sequence[Row]) -> None:
    seen: dict[str, str] = {}
    for row in rows:
        cohort = row["cohort"] or row["id"]
        if cohort in seen:
            raise InputError(
                f"ledger rows '{seen[cohort]}' and '{row['id']}' are the same patients twice (cohort {cohort}): "
                "they cannot be pooled"
            )
        seen[cohort] = row["id"]
