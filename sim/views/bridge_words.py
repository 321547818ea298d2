"""What the views read of a bridge: its steps, and its numbers as people write them."""

import math
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from sim.results.run import Results
from sim.variables import IF_APPROVED, MONEY, TOTAL, VARIABLES
from sim.views.estimates import Estimate
from sim.views.market_facts import AS_IT_IS, MILLION, money_error, money_text
from sim.views.numbers import ABSENT, NO_BREAK, UNKNOWN, rounded, signed

BRIDGE = "bridge"
"""The table that a bridge is read from, and the name of its picture."""

_START, _INPUT, _END = "start", "input", "end"
_SHORT = 20  # letters of a value that stands as it is written
_NAMED = 2  # inputs that a sentence names
_MATTERS = 0.1  # of the largest part: a smaller one is not worth a word
_FALLS, _RISES, _STAYS = "falls", "rises", "stays"


class Step(NamedTuple):
    """The part of one input.

    Attributes
    ----------
    name : of the input.
    change : from which value to which, in a few words.
    before, after : the values as written.
    part : what it adds to the mean.
    share : of the whole difference.
    reached : the mean after it.
    note : whether inputs were merged.
    """

    name: str
    change: str
    before: str
    after: str
    part: Estimate
    share: float
    reached: float
    note: str

    @property
    def share_text(self) -> str:
        """Its share of the whole in whole per cents."""
        return ABSENT if math.isnan(self.share) else f"{round(100 * self.share)}{NO_BREAK}%"


@dataclass(frozen=True)
class Bridge:
    """The difference of a mean between two scenarios, input by input.

    Attributes
    ----------
    base, other : both sides, in words.
    variable, year, unit : which mean.
    draws : it was computed from.
    start, end : the mean on either side.
    steps : the inputs, the largest part first.
    """

    base: str
    other: str
    variable: str
    year: str
    unit: str
    draws: int
    start: Estimate
    end: Estimate
    steps: tuple[Step, ...]

    @property
    def is_money(self) -> bool:
        """Whether it is counted in money."""
        return MONEY in VARIABLES[self.variable].unit

    @property
    def scale(self) -> float:
        """What an axis divides by."""
        return MILLION if self.is_money else 0.01 if self.unit == "probability" else 1.0

    @property
    def axis_unit(self) -> str:
        """The unit of an axis."""
        return f"million {self.unit}" if self.is_money else "%" if self.unit == "probability" else self.unit

    @property
    def subject(self) -> str:
        """The mean's name: `net present value, risk-adjusted`, `severe VOD in 2008`."""
        name = VARIABLES[self.variable].long_name
        name = name if name[1:2].isupper() else name[:1].lower() + name[1:]
        twin = f", {AS_IT_IS}" if f"{self.variable}{IF_APPROVED}" in VARIABLES else ""
        return f"{name}{twin}" + ("" if self.year == TOTAL else f" in {self.year}")

    def text(self, found: Estimate, *, coarse: bool = True) -> str:
        """A mean or a part, for people."""
        if self.is_money:
            return money_text(found, coarse=coarse)
        if self.unit == "probability":
            scaled = Estimate(100 * found.value, 100 * found.error)
            return f"{scaled.about if coarse else scaled} %"
        return found.about if coarse else str(found)

    def error(self, found: Estimate) -> str:
        """Its Monte Carlo error."""
        if self.is_money:
            return money_error(found)
        words = self._scaled(found).error_text
        return f"{words}{self._sign}" if words.startswith("±") else words

    def part(self, step: Step) -> str:
        """The part of an input, with its sign and its scale that of the axis."""
        return f"{signed(str(self._scaled(step.part)))}{self._sign}"

    def part_error(self, step: Step) -> str:
        """Its Monte Carlo error."""
        words = self._scaled(step.part).error_text
        return f"{words}{self._sign}" if words.startswith("±") else words

    @property
    def _sign(self) -> str:
        return f"{NO_BREAK}M" if self.is_money else f"{NO_BREAK}%" if self.unit == "probability" else ""

    def _scaled(self, found: Estimate) -> Estimate:
        return Estimate(found.value / self.scale, found.error / self.scale)


def bridges(tables: pd.DataFrame | None) -> list[Bridge]:
    """The bridges of a table, in order; none where there is no table.

    Parameters
    ----------
    tables : columns as `bridge.csv` has them.
    """
    if tables is None or tables.empty:
        return []
    return [_bridge(part) for _, part in tables.groupby(["base", "other"], sort=False)]


def bridge_message(found: Bridge) -> str:
    """`From this run to vod=cohorts net present value, risk-adjusted, falls from 82 M to -59 M USD of 2008, …`."""
    change = found.end.value - found.start.value
    way = _FALLS if change < 0 else _RISES if change > 0 else _STAYS
    texts = [found.text(mean) for mean in (found.start, found.end)]
    unit = "" if found.unit == "probability" else f" {found.unit}"
    commas = "," if "," in found.subject else ""
    if way == _STAYS:
        return f"From {found.base} to {found.other} {found.subject}{commas} {way} at {texts[0]}{unit}"
    names = [step.name for step in along(found)[:_NAMED]]
    by = f", above all by {' and '.join(names)}" if names and len(found.steps) > 1 else ""
    return f"From {found.base} to {found.other} {found.subject}{commas} {way} from {texts[0]} to {texts[1]}{unit}{by}"


def along(found: Bridge) -> list[Step]:
    """The inputs that push the way the whole goes and are worth a word, the strongest first."""
    change = found.end.value - found.start.value
    largest = max((abs(step.part.value) for step in found.steps), default=0.0)
    return [step for step in found.steps if step.part.value * change > 0 and abs(step.part.value) > _MATTERS * largest]


def run_bridge_message(results: Results) -> str:
    """The message of a run's own bridge."""
    (found,) = bridges(results.tables[BRIDGE])
    return bridge_message(found)


def _bridge(table: pd.DataFrame) -> Bridge:
    rows = table.to_dict("records")
    start, end = (next(row for row in rows if row["step"] == kind) for kind in (_START, _END))
    return Bridge(
        base=str(start["base"]),
        other=str(start["other"]),
        variable=str(start["variable"]),
        year=str(start["year"]),
        unit=str(start["unit"]),
        draws=int(start["draws"]),
        start=Estimate(float(start["level"]), float(start["error"])),
        end=Estimate(float(end["level"]), float(end["error"])),
        steps=tuple(_step(row) for row in rows if row["step"] == _INPUT),
    )


def _step(row: dict[Any, Any]) -> Step:
    note = row["note"] if isinstance(row["note"], str) else ""
    before, after = (value if isinstance(value, str) else f"{value:g}" for value in (row["from"], row["to"]))
    return Step(
        name=str(row["input"]),
        change=_change(before, after, float(row["from_mean"]), float(row["to_mean"])),
        before=before,
        after=after,
        part=Estimate(float(row["contribution"]), float(row["error"])),
        share=float(row["share"]),
        reached=float(row["level"]),
        note=note,
    )


def _change(before: str, after: str, first: float, second: float) -> str:
    """As written where that is short and says the number itself; else by the means; else as written."""
    plain = all(len(text) <= _SHORT and re.match(r"[-\d]", text) for text in (before, after))
    means = [rounded(mean, UNKNOWN) for mean in (first, second)]
    if plain or ABSENT in means:
        return f"{before} → {after}"
    return f"mean {means[0]} → {means[1]}"
