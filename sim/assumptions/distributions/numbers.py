"""Numbers as people write them: `0.2`, `1/3`, `20%`, `1e6`, `45_000`."""

import math
import re

from sim.errors import InputError

_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_DECIMAL = rf"(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?[0-9]{{1,6}})?"
NUMBER = re.compile(rf"(?P<top>[+-]?{_DECIMAL})(?:\s*/\s*(?P<bottom>{_DECIMAL}))?(?P<percent>\s*%)?(?![\w.])")
"""One number; nothing that could continue it may follow."""

_TAIL = re.compile(r",([0-9][0-9_.,%/eE]*+)(?!\s*=)")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?")


def to_float(match: re.Match[str]) -> float:
    """The value of a match of `NUMBER`.

    Raises
    ------
    InputError
        Where it is not finite, or divided by zero.
    """
    value = float(match["top"])
    if match["bottom"]:
        bottom = float(match["bottom"])
        if bottom == 0.0:
            raise InputError(f"{match[0]} divides by zero")
        value /= bottom
    if match["percent"]:
        value /= 100.0
    if not math.isfinite(value):
        raise InputError(f"{match[0]} is not a finite number")
    return value


def whole_number(text: str) -> float | None:
    """The value of a text that is one number and nothing else; else none."""
    match = NUMBER.fullmatch(text.strip())
    return to_float(match) if match else None


def refuse_comma(text: str, match: re.Match[str]) -> None:
    """Refuse a comma that continues the number found at `match`: `45,000`, `0,2`.

    Raises
    ------
    InputError
        Saying how to write the number.
    """
    tail = _TAIL.match(text, match.end())
    if tail is None:
        return
    written = (match[0] + tail[0]).rstrip(",.")
    number = written.rstrip("%")
    sign = written[len(number) :]
    if _THOUSANDS.fullmatch(number):
        hint = f"{number.replace(',', '')}{sign} or {number.replace(',', '_')}{sign}"
    else:
        # a point before the comma separates thousands, as in 1.234,5
        head, _, decimals = number.rpartition(",")
        hint = f"{head.replace('.', '').replace(',', '')}.{decimals}{sign}"
    raise InputError(f"{written[:40]} has a comma inside a number: write {hint[:80]}")
