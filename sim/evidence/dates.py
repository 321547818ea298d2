"""When a row of the ledger was published."""

from collections.abc import Mapping
from datetime import date

from sim.dates import last_day


def publication_date(row: Mapping[str, str]) -> date:
    """The day by which a row of the ledger was published: the last one its date leaves open.

    Raises
    ------
    InputError : for a text that is no date, naming the row.
    """
    return last_day(f"row '{row['id']}': published_on", row["published_on"] or row["published"])
