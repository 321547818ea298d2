"""The audit of the ledger: it believes no row, recomputes what can be, and says what does not fit."""

from sim.evidence.audit.cohorts import more_than_before, parts_of_cohorts, same_patients
from sim.evidence.audit.figures import (
    claimed_wilson,
    counts_against_mean,
    derived,
    effective_size,
    impossible,
    reported_share,
    unusable,
)
from sim.evidence.audit.findings import SEVERITIES, Check, Finding
from sim.evidence.audit.meaning import circular, published_in_time, recalled, unchainable
from sim.evidence.audit.volumes import basis_given, mixed_bases, parts_and_totals, stated_changes, two_figures
from sim.evidence.ledger import Ledger

CHECKS: tuple[Check, ...] = (
    impossible,
    counts_against_mean,
    reported_share,
    claimed_wilson,
    derived,
    parts_and_totals,
    parts_of_cohorts,
    more_than_before,
    published_in_time,
    stated_changes,
    effective_size,
    circular,
    unchainable,
    basis_given,
    mixed_bases,
    two_figures,
    same_patients,
    unusable,
    recalled,
)


def audit(ledger: Ledger) -> list[Finding]:
    """Everything that can be found in a ledger as it is known by its date, worst first.

    Parameters
    ----------
    ledger : the evidence; its schema holds already, the reader saw to that.
    """
    rows = [ledger[identifier] for identifier in ledger]
    findings = [finding for check in CHECKS for finding in check(rows)]
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
