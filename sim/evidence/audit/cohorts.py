"""Rows of the same patients: counted twice, parts against wholes, more patients than the step before gave."""

from collections import defaultdict
from collections.abc import Iterator

from sim.evidence.audit.findings import Finding, Rows, has_counts

_BEFORE = {"vod": "vod_incidence", "severe_vod": "severe_fraction"}
"""The measure whose events are the patients of a denominator."""


def same_patients(rows: Rows) -> Iterator[Finding]:
    """Rows of one cohort that measure one thing: pooled together they would count its patients twice."""
    for (cohort, measure), group in _cohorts(rows).items():
        for treated in dict.fromkeys(row["treated"] for row in group):  # arms of a cohort are different patients
            arm = tuple(row["id"] for row in group if row["treated"] == treated)
            if len(arm) > 1:
                words = f"{measure} of one cohort ({cohort}): together they would count patients twice"
                yield Finding("same patients", "note", arm, words)


def parts_of_cohorts(rows: Rows) -> Iterator[Finding]:
    """Allogeneic and autologous patients of a cohort against all of its patients."""
    for group in _cohorts(rows).values():
        by_type = {row["transplant_type"]: row for row in group if has_counts(row)}
        if {"all", "allogeneic", "autologous"} <= set(by_type):
            whole, *parts = (by_type[name] for name in ("all", "allogeneic", "autologous"))
            identifiers = tuple(row["id"] for row in (whole, *parts))
            for column in ("n", "k"):
                total, added = int(whole[column]), sum(int(part[column]) for part in parts)
                words = f"{column}: {' + '.join(part[column] for part in parts)} = {added}, the whole says {total}"
                if added > total:
                    yield Finding("impossible", "error", identifiers, words)
                elif added < total:
                    yield Finding("inconsistent", "note", identifiers, f"{words}; {total - added} are of neither type")


def more_than_before(rows: Rows) -> Iterator[Finding]:
    """A denominator larger than what the step before it counted in the same cohort."""
    cohorts = _cohorts(rows)
    for (cohort, measure), group in cohorts.items():
        for row in filter(has_counts, group):
            before = cohorts.get((cohort, _BEFORE.get(row["denominator"].partition("[")[0], "")), [])
            most = max((int(other["k"]) for other in before if has_counts(other)), default=None)
            if most is not None and int(row["n"]) > most:
                words = f"{row['n']} patients for {measure}, of {most} in the step before"
                yield Finding("impossible", "error", (row["id"], *(other["id"] for other in before)), words)


def _cohorts(rows: Rows) -> dict[tuple[str, str], Rows]:
    found: dict[tuple[str, str], Rows] = defaultdict(list)
    for row in rows:
        if row["cohort"]:
            found[row["cohort"], row["measure"]].append(row)
    return found
