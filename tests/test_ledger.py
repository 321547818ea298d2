"""The ledger: its schema, what was known by when, and which rows may be pooled."""

import csv
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.configuration.places import conf_dir
from sim.dates import last_day
from sim.errors import InputError
from sim.evidence.dates import publication_date
from sim.evidence.ledger import Ledger, read_ledger
from sim.evidence.schema import COLUMNS, number

PLAIN = dict.fromkeys(COLUMNS, "") | {
    "id": "study1999",
    "measure": "vod_incidence",
    "published": "1999",
    "n": "100",
    "k": "10",
    "mean": "0.1",
    "unit": "proportion of transplants",
    "citation": "Study. Journal 1999;1:1-2",
    "verified": "retrieved",
    "criterion": "Seattle",
    "denominator": "transplants",
}


def write(path: Path, *rows: Mapping[str, str]) -> Path:
    """A ledger file of rows that differ from the plain one as given."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(PLAIN | dict(row) for row in rows)
    return path


@pytest.fixture
def ledger_of(tmp_path: Path) -> Callable[..., Ledger]:
    return lambda *rows: read_ledger(write(tmp_path / "own.csv", *rows))


@pytest.fixture(scope="module")
def shipped() -> Ledger:
    return read_ledger(conf_dir() / "evidence" / "ledger.csv")


def test_the_shipped_ledger_is_whole(shipped: Ledger) -> None:
    assert len(shipped) == 248
    assert all(set(row) == set(COLUMNS) for row in shipped.values())
    outcomes = ("day100_mortality", "complete_response", "survival_given_response")
    for row in shipped.values():
        if row["measure"] in outcomes:
            assert row["treated"] in ("none", "defibrotide", "mixed", "unstated"), row["id"]
        if row["measure"] in (*outcomes, "vod_incidence", "severe_fraction", "severe_vod_per_transplant"):
            assert row["criterion"], row["id"]
            assert row["denominator"], row["id"]


def test_the_release_says_one_third_and_was_known_in_november_2007(shipped: Ledger) -> None:
    assert number(shipped["seed_severe_frac"]["mean"]) == 1 / 3
    for name in ("seed_hct_2002", "seed_vod_rate", "seed_severe_frac", "seed_d100_mort", "seed_ph3_enrol"):
        assert publication_date(shipped[name]) == date(2007, 11, 30)
        assert name in shipped.known_by("2007-11")
        assert name not in shipped.known_by("2007-10")


def test_derived_rows_follow_from_others(shipped: Ledger) -> None:
    def mean(name: str) -> float:
        return number(shipped[name]["mean"])

    assert mean("wbmt_2016_auto_d") == round(0.535 * mean("wbmt_2016_all"))
    assert mean("wbmt_2016_allo_d") + mean("wbmt_2016_auto_d") == mean("wbmt_2016_all")
    assert mean("us_2012_allo_d") == mean("us_2012_allo_rel") + mean("us_2012_allo_unrel")
    assert int(shipped["masuda2025_total_d"]["k"]) == sum(
        int(shipped[name]["k"]) for name in ("masuda2025_classical", "masuda2025_late")
    )
    assert shipped["sev_yoon2019_ebmt_vs"]["k"] == shipped["mort_yoon_vs"]["n"] == "128"


@given(st.dates(min_value=date(1, 1, 1), max_value=date(9999, 12, 30)))
def test_a_date_counts_as_its_last_day(day: date) -> None:
    assert last_day("key", day.isoformat()) == last_day("key", day) == day
    month = last_day("key", day.isoformat()[:7])
    assert month >= day
    assert (month + timedelta(days=1)).day == 1
    assert (month.year, month.month) == (day.year, day.month)
    assert last_day("key", day.isoformat()[:4]) == date(day.year, 12, 31)


@pytest.mark.parametrize(
    "text", ["2007-13", "2007-11-31", "07", "autumn", "2007-1", "20071130", "", "2007-11-30T", "0000"]
)
def test_other_dates_are_refused(shipped: Ledger, text: str) -> None:
    message = f"evidence.as_of: '{text}' is no date; write 2007, 2007-11 or 2007-11-30"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        shipped.known_by(text)


def test_a_date_hides_what_was_published_later(shipped: Ledger) -> None:
    then = shipped.known_by("2007-11")
    assert shipped.known_by(None) == shipped
    assert len(then) == len(list(then)) == sum(publication_date(row) <= date(2007, 11, 30) for row in shipped.values())
    assert "cao2017_premier" not in then
    assert "no such row" not in then
    with pytest.raises(InputError) as refused:
        then["cao2017_premier"]
    assert str(refused.value) == (
        "'cao2017_premier' was published on 2017-12-31, after evidence.as_of 2007-11-30; "
        "it needs evidence.as_of=2017-12-31 or later"
    )
    assert shipped.known_by(2017)["cao2017_premier"] == shipped["cao2017_premier"]


@given(st.integers(1980, 2030), st.integers(1980, 2030))
def test_later_dates_know_no_less(one: int, other: int) -> None:
    ledger = read_ledger(conf_dir() / "evidence" / "ledger.csv")
    early, late = sorted((one, other))
    assert set(ledger.known_by(early)) <= set(ledger.known_by(late)) <= set(ledger)


def test_a_pooling_keeps_what_was_known(shipped: Ledger) -> None:
    names = ("cesaro2005", "cheuk2007", "lee2010_korea", "haussmann2006_a")
    assert shipped.counts(names) == [(26, 244), (19, 144), (72, 467), (13, 71)]
    assert shipped.known_by("2007-11").known(names) == ("cesaro2005", "haussmann2006_a")
    assert shipped.known_by("2007-11").counts(names) == [(26, 244), (13, 71)]
    with pytest.raises(InputError) as refused:
        shipped.known_by(2005).counts(names)
    assert str(refused.value) == (
        "of the rows cesaro2005, cheuk2007, lee2010_korea, haussmann2006_a, 1 was published by evidence.as_of "
        "2005-12-31; at least 2 needed: evidence.as_of=2006-12-31 or later"
    )
    with pytest.raises(InputError, match=r"none was published by evidence\.as_of 2004-12-31; at least 1 needed: "):
        shipped.known_by(2004).known(names)
    with pytest.raises(InputError, match="'cheuk' is no row of the evidence ledger; did you mean 'cheuk2007'"):
        shipped.known_by(2004).known(("cesaro2005", "cheuk"))


UNPOOLABLE = [
    (
        {"measure": "severe_fraction"},
        "'a' (measure vod_incidence) and 'b' (measure severe_fraction) measure different things",
    ),
    ({"criterion": "unstated"}, "'a' (criterion Seattle) and 'b' (criterion unstated) rest on different criteria"),
    (
        {"denominator": "vod"},
        "'a' (denominator transplants) and 'b' (denominator vod) are shares of different populations",
    ),
    ({"treated": "none"}, "'a' (treated empty) and 'b' (treated none) are of differently treated patients"),
    ({"cohort": "one"}, "'a' and 'b' are the same patients twice (cohort one)"),
    ({"k": ""}, "row 'b' has no n and k to pool"),
    ({"n": ""}, "row 'b' has no n and k to pool"),
]


@pytest.mark.parametrize(("change", "message"), UNPOOLABLE, ids=[next(iter(change)) for change, _ in UNPOOLABLE])
def test_rows_that_differ_are_not_pooled(
    ledger_of: Callable[..., Ledger], change: dict[str, str], message: str
) -> None:
    ledger = ledger_of({"id": "a", "cohort": "one"}, {"id": "b", "cohort": "two"} | change)
    with pytest.raises(InputError, match=re.escape(message)):
        ledger.counts(("a", "b"))


def test_special_patients_are_pooled_with_others_but_types_never_meet(ledger_of: Callable[..., Ledger]) -> None:
    denominators = {
        "all": "transplants",
        "children": "transplants[paediatric]",
        "allo": "transplants[allogeneic]",
        "ric": "transplants[allogeneic, reduced intensity]",
        "auto": "transplants[autologous]",
        "cases": "vod",
    }
    ledger = ledger_of(*({"id": name, "denominator": text} for name, text in denominators.items()))
    for pair in (("all", "children"), ("allo", "ric"), ("all", "allo"), ("children", "auto")):
        assert len(ledger.counts(pair)) == 2
    for pair in (("allo", "auto"), ("ric", "auto"), ("all", "cases")):
        with pytest.raises(InputError, match="are shares of different populations"):
            ledger.counts(pair)


def test_nothing_is_pooled_from_memory_alone(ledger_of: Callable[..., Ledger]) -> None:
    ledger = ledger_of({"id": "a", "verified": "recalled"}, {"id": "b", "verified": "recalled"}, {"id": "c"})
    assert ledger.counts(("a", "b", "c")) == [(10, 100)] * 3
    with pytest.raises(InputError, match=r"ledger rows 'a', 'b': rests on memory alone \(recalled\)"):
        ledger.counts(("a", "b"))
    with pytest.raises(InputError, match=r"'c' and 'c' are the same patients twice \(cohort c\)"):
        ledger.counts(("c", "c"))


BROKEN = [
    ({"k": "101"}, "k 101 is above n 100"),
    ({"n": "1e2"}, "n '1e2' is no whole number"),
    ({"k": "2.5"}, "k '2.5' is no whole number"),
    ({"published": "late 1999"}, "published 'late 1999' is no year"),
    ({"published": ""}, "published '' is no year"),
    ({"era_end": "2007-08"}, "era_end '2007-08' is no year"),
    ({"mean": "20 %"}, "mean '20 %' is no number; write 0.2 or 1/3"),
    ({"ci_low": "1/0"}, "ci_low '1/0' is no number; write 0.2 or 1/3"),
    ({"verified": "yes"}, "verified 'yes' is no word for it; known: recalled, retrieved"),
    ({"treated": "defibrotid"}, "treated 'defibrotid' is no word for it; did you mean 'defibrotide'?"),
    ({"basis": "first"}, "basis 'first' is no word for it"),
    ({"published_on": "1999-13"}, "published_on: '1999-13' is no date"),
    ({"published_on": "2000-01"}, "published_on 2000-01 is not in 1999, the year it was published"),
    ({"measure": " "}, "measure is missing"),
    ({"citation": ""}, "citation is missing"),
]


@pytest.mark.parametrize(("change", "message"), BROKEN, ids=[next(iter(change)) for change, _ in BROKEN])
def test_a_broken_row_is_named(ledger_of: Callable[..., Ledger], change: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=f"^own.csv: row 'b': {re.escape(message)}"):
        ledger_of({"id": "a"}, {"id": "b"} | change)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "own.csv", {"id": "a"}, {"id": "a"})
    with pytest.raises(InputError, match=r"^own.csv: row 'a' stands twice$"):
        read_ledger(path)
    path.write_text(path.read_text(encoding="utf-8").replace(",cohort,", ",cohorts,"), encoding="utf-8")
    with pytest.raises(InputError, match=r"^own.csv: column 'cohort' is missing$"):
        read_ledger(path)
    path.write_text(",".join(COLUMNS) + "\na,b,c\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"^own.csv: row 'a' has more or fewer cells than there are columns$"):
        read_ledger(path)
    path.write_bytes("Zürich".encode("latin-1"))
    with pytest.raises(InputError, match=r"^own.csv: is no CSV file in UTF-8"):
        read_ledger(path)
    path.write_bytes(b"")
    with pytest.raises(InputError, match=r"^own.csv: column 'id' is missing$"):
        read_ledger(path)
    with pytest.raises(InputError, match=r"^gone.csv: cannot be read \(No such file or directory\)$"):
        read_ledger(tmp_path / "gone.csv")


def test_a_spreadsheets_mark_is_no_part_of_the_heading(tmp_path: Path) -> None:
    path = write(tmp_path / "own.csv", {"id": "a"})
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert list(read_ledger(path)) == ["a"]


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_numbers_are_decimals_or_fractions(above: int, below: int) -> None:
    assert number(f"{above}/{below}") == above / below
    assert number(str(above)) == above
    assert number(f"{above}.25") == above + 0.25
