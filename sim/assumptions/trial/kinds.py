"""The quantities of a trial: shares, dates, and laws by which sites or patients differ."""

import re
from datetime import timedelta
from typing import Any, ClassVar

from sim.assumptions.distributions import NUMBER, POSITIVE, SHARE, Distribution
from sim.assumptions.leaf import within
from sim.assumptions.quantity import Quantity
from sim.assumptions.text import Context, read
from sim.dates import decimal_year, exact_day, last_day
from sim.errors import InputError

COUNTRY = "country"
"""The dimension that a trial's sites are divided by."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
_ENDS = {"uniform": ("low", "high"), "triangular": ("low", "mode", "high"), "pert": ("low", "mode", "high")}
_PLACED = re.compile(rf"({'|'.join(_ENDS)})\(([^=()]*)\)")


class TrialQuantity(Quantity):
    """A quantity of the whole trial from 0 up: months, days, charts."""

    kind = POSITIVE
    dimensions: ClassVar[tuple[str, ...]] = ()


class TrialShare(TrialQuantity):
    """A share of the trial's patients or charts."""

    kind = SHARE


class TrialChange(TrialQuantity):
    """A rate of change of either sign."""

    kind = NUMBER


class SiteQuantity(TrialQuantity):
    """A quantity of its sites, which may differ by country."""

    dimensions: ClassVar[tuple[str, ...]] = (COUNTRY,)


class SiteShare(SiteQuantity):
    """A share of its sites, or of their patients, which may differ by country."""

    kind = SHARE


class SiteLaw(SiteQuantity):
    """How sites differ: each site of a draw has a value of its own."""

    is_law = True


class SiteShareLaw(SiteShare):
    """How sites differ in a share: each site of a draw has one of its own."""

    is_law = True


class PatientLaw(TrialQuantity):
    """How patients differ: each patient of a draw has a value of its own."""

    is_law = True


class PatientShareLaw(TrialShare):
    """How patients differ in a share: each patient of a draw has one of its own."""

    is_law = True


class DateQuantity(Quantity):
    """A date, in decimal years; written as a day, `uniform(2007-10-01, 2007-12-07)`, or a month: any day of it."""

    kind = NUMBER
    dimensions: ClassVar[tuple[str, ...]] = ()

    def _distribution(self, key: str, value: Any, context: Context) -> Distribution | None:
        return within(key, lambda: read(_numbered(str(value)), self.kind, context))


def _numbered(text: str) -> str:
    """The text with each day as a decimal year, as the parser of quantities reads it."""
    text = text.strip()
    if _MONTH.fullmatch(text):
        last = last_day("", text)
        text = f"uniform({last.replace(day=1)}, {last + timedelta(days=1)})"
    if placed := _PLACED.fullmatch(text):
        names, days = _ENDS[placed[1]], [word.strip() for word in placed[2].split(",")]
        if len(days) != len(names):
            raise InputError(f"'{text}': {placed[1]} of dates takes {len(names)}: {', '.join(names)}")
        inside = ", ".join(f"{name}={day}" for name, day in zip(names, days, strict=True))
        text = f"{placed[1]}({inside})"
    if not _DAY.search(text):
        raise InputError(f"'{text}' names no date; write 2007-11-30, 2007-11 or uniform(2007-10-01, 2007-12-07)")
    return _DAY.sub(lambda found: repr(decimal_year(exact_day("", found[0]))), text)
