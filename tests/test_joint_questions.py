"""Joint questions: what statements mean, and how likely several come true together."""

import io
import math
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.analysis.sensitivity.columns import said
from sim.analysis.sensitivity.surface import BoolArray
from sim.assumptions.statements import amount, place, statement
from sim.dates import day_name, decimal_year, in_numbers
from sim.dates import exact_day as day
from sim.errors import InputError
from sim.results.run import Results
from sim.views.sensitivity.parts import parts, sensitivity_pictures
from tests.conftest import ONE_YEAR, PATIENTS, Typed

SMALL = ["report=none", *PATIENTS, "years.last=2009", "sampling.draws=512"]
WHOLE = ["report=none", "years.last=2008", "sampling.draws=512"]


@cache
def small() -> Results:
    return sim.simulate(sim.load(overrides=SMALL))


@cache
def whole() -> Results:
    return sim.simulate(sim.load(overrides=WHOLE))


def asked(results: Results, *events: str) -> pd.DataFrame:
    return sim.ask(results, "joint", events=events).tables["joint"]


def probability(table: pd.DataFrame, kind: str, place: int = 0) -> float:
    return float(table.loc[table["kind"] == kind, "probability"].iloc[place])


def met(results: Results, text: str) -> BoolArray:
    return said(results, statement(text), "sensitivity.events")[1]


def test_two_events() -> None:
    table = asked(small(), "vod.incidence >= 20%", "severe_vod in 2009 >= 3000")
    one = small().draws["vod.incidence"].to_numpy() >= 0.2
    other = small().draws["severe_vod"].sel(year=2009).to_numpy().reshape(512, -1).sum(axis=1) >= 3000
    assert (probability(table, "event"), probability(table, "event", 1)) == (one.mean(), other.mean())
    assert probability(table, "all together") == (one & other).mean()
    assert probability(table, "if independent") == pytest.approx(one.mean() * other.mean())
    assert probability(table, "given the others") == pytest.approx((one & other).mean() / other.mean())
    assert probability(table, "given the others", 1) == pytest.approx((one & other).mean() / one.mean())
    by_batch = [(one & other)[batch::8].mean() for batch in range(8)]
    error = np.std(by_batch, ddof=1) / math.sqrt(8) * math.sqrt(7 / 5)
    assert table.loc[table["kind"] == "all together", "error"].iloc[0] == pytest.approx(error)


@given(st.floats(0.1, 0.3), st.floats(1500, 4500))
@settings(max_examples=20)
def test_bounds_of_a_joint_probability(incidence: float, cases: float) -> None:
    first, second = f"vod.incidence > {incidence}", f"severe_vod <= {cases}"
    table = asked(small(), first, second)
    one, other, both = (probability(table, *at) for at in (("event", 0), ("event", 1), ("all together", 0)))
    assert max(0.0, one + other - 1) <= both + 1e-12
    assert both <= min(one, other)
    assert (met(small(), first) != met(small(), first.replace(">", "<="))).all()


def test_three_events_nest() -> None:
    events = ["vod.incidence >= 0.2", "severe_vod >= 3 k", "deaths_day100 >= 2.5 thousand"]
    two, three = asked(small(), *events[:2]), asked(small(), *events)
    assert probability(three, "all together") <= probability(two, "all together")
    assert (three["kind"] == "given the others").sum() == 3
    assert len(asked(small(), events[0])) == 1


def test_a_date_is_its_end() -> None:
    promised = whole().draws["prob_readout_by_promise"].to_numpy() == 1
    last = sim.load(overrides=WHOLE).trial
    assert last is not None
    assert last.promise is not None
    assert (met(whole(), f"readout_date <= {last.promise[1]}") == promised).all()
    assert (met(whole(), f"readout_date > {last.promise[1]}") == ~promised).all()
    assert (met(whole(), "readout_date <= 2008-06") == met(whole(), "readout_date < 2008-07-01")).all()
    assert (met(whole(), "readout_date >= 2008-H2") == met(whole(), "readout_date > 2008-06-30")).all()
    assert (met(whole(), "readout_date <= 2008") == met(whole(), "readout_date <= 2008-12-31")).all()


def test_what_never_comes_does_not_meet() -> None:
    dataset = whole().dataset.copy()
    gone = np.arange(512) < 100
    dataset["readout_date"] = dataset["readout_date"].where(~gone, np.inf)
    dataset["net_present_value"] = dataset["net_present_value"].where(~gone)
    run = replace(whole(), dataset=dataset)
    for text in ("readout_date <= 2030-01-01", "net_present_value > -1e15", "net_present_value <= 1e15"):
        assert (met(run, text) == ~gone).all()
    table = sim.ask(run, "joint", events=["readout_date <= 2030", "net_present_value < 1e15"])
    assert table.tables["joint"]["missing"].max() == 100
    assert "In 100 of 512 draws" in parts(table)[0].notes[0]
    assert set(sensitivity_pictures(table)) == {"joint"}
    for draw in sensitivity_pictures(table).values():
        draw(table)


def test_one_region() -> None:
    launch = whole().draws["launch_date_if_approved"].sel(market_region="us").to_numpy()
    assert (
        met(whole(), "launch_date_if_approved[us] <= 2010") == (launch <= decimal_year(day("", "2010-12-31")))
    ).all()
    total = met(whole(), "net_sales in 2015 > 50 M")
    assert (met(whole(), "net_sales[us] in 2015 > 50 M") <= total).all()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("500 k", 5e5),
        ("0.2", 0.2),
        ("20%", 0.2),
        ("1/4", 0.25),
        ("100 M", 1e8),
        ("1.5bn", 1.5e9),
        ("3 thousand", 3e3),
        ("2e6", 2e6),
    ],
)
def test_amounts(text: str, number: float) -> None:
    assert amount(text).number == pytest.approx(number)


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("2 June 2008", "2008-06-02"), ("June 2008", "2008-06"), ("30 june 2008", "2008-06-30"),
        ("Sep 2009", "2009-09"), ("May\u00a02008", "2008-05"), ("29 February 2008", "2008-02-29"),
    ],
)  # fmt: skip
def test_dates_are_read_as_they_are_printed(words: str, numbers: str) -> None:
    assert amount(words).days == amount(numbers).days
    assert statement(f"readout_date <= {words}").comparison.amount.days == amount(numbers).days
    for wrong in ("31 June 2008", "0 June 2008", "Juny 2008", "June", "June 08"):
        with pytest.raises(InputError, match=f"'{wrong}' is neither a number nor a date"):
            amount(wrong)


@given(st.dates(), st.booleans())
def test_every_date_is_read_as_it_is_printed(day: date, is_day: bool) -> None:
    day = day.replace(year=max(day.year, 1000))
    text, numbers = (day_name(day), f"{day}") if is_day else (day_name(day).partition(" ")[2], f"{day}"[:7])
    assert in_numbers(text) == numbers


REFUSED = [
    ("severe_vod", "'severe_vod' cannot be read; write readout_date <= 2008-06-30"),
    ("severe_vod = 3000", "cannot be read"),
    ("severe_vod > 1 > 2", "cannot be read"),
    ("severe_vod > __import__('os')", "is neither a number nor a date"),
    ("severe_vod > 3,000", "is neither a number nor a date"),
    ("severe_vot > 3000", "sensitivity.events: 'severe_vot > 3000': severe_vot is no variable; did you mean"),
    ("vod.incidense > 0.2", "did you mean 'vod.incidence'?"),
    ("transplants.growth > 0", "transplants.growth is certain in this run"),
    ("severe_vod in 2030 > 3000", "2030 is not among 2008 to 2009 of severe_vod"),
    ("vod.incidence in 2008 > 0.2", "only an output has years"),
    ("severe_vod > 2008-06-30", "'2008-06-30' is a date, where numbers are"),
    ("net_present_value > 0", "sensitivity.events: this run gives no net_present_value"),
    ("severe_vod[mars] > 3", "'mars' is no label of severe_vod"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_refusals(text: str, message: str) -> None:
    with pytest.raises(InputError) as fault:
        asked(small(), "vod.incidence > 0.2", text)
    assert message in str(fault.value)
    assert "\n" not in str(fault.value)


@given(st.text(max_size=30))
@settings(max_examples=200)
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (statement, place, amount):
        with suppress(InputError):  # and nothing else is raised
            read(text)


def test_nothing_said() -> None:
    with pytest.raises(InputError, match=r"sensitivity\.events: joint needs statements"):
        asked(small())


@pytest.mark.once
def test_typed_wrongly(typed: Typed) -> None:
    wrong = typed("sensitivity=joint", "sensitivity.events=[severe_vod is large]", "hydra.run.dir=wrong", *SMALL)
    assert wrong.returncode == 2
    assert "sensitivity.events: 'severe_vod is large' cannot be read" in wrong.stderr


@pytest.mark.once
def test_pictures_of_a_read_table() -> None:
    for events in (["vod.incidence >= 20%", "severe_vod >= 3000"], ["severe_vod >= 3000"]):
        run = sim.ask(small(), "joint", events=events)
        tables = {name: pd.read_csv(io.StringIO(table.to_csv(index=False))) for name, table in run.tables.items()}
        again = replace(run, tables=tables)
        (part,) = parts(again)
        assert part.sentence == parts(run)[0].sentence
        assert part.figure is not None
        assert "likely" in part.figure(again).texts[0].get_text()


def test_what_no_draw_meets_is_told_by_the_draws_there_were() -> None:
    run = sim.simulate(sim.load(overrides=[*ONE_YEAR, "sampling.draws=64"]))
    asked = sim.ask(run, "joint", events=["severe_vod > 999999", "vod > 0"])
    assert "in none of 64 draws" in parts(asked)[0].sentence
    assert asked.tables["joint"]["error"].isna().any()
