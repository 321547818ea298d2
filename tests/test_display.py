import math
import re
from collections.abc import Mapping
from xml.etree import ElementTree

import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.results.run import Results
from sim.variables import FUNNEL

EVIL = "<script>alert('x')</script> & more"
MONEY = "USD of 2008"
PATIENTS = {"transplants": 45_000.0, "vod": 9_000.0, "severe_vod": 3_000.0}

Number = tuple[float, float]


def row(variable: str, year: object, statistic: str, number: Number, unit: str) -> dict[str, object]:
    labels = {"region": "all", "transplant": "all", "age_group": "all", "year": str(year), "statistic": statistic}
    return {"variable": variable, **labels, "value": number[0], "mcse": number[1], "unit": unit}


def spread(variable: str, year: object, mean: Number, unit: str) -> list[dict[str, object]]:
    """A mean and, a tenth below and above it, P10 and P90 with the same error."""
    ends = {"p10": 0.9, "p90": 1.1}
    low_high = [row(variable, year, name, (mean[0] * part, mean[1]), unit) for name, part in ends.items()]
    return [row(variable, year, "mean", mean, unit), *low_high]


def a_run(
    severe: Number = (3_000.0, 0.6),
    *,
    readout: Mapping[str, float] | None = None,
    peak: Number | None = None,
    cost: float = 1.0,
    draws: int = 8_192,
    title: str = "A run",
) -> Results:
    rows = [line for name in PATIENTS for line in spread(name, 2008, (PATIENTS[name], 2.0), "patients per year")]
    rows = [line for line in rows if line["variable"] != "severe_vod"] + spread("severe_vod", 2008, severe, "patients")
    for statistic, date in (readout or {}).items():
        rows.append(row("readout_date", "all", statistic, (date, 1 / 365.25), "decimal year"))
    if peak is not None:
        rows += spread("peak_sales_if_approved", "all", peak, f"{MONEY} per year")
        rows += spread("net_present_value", "all", (-20e6, 1e6), MONEY)
        rows.append(row("prob_approval", "all", "mean", (0.803, 0.003), "probability"))
        rows.append(row("prob_npv_positive", "all", "mean", (0.0, math.nan), "probability"))
    costs = pd.DataFrame({"quantity": ["market.costs.goods"], "mean": cost, "p05": cost, "p95": cost})
    return Results(
        dataset=xr.Dataset(),
        summary=pd.DataFrame(rows),
        assumptions=costs,
        evidence=pd.DataFrame(),
        configuration={"years": {"first": 2008, "last": 2017}},
        provenance={"draws": draws, "seed": 7, "title": title, "scenario": "made_up"},
    )


def shown(run: Results) -> dict[str, list[str]]:
    """First cell → the others, of every line."""
    table = ElementTree.fromstring(run._repr_html_().replace("<br>", "<br/>"))
    lines = [["".join(cell.itertext()) for cell in line] for line in table.iter("tr")]
    return {first: rest for first, *rest in lines}


def test_a_run_shows_its_numbers_with_ranges_errors_and_units() -> None:
    dates = {"p50": 2008 + 218 / 366, "p10": 2008.45, "p90": 2008.8}
    found = shown(a_run(readout=dates, peak=(80e6, 70e3)))
    assert found == {
        "": ["mean", "P10–P90", "Monte Carlo error", "unit"],
        "Stem cell transplants, 2008": ["45,000", "40,500–49,500", "± 2", "patients per year"],
        "VOD, 2008": ["9,000", "8,100–9,900", "± 2", "patients per year"],
        "Severe VOD, 2008": ["3,000.0", "2,700.0–3,300.0", "± 0.6", "patients"],
        "Read-out, median": ["August 2008", "June 2008 to October 2008", "± 1 day", ""],
        "P(approval)": ["80.3", "", "± 0.3", "%"],
        "Peak net sales, if approved": ["80.00", "72.00–88.00", "± 0.07", f"million {MONEY} per year"],
        "Net present value, risk-adjusted": ["-20", "-18 to -22", "± 1", f"million {MONEY}"],
        "P(net present value above 0)": ["0", "", "unknown", "%"],
    }


def test_what_a_run_lacks_is_left_out() -> None:
    assert list(shown(a_run()))[1:] == ["Stem cell transplants, 2008", "VOD, 2008", "Severe VOD, 2008"]


def test_one_calculation_has_neither_range_nor_chance() -> None:
    found = shown(a_run((41.256, 0.0), peak=(80e6, 0.0), draws=1))
    assert found[""] == ["mean", "unit"]
    assert found["Severe VOD, 2008"] == ["41.26", "patients"]
    assert "P(net present value above 0)" not in found


def test_a_read_out_that_may_never_come_says_so() -> None:
    dates = {"p50": math.inf, "p10": 2009.01, "p90": math.inf}
    assert shown(a_run(readout=dates))["Read-out, median"][:2] == ["never", "January 2009 to never"]


def test_where_nothing_is_spent_the_value_is_of_sales() -> None:
    names = [name for name in shown(a_run(peak=(1e6, 1.0), cost=0.0)) if name.startswith("Net present value")]
    assert names == ["Net present value of net sales only, before costs, risk-adjusted"]


def test_a_missing_number_is_a_dash() -> None:
    assert shown(a_run(peak=(math.nan, math.nan)))["Peak net sales, if approved"][:3] == ["–", "–", "unknown"]


def test_the_table_stands_by_itself_on_light_and_dark_pages() -> None:
    text = a_run(title=EVIL, peak=(1e6, 1.0))._repr_html_()
    assert "<script" not in text
    assert "&amp; more" in text
    assert not re.search(r"https?:|src=|href=|url\(", text)
    assert set(re.findall(r"(?:background|color)[\w-]*:\s*([^;\"]+)", text)) == {"inherit"}


@given(value=st.floats(0.01, 1e6), error=st.floats(1e-4, 1e3))
def test_no_digit_is_shown_that_the_error_does_not_support_and_none_is_lost(value: float, error: float) -> None:
    number, _, plus_minus, _ = shown(a_run((value, error)))["Severe VOD, 2008"]
    digits = number.replace(",", "")
    assert abs(float(digits) - value) <= 0.75 * error
    assert float(plus_minus.removeprefix("± ").replace(",", "")) == pytest.approx(error, rel=0.5)
    decimals = len(digits.partition(".")[2])
    assert decimals == len(plus_minus.partition(".")[2])


def test_a_run_as_it_comes_shows_itself() -> None:
    run = sim.simulate(sim.load(overrides=["sampling.draws=64", "years.last=2008", "market=none"]))
    found = shown(run)
    stages = [f"{variable.long_name}, 2008" for variable in FUNNEL]
    assert list(found)[1:] == [*stages, "Read-out, median"]
    assert found["Severe VOD, 2008"][3] == "patients per year"
