"""What a picture or a page says, in words."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sim.results.run import Results
from sim.variables import FUNNEL, HEADLINE, VARIABLES
from sim.views.bridge_words import run_bridge_message
from sim.views.causes import causes, whole_percent
from sim.views.contrast import Contrast
from sim.views.counted import volume_message
from sim.views.estimates import Estimates, is_point, stages
from sim.views.implied import implied, not_implied
from sim.views.lever_words import levers_message
from sim.views.market_peaks import exceedance_message
from sim.views.market_words import sales_message, value_message
from sim.views.numbers import rounded
from sim.views.played import one_trial_message
from sim.views.studies import forest_message
from sim.views.trial_words import accrual_message, readout_message, success_message

_METHODS = {
    "sobol": "Sobol' points",
    "latin_hypercube": "Latin hypercube",
    "random": "random draws",
    "point": "calculated at the means",
}

_DEATHS = "deaths_day100"

_LEAST_RISK = 0.001  # per cent; what is below it is not told apart


def lowered(name: str) -> str:
    """A long name inside a sentence: `Severe VOD` → `severe VOD`, but `VOD` as it is."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def shown_name(statistic: str) -> str:
    """A statistic as people read it: `P5`, `median`."""
    return {"p50": "median", "p05": "P5"}.get(statistic, statistic.upper() if statistic[1:].isdigit() else statistic)


def headline_label() -> str:
    """The headline with its unit, for an axis."""
    return f"{VARIABLES[HEADLINE].long_name}, {VARIABLES[HEADLINE].unit}"


def sampling_words(provenance: Mapping[str, Any]) -> str:
    """How the numbers were drawn: `8,192 draws, Sobol' points in 8 replicates`."""
    method = _METHODS.get(provenance["method"], str(provenance["method"]))
    if provenance["method"] == "point":
        return method
    replicates = f" in {provenance['replicates']} replicates" if provenance["replicates"] > 1 else ""
    smoothed = {True: ", patients smoothed", "rates": ", patients and rates smoothed"}.get(provenance.get("smooth"), "")
    return f"{rounded(provenance['draws'], 0)} draws, {method}{replicates}{smoothed}{stop_words(provenance)}"


def stop_words(provenance: Mapping[str, Any]) -> str:
    """What a stop rule says of a run: `; stopped there: error of 0.4 % ≤ 0.5 %`; empty where there is none."""
    rule = provenance.get("stop")
    if not rule:
        return ""
    name = lowered(VARIABLES[rule["of"]].long_name)
    sign, bound = ("≥", rule["at_least"]) if rule["at_most"] is None else ("≤", rule["at_most"])
    what = (
        f"error of mean {name}"
        if rule["rule"] == "relative_error"
        else f"risk of a wrong conclusion (mean {name} {sign} {rounded(bound, 0)})"
    )
    if rule["reached"] is None:
        return f"; not precise enough: {what} is unknown"
    met = "stopped there" if rule["is_met"] else "not precise enough"
    found = 100 * rule["reached"]
    shown = f"below {_LEAST_RISK} %" if found < _LEAST_RISK else f"{found:.2g} %"
    return f"; {met}: {what} {shown} {'≤' if rule['is_met'] else '>'} {rounded(100 * rule['bound'], 0)} %"


def headline(results: Results) -> str:
    """The answer: `About 3,000 severe VOD cases a year (P10–P90: 2,140–3,930)`."""
    words, spread = headline_parts(results)
    return f"{words} ({spread})"


def headline_parts(results: Results) -> tuple[str, str]:
    """The answer and its range: `About 3,000 severe VOD cases a year`, `P10–P90: 2,140–3,930`."""
    return _cases(results, Estimates(results)), _range(results).strip(" ()")


def beside_message(results: Results) -> str:
    """The answer by another option's rates, or why there is none; empty where none was asked for."""
    other = implied(results)
    if other is None:
        return not_implied(results)
    spread = "" if is_point(results) else f" (P10–P90: {other.about_spread})"
    ratio = f", {other.ratio_text} the mean above" if other.ratio_text else ""
    cases = f"{_or_about(results).lower()}{other.mean.about} {_headline_name()} cases"
    return f"With the rates of vod={other.option}: {cases} in {results.years[0]}{spread}{ratio}."


def funnel_message(results: Results) -> str:
    """From transplants to deaths, by the means of the first year."""
    find, known = Estimates(results), {stage.name for stage in stages(results)}
    root = FUNNEL[0]
    text = f"{_or_about(results)}{find(root.name).about} {lowered(root.long_name)} lead to {find(HEADLINE).about} "
    text += f"{_headline_name()} cases"
    if _DEATHS in known:
        text += f" and {find(_DEATHS).about} {lowered(VARIABLES[_DEATHS].long_name)}"
    return f"{text} in {results.years[0]}"


def fan_message(results: Results) -> str:
    """How the headline goes on over the years."""
    find, last = Estimates(results), results.years[-1]
    if not find.changes(HEADLINE):
        return f"{_cases(results, find)}, {results.years[0]} to {last}{_range(results)}"
    text = f"{_or_about(results)}{find().about} {_headline_name()} cases in {results.years[0]}"
    return f"{text}, {find(year=last).about} in {last} (P10–P90: {find.about_spread(year=last)})"


def distribution_message(results: Results) -> str:
    """Mean and range of the first year."""
    find = Estimates(results)
    name = VARIABLES[HEADLINE].long_name
    return f"{name} in {results.years[0]}: mean {find().about}, P10–P90 {find.about_spread()} cases"


def convergence_message(results: Results) -> str:
    """The mean, its Monte Carlo error and the draws it took."""
    mean, draws = Estimates(results)(), rounded(int(results.provenance["draws"]), 0)
    return f"After {draws} draws the mean of {_headline_name()} is {mean} (Monte Carlo error {mean.error_text})"


def bill_message(results: Results) -> str:
    """Which group makes how much of the headline's uncertainty."""
    found = [cause for cause in causes(results) if cause.share > 0]
    first, *others = found
    most = whole_percent(first.share)
    text = f"{first.name} makes {most} of the uncertainty of {_headline_name()} in {results.years[0]}"
    return ", ".join([text, *(f"{lowered(cause.name)} {whole_percent(cause.share)}" for cause in others)])


def comparison_message(rows: Sequence[Contrast]) -> str:
    """What the runs say of the headline: the difference of two, the range of many.

    Parameters
    ----------
    rows : the headline's, a row per run.
    """
    name = _headline_name()
    when = f" in {rows[0].year}" if len({row.year for row in rows}) == 1 else ""
    others = [row for row in rows if not row.is_baseline]
    if len(others) == 1 and not math.isnan(others[0].difference):
        base = next(row.run for row in rows if row.is_baseline)
        more = "more" if others[0].difference > 0 else "fewer"
        apart = others[0].difference_text.lstrip("+-")
        return f"{apart} {more} {name} cases{when} with {others[0].run} than with {base}"
    ordered = sorted(rows, key=lambda row: row.mean)
    if not others or ordered[0].mean_text == ordered[-1].mean_text:
        return f"About {ordered[0].mean_text} {name} cases{when}"
    return f"{len(rows)} runs: {ordered[0].mean_text} to {ordered[-1].mean_text} {name} cases{when} (means)"


def caption(results: Results, name: str) -> str:
    """The message of a figure by its name; a figure unknown here goes by its name."""
    known = {
        "funnel": funnel_message,
        "fan": fan_message,
        "distribution": distribution_message,
        "convergence": convergence_message,
        "forest": forest_message,
        "uncertainty": bill_message,
        "volume": volume_message,
        "accrual": accrual_message,
        "readout": readout_message,
        "success": success_message,
        "levers": levers_message,
        "one_trial": one_trial_message,
        "sales": sales_message,
        "value": value_message,
        "exceedance": exceedance_message,
        "bridge": run_bridge_message,
    }
    return known[name](results) if name in known else name.replace("_", " ").capitalize()


def reading(name: str) -> str:
    """How a figure is to be read; empty for one unknown here."""
    known = {
        "funnel": "Dots are means, lines reach from P10 to P90. The axis is logarithmic.",
        "fan": "The bands hold 50, 80 and 90 % of the draws, the line is their median.",
        "distribution": "Each bar is the share of the draws with so many patients; the dark ones lie from P10 to P90.",
        "convergence": "The mean of the draws so far. It is trusted as far as the replicates agree.",
        "volume": "Dots are counted years, the line is the median, the bands hold 50, 80 and 90 % of the draws.",
        "forest": "Squares are studies, their area the weight; the diamond is the mean over populations, the bar a new "
        "one with its median. All reach over 95 %. The run draws what is written in bold.",
        "uncertainty": "Each bar begins where the one above it ends; together they are the whole variance. What groups "
        "do only together is shared equally among them (Shapley).",
        "accrual": "The bands hold 50, 80 and 90 % of the draws, the line is their median. The bar on the target "
        "reaches from P10 to P90 of when it is enrolled. The dot with its bar was seen, at some date along the bar.",
        "readout": "Each bar is the share of the draws that read out then; results were promised in the shaded window.",
        "success": "Each draw has an effect of the treatment of its own, so the chance of success is below the power "
        "at the likeliest effect.",
        "levers": "Each lever is moved alone, on the same draws, until the read-out comes in time as often as wanted.",
        "one_trial": "One draw, played patient by patient; another draw is another trial.",
        "sales": "Left, failures are left out: the line is the median, the bands hold 50, 80 and 90 % of the draws. "
        "Right, failures sell nothing: the mean of all draws, by region. The peak above is the mean of the draws' own, "
        "with P10–P90.",
        "value": "Each bar is the share of the draws worth so much; those that fail stand apart by colour.",
        "exceedance": "How many of the draws have a peak above x: of those in which the drug is approved, and of all, "
        "in which a failure sells nothing.",
        "bridge": "Each bar begins where the one above it ends. An input's part is what taking it over changes, "
        "averaged over all orders in which the inputs can be taken over (Shapley), on the same draws.",
    }
    return known.get(name, "")


def _headline_name() -> str:
    return lowered(VARIABLES[HEADLINE].long_name)


def _cases(results: Results, find: Estimates) -> str:
    when = f"in {results.years[0]}" if find.changes(HEADLINE) or len(results.years) == 1 else "a year"
    return f"{_or_about(results)}{find().about} {_headline_name()} cases {when}"


def _range(results: Results) -> str:
    if is_point(results):
        return " (calculated at the means)"
    return f" (P10–P90: {Estimates(results).about_spread()})"


def _or_about(results: Results) -> str:
    """The calculation at the means is exact; a sample is about."""
    return "" if is_point(results) else "About "
