"""The figures of a row against each other: what cannot be, what does not follow, what an interval says."""

import re
from collections.abc import Iterator

from sim.evidence.audit.findings import Finding, Row, Rows, has_counts, is_share, is_volume
from sim.evidence.intervals import beta_of_limits, wilson
from sim.evidence.schema import number

_ROUNDING = 0.5e-4  # of limits computed to four decimals
_APART = 0.15  # by how much an interval's effective n may differ from the n beside it
_DATES = ("date", "date (news)", "dates", "month")


def impossible(rows: Rows) -> Iterator[Finding]:
    """More events than patients, a share outside 0 to 1, limits that do not hold their mean, an era that ends early."""
    for row in rows:
        for words in _impossible(row):
            yield Finding("impossible", "error", (row["id"],), words)


def _impossible(row: Row) -> Iterator[str]:
    mean, low, high = row["mean"], row["ci_low"], row["ci_high"]
    if row["n"] and row["k"] and int(row["k"]) > int(row["n"]):
        yield f"k {row['k']} is above n {row['n']}"
    for name in ("mean", "ci_low", "ci_high") if is_share(row) else ():
        if row[name] and number(row[name]) > 1:
            yield f"{name} {row[name]} is a share above 1"
    if low and high and number(low) > number(high):
        yield f"its lower limit {low} is above its upper limit {high}"
    elif mean and ((low and number(mean) < number(low)) or (high and number(mean) > number(high))):
        yield f"its mean {mean} is outside its interval {low}–{high}"
    if row["era_start"] and row["era_end"] and row["era_start"] > row["era_end"]:
        yield f"its era ends in {row['era_end']}, before it begins in {row['era_start']}"


def counts_against_mean(rows: Rows) -> Iterator[Finding]:
    """K/n against the share as rounded."""
    for row in rows:
        if is_share(row) and has_counts(row) and row["mean"]:
            share = int(row["k"]) / int(row["n"])
            if abs(share - number(row["mean"])) > _half_a_digit(row["mean"]):
                words = f"{row['k']}/{row['n']} is {share:.4f}, not the mean {row['mean']}"
                yield Finding("inconsistent", "error", (row["id"],), words)


def _half_a_digit(text: str) -> float:
    return 0.5 * 10.0 ** -len(text.partition(".")[2]) * (1 + 1e-9) if "/" not in text else 1e-9


def reported_share(rows: Rows) -> Iterator[Finding]:
    """The percentage a note begins with, as the source reports it, against the mean."""
    for row in rows:
        if is_share(row) and row["mean"] and (reported := re.match(r"(\d+(?:\.\d+)?)%(?! of)", row["note"])):
            apart = abs(100 * number(row["mean"]) - float(reported[1]))
            if apart > _half_a_digit(reported[1]) + 100 * _ROUNDING:
                words = f"the source says {reported[1]} %, the mean is {100 * number(row['mean']):.2f} %"
                yield Finding("inconsistent", "note", (row["id"],), words)


def claimed_wilson(rows: Rows) -> Iterator[Finding]:
    """The limits, where the note says that they are Wilson's."""
    for row in rows:
        if "Wilson" in row["note"] and has_counts(row) and row["ci_low"] and row["ci_high"]:
            limits = wilson(int(row["k"]), int(row["n"]))
            given = number(row["ci_low"]), number(row["ci_high"])
            if max(abs(limit - stated) for limit, stated in zip(limits, given, strict=True)) > _ROUNDING * (1 + 1e-9):
                words = (
                    f"Wilson's interval of {row['k']}/{row['n']} is {limits[0]:.4f}–{limits[1]:.4f}, "
                    f"not {row['ci_low']}–{row['ci_high']}"
                )
                yield Finding("inconsistent", "error", (row["id"],), words)


def effective_size(rows: Rows) -> Iterator[Finding]:
    """How many patients an interval would need that is not computed from the row's own counts."""
    for row in rows:
        if is_share(row) and row["mean"] and row["ci_low"] and row["ci_high"] and "Wilson" not in row["note"]:
            low, high = number(row["ci_low"]), number(row["ci_high"])
            if 0 < low < high < 1 and (found := _interval(row, *beta_of_limits(low, high))):
                yield found


def _interval(row: Row, a: float, b: float) -> Finding | None:
    limits = f"95 % limits {row['ci_low']}–{row['ci_high']} fit beta({a:.2f}, {b:.2f}): effective n {_about(a + b)}"
    if "meta-analysis" in row["quantity"]:
        among = f" (its studies hold {int(row['n']):,})" if row["n"] else ""
        words = f"{limits}{among}; this is the interval of a mean over studies, not of a population"
        return Finding("interval of a mean", "warning", (row["id"],), words)
    if not row["n"]:
        return Finding("interval", "note", (row["id"],), f"no n; its {limits}")
    if abs((a + b) / int(row["n"]) - 1) > _APART:
        return Finding("interval", "warning", (row["id"],), f"{limits}, but n is {int(row['n']):,}")
    return None


def _about(size: float) -> str:
    return f"about {round(size, 1 - len(str(int(size))) + 3):,.0f}"


def derived(rows: Rows) -> Iterator[Finding]:
    """A row whose note begins with "DERIVED: " and its arithmetic."""
    for row in rows:
        if (written := re.match(r"DERIVED: ([\d,.]+(?: ?[-+x/] ?[\d,.]*\d)+)", row["note"])) and row["mean"]:
            value = _arithmetic(written[1])
            tolerance = 1.0 if is_volume(row) else _half_a_digit(row["mean"])
            if abs(value - number(row["mean"])) > tolerance:
                words = f"{written[1]} is {value:,.6g}, not the mean {row['mean']}"
                yield Finding("inconsistent", "error", (row["id"],), words)


def _arithmetic(text: str) -> float:
    """A sum of products and quotients, as notes write them: 0.33 x 19,136."""
    total = 0.0
    for sign, term in re.findall(r"([-+]?)([^-+]+)", text.replace(",", "").replace(" ", "")):
        factors = re.findall(r"([x/]?)([\d.]+)", term)
        value = 1.0
        for operator, factor in factors:
            value = value / float(factor) if operator == "/" else value * float(factor)
        total += -value if sign == "-" else value
    return total


def unusable(rows: Rows) -> Iterator[Finding]:
    """No figure at all, or a range alone."""
    for row in rows:
        if not row["mean"] and not has_counts(row) and row["unit"] not in _DATES:
            words = "gives a range alone, neither mean nor counts" if row["ci_low"] else "gives no figure"
            yield Finding("unusable", "warning", (row["id"],), words)
