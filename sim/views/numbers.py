"""Numbers for people: no more digits than the Monte Carlo error supports.

An error of 0 means exact, an error of NaN unknown; an unknown error earns three significant digits at most.
"""

import math

UNKNOWN = math.nan
"""The error of a number whose Monte Carlo error nobody knows."""

ABSENT = "–"
"""What stands where there is no number."""

NO_BREAK = "\u00a0"
"""A space at which no line ends."""

_SIGNIFICANT = 3  # digits of a number whose error is unknown
_EXACT = 4  # digits of an exact number that has decimals
_MOST = 6  # digits of any number that has decimals, however small its error
_HUGE = 1e15  # from here on a float no longer holds every whole number
_DECIMALS = 9  # more than these are unreadable; the number is written with a power of ten


def rounded(value: float, error: float) -> str:
    """A number rounded to the decimal place of its error's leading digit.

    Parameters
    ----------
    value : the number; infinite and missing ones become words.
    error : its Monte Carlo error; 0 is exact, NaN unknown.
    """
    return _text(value, error, coarse=False)


def about(value: float, error: float = UNKNOWN) -> str:
    """The same for a sentence: three significant digits at most, fewer where the error supports no more."""
    return _text(value, error, coarse=True)


def error_text(error: float) -> str:
    """A Monte Carlo error with one significant digit and its sign: `± 0.6`; `exact` for 0, `unknown` for NaN."""
    if not math.isfinite(error):
        return "unknown"
    if error == 0:
        return "exact"
    return f"± {_written(abs(error), _magnitude(abs(error), digits=1))}"


def span(low: str, high: str) -> str:
    """Two numbers as a range: `2,140–3,930`, with a word where a minus sign would make the dash unreadable."""
    return f"{low} to {high}" if "-" in low + high else f"{low}–{high}"


def percent(share: float) -> str:
    """A share in per cent, of a ratio of means that nobody knows the error of."""
    return f"{rounded(100 * share, UNKNOWN)} %"


def signed(text: str) -> str:
    """A number with its sign where it is positive: `+120`."""
    return text if text.startswith(("-", ABSENT)) or not text.strip("0.,") else f"+{text}"


def unbroken(text: str) -> str:
    """A sentence in which no line ends between a number and its sign."""
    return text.replace(" %", f"{NO_BREAK}%").replace(" ×", f"{NO_BREAK}×")


def coarse_error(value: float) -> float:
    """The error that leaves a number its three significant digits, for what is computed from it."""
    return float(10.0 ** (_magnitude(abs(value)) - _SIGNIFICANT + 1)) if math.isfinite(value) and value else UNKNOWN


def _text(value: float, error: float, coarse: bool) -> str:
    if math.isnan(value):
        return ABSENT
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    if value == 0:
        return "0"
    short = error == 0 or not math.isfinite(error) or float(value).is_integer()  # a quantile of whole patients is whole
    written = _written(value, _place(value, error, coarse))
    return _trimmed(written) if short else written


def _place(value: float, error: float, coarse: bool) -> int:
    """The power of ten of the last digit to print."""
    magnitude = _magnitude(abs(value))
    if error == 0:
        place = min(magnitude - _EXACT + 1, 0)
    elif math.isfinite(error):
        place = max(_magnitude(abs(error), digits=1), min(magnitude - _MOST + 1, 0))
    else:
        place = magnitude - _SIGNIFICANT + 1
    return max(place, magnitude - _SIGNIFICANT + 1) if coarse else place


def _magnitude(value: float, digits: int = 17) -> int:
    """The power of ten of the leading digit, after rounding to so many digits: 0.96 to one digit has that of 1."""
    return int(f"{value:.{digits - 1}e}".partition("e")[2])


def _written(value: float, place: int) -> str:
    size = _magnitude(abs(value))
    near = 0.0 if size < place - 1 else value if abs(value) >= _HUGE else round(value, -place)
    if near == 0:
        return f"{0:.{min(max(-place, 0), _DECIMALS)}f}"
    if abs(near) >= _HUGE or -place > _DECIMALS:
        digits, _, power = f"{near:.{min(max(size - place, 0), _MOST)}e}".partition("e")
        return f"{digits}e{int(power)}"
    return f"{near:,.{max(-place, 0)}f}"


def _trimmed(text: str) -> str:
    """Without zeros at the end of the decimals."""
    digits, mark, power = text.partition("e")
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits) + mark + power
