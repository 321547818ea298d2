"""What rows mean: outcomes inside definitions, links that fit no chain, memory, dates of publication."""

import re
from collections import defaultdict
from collections.abc import Iterator

from sim.evidence.audit.findings import Finding, Rows, has_counts, is_volume
from sim.evidence.dates import publication_date

UNCHAINABLE = (
    ("day100_mortality", "criterion", "attributed", "counts deaths attributed to VOD, not of any cause by day 100"),
    ("day100_mortality", "criterion", "not by day 100", "counts deaths at any time, not by day 100"),
    ("day100_mortality", "criterion", "time unstated", "does not say by when the deaths are counted"),
    ("day100_mortality", "denominator", "^vod", "is among any VOD, not severe VOD"),
    ("day100_mortality", "treated", "mixed", "is of treated and untreated patients together"),
    ("severe_fraction", "denominator", "moderate or severe", "leaves mild VOD out of its denominator"),
    ("severe_fraction", "denominator", "treated", "is among treated patients only: the severer ones were selected"),
    ("vod_incidence", "criterion", "late-onset", "counts late cases only"),
    ("vod_incidence", "criterion", "moderate or severe only", "leaves mild VOD out"),
    ("vod_incidence", "denominator", r"high risk|after|anaemia|reduced", "is of selected patients"),
    ("severe_vod_per_transplant", "denominator", "charts", "is per chart screened, not per transplant"),
    ("severe_vod_per_transplant", "denominator", "transplants", "takes two links at once"),
)
"""Measure, column, what the column says, and why such a row is no link of the chain as it stands."""

_CITED = re.compile(r"\b((?:19|20)\d\d);\d|\s((?:19|20)\d\d)$")


def circular(rows: Rows) -> Iterator[Finding]:
    """Severity defined by its outcome: a mortality among such cases says what was put in."""
    for row in rows:
        if "by outcome" in row["criterion"]:
            words = (
                "severity was defined by its outcome: who died was severe, so the mortality stands in the definition"
            )
            yield Finding("circular", "warning", (row["id"],), words)


def unchainable(rows: Rows) -> Iterator[Finding]:
    """Rows that fit no link of the chain as they stand."""
    for row in rows:
        for measure, column, fragment, why in UNCHAINABLE:
            if row["measure"] == measure and re.search(fragment, row[column]):
                yield Finding("not a link", "warning", (row["id"],), why)
        if row["measure"] == "severe_fraction" and has_counts(row) and row["k"] == row["n"]:
            words = f"all {row['n']} cases are severe: the definition leaves no mild ones"
            yield Finding("not a link", "warning", (row["id"],), words)


def recalled(rows: Rows) -> Iterator[Finding]:
    """Rows from memory, by measure: no default may rest on them alone."""
    groups: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row["verified"] == "recalled":
            groups[row["measure"]].append(row["id"])
    for measure, identifiers in groups.items():
        yield Finding("recalled", "note", tuple(identifiers), f"{measure} from memory, seen in no source")


def published_in_time(rows: Rows) -> Iterator[Finding]:
    """A publication before the end of what it reports, or before the year its citation names."""
    for row in rows:
        published, cited = publication_date(row).year, _CITED.search(row["citation"])
        year = int(cited[1] or cited[2]) if cited else 0
        if year > published:
            yield Finding("published", "error", (row["id"],), f"published {published}, but cited as of {year}")
        if row["era_end"] and int(row["era_end"]) > published:
            words = f"published {published}, before its era ends in {row['era_end']}"
            yield Finding("published", "error", (row["id"],), words)
        elif is_volume(row) and row["era_end"] == str(published):
            words = f"published in {published}, the year it counts: a survey needs the year to end"
            yield Finding("published", "warning", (row["id"],), words)
