"""What would bring the read-out in time, in words: each lever, from where it is to where it would have to be."""

from typing import Any, NamedTuple

import pandas as pd

from sim.dates import day_name, day_of, exact_day
from sim.results import trial as trial_tables
from sim.results.run import Results
from sim.views.estimates import Estimate
from sim.views.numbers import UNKNOWN, rounded
from sim.views.trial_facts import chance_text, month_text, trial_of

LEVERS, INTERIM_DATES = "levers", "interim_dates"
"""The names of the tables."""

GOAL = round(100 * trial_tables.GOAL)
"""Per cent: what the levers were moved for."""

_ONCE = "times what it is"  # the unit of a lever that has no number of its own


class Lever(NamedTuple):
    """One thing that can be changed.

    Attributes
    ----------
    name : as people read it.
    now, needed : what it is and what it would have to be, in words; the latter empty where it cannot, or need not.
    before, after : the probability of a read-out by the promise.
    note : why nothing is needed, or why it does not suffice.
    """

    name: str
    now: str
    needed: str
    before: Estimate
    after: Estimate
    note: str

    @property
    def words(self) -> str:
        """`131 charts a week, not 55`, or why not."""
        return f"{self.needed}, not {self.now}" if self.needed and self.now else self.needed or self.note


def lever_rows(results: Results) -> list[Lever]:
    """The levers of a run, those that suffice first; none where they were not tried."""
    table = results.tables.get(LEVERS, pd.DataFrame())
    rows = [_lever(row) for row in table.fillna({"note": ""}).to_dict("records")]
    return sorted(rows, key=lambda row: not row.needed)


def levers_message(results: Results) -> str:
    """What suffices: `80 % by 30 June 2008 would take …`."""
    trial = trial_of(results)
    rows = lever_rows(results)
    assert trial is not None
    if rows[0].before.value >= GOAL / 100:
        return f"Read-out by {trial.promised_by}: {chance_text(rows[0].before)}, enough as it is"
    enough = [row.needed if row.needed.endswith(row.name) else f"{row.name} {row.needed}" for row in rows if row.needed]
    if not enough:
        return f"Nothing alone makes a read-out by {trial.promised_by} {GOAL} % likely"
    return f"{GOAL} % by {trial.promised_by} would take: {', or '.join(enough[:2])}"


def interim_rows(results: Results) -> list[tuple[str, str, str]]:
    """How far the answer hangs on the interim's date: date, probability by the promise, median read-out."""
    table = results.tables.get(INTERIM_DATES, pd.DataFrame())
    return [
        (
            day_name(exact_day("", str(row["date"]))),
            chance_text(Estimate(float(row["probability"]), float(row["mcse"]))),
            "never" if row["readout_date"] == float("inf") else month_text(day_of(float(row["readout_date"]))),
        )
        for row in table.to_dict("records")
    ]


def _lever(row: dict[Any, Any]) -> Lever:
    unit, needed = str(row["unit"]), float(row["needed"])
    has_none = needed != needed  # a number that is missing equals nothing
    once = unit == _ONCE
    error = float(row["mcse"])
    return Lever(
        name=str(row["lever"]),
        now="" if once else rounded(float(row["now"]), UNKNOWN),
        needed="" if has_none else f"{rounded(needed, UNKNOWN)} {'times as fast' if once else unit}",
        before=Estimate(float(row["probability_now"]), error),
        after=Estimate(float(row["probability_then"]), error),
        note=str(row["note"]),
    )
