"""The audit: each check fires on a doctored row and is silent on a sound one; the shipped ledger holds no error."""

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binomtest

from sim.configuration.places import conf_dir
from sim.evidence.audit import CHECKS, audit
from sim.evidence.audit.findings import Finding
from sim.evidence.intervals import beta_of_limits, jeffreys, wilson
from sim.evidence.ledger import Ledger, read_ledger
from tests.test_ledger import PLAIN

VOLUME = {
    "measure": "transplant_volume",
    "unit": "patients/yr",
    "basis": "first_transplants",
    "region": "Europe",
    "era_start": "1998",
    "era_end": "1998",
    "transplant_type": "all",
    "age_group": "all",
    "n": "",
    "k": "",
    "mean": "1000",
    "criterion": "",
    "denominator": "",
}
ALLO, AUTO = {"id": "allo", "transplant_type": "allogeneic"}, {"id": "auto", "transplant_type": "autologous"}
MORTALITY = {"measure": "day100_mortality", "denominator": "severe_vod", "treated": "none"}
SEVERE = {"measure": "severe_fraction", "denominator": "vod"}


def ledger_of(*rows: Mapping[str, str]) -> Ledger:
    """A ledger of rows that differ from the plain one as given; no reader has refused it."""
    whole = [PLAIN | {"id": f"row{place}"} | dict(row) for place, row in enumerate(rows)]
    return Ledger({row["id"]: row for row in whole}, "")


def found(*rows: Mapping[str, str]) -> list[Finding]:
    """What the audit finds in it."""
    return audit(ledger_of(*rows))


def test_a_sound_ledger_has_nothing_to_find() -> None:
    assert found({}, VOLUME, VOLUME | ALLO | {"mean": "400"}, VOLUME | AUTO | {"mean": "600"}, MORTALITY, SEVERE) == []


DOCTORED: list[tuple[str, str, list[Mapping[str, str]], str]] = [
    ("impossible", "error", [{"k": "101", "mean": ""}], "k 101 is above n 100"),
    ("impossible", "error", [{"mean": "1.1", "n": ""}], "mean 1.1 is a share above 1"),
    ("impossible", "error", [{"ci_low": "0.2", "ci_high": "0.3", "note": "Wilson", "n": ""}],
     "its mean 0.1 is outside its interval 0.2–0.3"),
    ("impossible", "error", [{"ci_low": "0.3", "ci_high": "0.2", "n": ""}],
     "its lower limit 0.3 is above its upper limit"),
    ("impossible", "error", [{"era_start": "1998", "era_end": "1997"}],
     "its era ends in 1997, before it begins in 1998"),
    ("impossible", "error", [{"cohort": "one", "k": "10"}, SEVERE | {"cohort": "one", "n": "11", "k": "1", "mean": ""}],
     "11 patients for severe_fraction, of 10 in the step before"),
    ("impossible", "error", [{"cohort": "one", "transplant_type": "all"}, ALLO | {"cohort": "one", "n": "60", "k": "6"},
     AUTO | {"cohort": "one", "n": "60", "k": "6"}], "n: 60 + 60 = 120, the whole says 100"),
    ("inconsistent", "note", [{"cohort": "one", "transplant_type": "all"},
     ALLO | {"cohort": "one", "n": "40", "k": "4"}, AUTO | {"cohort": "one", "n": "50", "k": "5"}],
     "n: 40 + 50 = 90, the whole says 100; 10 are of neither type"),
    ("inconsistent", "error", [{"mean": "0.11"}], "10/100 is 0.1000, not the mean 0.11"),
    ("inconsistent", "error", [{"ci_low": "0.05", "ci_high": "0.1744", "note": "CI = Wilson 95%, computed"}],
     "Wilson's interval of 10/100 is 0.0552–0.1744, not 0.05–0.1744"),
    ("inconsistent", "error", [VOLUME | {"mean": "400", "note": "DERIVED: 0.39 x 1,000; rounded"}],
     "0.39 x 1,000 is 390, not the mean 400"),
    ("inconsistent", "error", [VOLUME | {"mean": "400", "note": "DERIVED: 3,000/1.5 + 10"}],
     "3,000/1.5 + 10 is 2,010, not the mean 400"),
    ("inconsistent", "error", [VOLUME, VOLUME | ALLO | {"mean": "400"}, VOLUME | AUTO | {"mean": "602"}],
     "400 + 602 = 1,002, not the total 1,000"),
    ("inconsistent", "error", [VOLUME | {"basis": ""}], "a volume without a basis"),
    ("inconsistent", "error", [{"basis": "unstated"}], "basis unstated where no transplants are counted"),
    ("inconsistent", "warning", [VOLUME, VOLUME | {"era_start": "1990", "era_end": "1990", "mean": "800"},
     VOLUME | {"basis": "all_transplants", "mean": "1100", "note": "x; CHANGE: total +20% since 1990"}],
     "the note says +20 % since 1990, the rows 800 and 1,000 say +25.0 %"),
    ("inconsistent", "note", [{"note": "10.2% in the source"}], "the source says 10.2 %, the mean is 10.00 %"),
    ("published", "error", [{"era_end": "2000"}], "published 1999, before its era ends in 2000"),
    ("published", "error", [{"citation": "Journal 2001;3:4"}], "published 1999, but cited as of 2001"),
    ("published", "error", [{"citation": "The report. Journal 2001"}], "published 1999, but cited as of 2001"),
    ("published", "warning", [VOLUME | {"era_end": "1999"}], "published in 1999, the year it counts"),
    ("interval of a mean", "warning", [{"quantity": "incidence, meta-analysis", "n": "", "k": "", "mean": "0.137",
     "ci_low": "0.133", "ci_high": "0.141"}],
     "95 % limits 0.133–0.141 fit beta(3887.34, 24492.45): effective n about 28,380; this is the interval of a mean "
     "over studies, not of a population"),
    ("interval", "warning", [{"ci_low": "0.02", "ci_high": "0.3"}], "but n is 100"),
    ("interval", "note", [{"n": "", "k": "", "ci_low": "0.05", "ci_high": "0.17"}], "no n; its 95 % limits 0.05–0.17"),
    ("circular", "warning", [SEVERE | {"criterion": "Seattle; by outcome"}], "severity was defined by its outcome"),
    ("not a link", "warning", [MORTALITY | {"criterion": "death attributed to VOD"}], "deaths attributed to VOD"),
    ("not a link", "warning", [MORTALITY | {"criterion": "death, time unstated"}], "does not say by when"),
    ("not a link", "warning", [MORTALITY | {"criterion": "death, not by day 100"}], "not by day 100"),
    ("not a link", "warning", [MORTALITY | {"denominator": "vod[adult]"}], "is among any VOD, not severe VOD"),
    ("not a link", "warning", [MORTALITY | {"treated": "mixed"}], "treated and untreated patients together"),
    ("not a link", "warning", [SEVERE | {"denominator": "vod[moderate or severe]"}],
     "leaves mild VOD out of its denominator"),
    ("not a link", "warning", [SEVERE | {"denominator": "vod[treated]"}], "among treated patients only"),
    ("not a link", "warning", [SEVERE | {"k": "100", "mean": "1"}], "all 100 cases are severe"),
    ("not a link", "warning", [{"criterion": "EBMT 2016 late-onset"}], "counts late cases only"),
    ("not a link", "warning", [{"criterion": "unstated; moderate or severe only"}], "leaves mild VOD out"),
    ("not a link", "warning", [{"denominator": "transplants[high risk]"}], "is of selected patients"),
    ("not a link", "warning", [{"measure": "severe_vod_per_transplant", "denominator": "charts"}],
     "per chart screened"),
    ("not a link", "warning", [{"measure": "severe_vod_per_transplant"}], "takes two links at once"),
    ("basis unstated", "warning", [VOLUME | {"basis": "unstated"}], "first transplants, or all of them: not known"),
    ("mixed bases", "note", [VOLUME, VOLUME | {"basis": "all_transplants", "mean": "1110"}],
     "all transplants are 11 % more than first transplants: never mix the two"),
    ("mixed bases", "error", [VOLUME, VOLUME | {"basis": "all_transplants", "mean": "900"}],
     "all transplants are -10 % more"),
    ("two figures", "note", [VOLUME, VOLUME | {"mean": "1110"}], "1,000 and 1,110 for the same volume: 11 % apart"),
    ("same patients", "note", [{"cohort": "one"}, {"cohort": "one"}], "vod_incidence of one cohort (one)"),
    ("unusable", "warning", [{"n": "", "k": "", "mean": ""}], "gives no figure"),
    ("unusable", "warning", [{"k": "", "mean": "", "ci_low": "0.1", "ci_high": "0.2"}], "gives a range alone"),
    ("recalled", "note", [{"verified": "recalled"}], "vod_incidence from memory, seen in no source"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "severity", "rows", "words"), DOCTORED, ids=[f"{kind}: {words[:40]}" for kind, *_, words in DOCTORED]
)
def test_each_check_fires_on_a_doctored_row(
    kind: str, severity: str, rows: list[Mapping[str, str]], words: str
) -> None:
    hits = [one for one in found(*rows) if one.kind == kind and words in one.words]
    assert [one.severity for one in hits] == [severity], found(*rows)


def test_every_check_has_its_doctored_row() -> None:
    fired = set()
    for _, _, rows, _ in DOCTORED:
        ledger = ledger_of(*rows)
        fired |= {check for check in CHECKS if list(check([ledger[name] for name in ledger]))}
    assert fired == set(CHECKS)


def test_arms_of_a_cohort_are_different_patients() -> None:
    arms = [MORTALITY | {"cohort": "one", "treated": treated} for treated in ("none", "defibrotide")]
    assert found(*arms) == []


def test_rounding_is_no_inconsistency() -> None:
    assert found({"n": "3", "k": "1", "mean": "0.333"}, {"n": "3", "k": "1", "mean": "1/3"}) == []
    assert found({"n": "3", "k": "1", "mean": "0.334"})[0].words == "1/3 is 0.3333, not the mean 0.334"


@pytest.fixture(scope="module")
def shipped() -> Ledger:
    return read_ledger(conf_dir() / "evidence" / "ledger.csv")


def test_the_shipped_ledger_has_no_error_and_its_known_faults_are_found(shipped: Ledger) -> None:
    findings = audit(shipped)
    assert [one for one in findings if one.severity == "error"] == []
    said = {(one.kind, one.rows): one.words for one in findings}
    assert "effective n about 28,380" in said["interval of a mean", ("coppell2010_all",)]
    assert "+46 % since 2006" in said["inconsistent", ("wbmt_2006_all", "wbmt_2012_all")]
    assert (
        "11 are of neither type" in said["inconsistent", ("carreras1998_all", "carreras1998_allo", "carreras1998_auto")]
    )
    assert ("circular", ("sev_mcdonald1993",)) in said
    assert ("unusable", ("harmony_ctrl",)) in said
    ratios = [int(re.findall(r"are (\d+) %", one.words)[0]) for one in findings if one.kind == "mixed bases"]
    assert (min(ratios), max(ratios)) == (9, 20)


def test_every_recalled_row_is_named(shipped: Ledger) -> None:
    named = {name for one in audit(shipped) if one.kind == "recalled" for name in one.rows}
    assert named == {name for name, row in shipped.items() if row["verified"] == "recalled"}


def test_an_audit_sees_only_what_was_known(shipped: Ledger) -> None:
    then = shipped.known_by("2007-11")
    assert {name for one in audit(then) for name in one.rows} <= set(then)


def test_corrections_say_so(shipped: Ledger) -> None:
    """Undoing the corrected year of a survey brings its finding back."""
    row = dict(shipped["ebmt_2004_pts"])
    assert "corrected: published 2004 was before the cited 2006" in row["note"]
    words = [one.words for one in audit(Ledger({row["id"]: row | {"published": "2004"}}, ""))]
    assert "published 2004, but cited as of 2006" in words


COUNTS = st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS)
def test_wilson_holds_its_share_and_turns_round(counts: tuple[int, int]) -> None:
    k, n = counts
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1
    assert wilson(n - k, n) == pytest.approx((1 - high, 1 - low), abs=1e-12)
    reference = binomtest(k, n).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((reference.low, reference.high), abs=1e-12)


@given(COUNTS)
def test_jeffreys_is_the_middle_of_its_posterior(counts: tuple[int, int]) -> None:
    k, n = counts
    low, high = jeffreys(k, n)
    posterior = beta(k + 0.5, n - k + 0.5)
    assert low == (0 if k == 0 else pytest.approx(posterior.ppf(0.025), rel=1e-9))
    assert high == (1 if k == n else pytest.approx(posterior.ppf(0.975), rel=1e-9))


@given(st.floats(0.5, 5000), st.floats(0.5, 5000))
def test_a_beta_is_found_again_from_its_limits(a: float, b: float) -> None:
    low, high = beta(a, b).ppf([0.025, 0.975])
    if low > 1e-6 and high < 1 - 1e-6:
        assert beta_of_limits(low, high) == pytest.approx((a, b), rel=1e-6)


def test_the_beta_behind_the_meta_analysis() -> None:
    a, b = beta_of_limits(0.133, 0.141)
    assert (round(a, 2), round(b, 2)) == (3887.34, 24492.45)
    assert round(a + b) == 28380
