"""Every text form, every refusal, and no text that does anything but raise `InputError`."""

import contextlib
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import t

from sim.assumptions.distributions import (
    ARGUMENTS,
    NUMBER,
    POSITIVE,
    SHARE,
    Beta,
    Certain,
    Discrete,
    Distribution,
    FloatArray,
    Gamma,
    Kind,
    LogitT,
    LogNormal,
    Metalog,
    Mixture,
    Normal,
    Pert,
    Sample,
    Triangular,
    Uniform,
)
from sim.assumptions.pooling_forms import pooled_texts
from sim.assumptions.text import LONGEST, Context, read
from sim.errors import InputError

LEDGER = {"carreras1998_all": (291, 5418), "strouse2018": (637, 13097), "kumar-2020.b": (93, 2886), "1999": (5, 40)}


def samples(file: str, column: str) -> FloatArray:
    assert (file, column) == ("data/draws of mine.csv", "peak share")
    return np.array([0.3, 0.1, 0.2])


CONTEXT = Context(read_sample=samples, pooled_rows=lambda ids: [LEDGER[i] for i in ids])


def percentiles(distribution: Distribution, *levels: float) -> list[float]:
    return [float(x) for x in distribution.ppf(np.array(levels))]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (0.2, 0.2),
        (1, 1.0),
        ("0.2", 0.2),
        (" .2 ", 0.2),
        ("2.", 2.0),
        ("1/3", 1 / 3),
        ("1 / 4", 0.25),
        ("20%", 0.2),
        ("20 %", 0.2),
        ("1e6", 1e6),
        ("2.5E-3", 0.0025),
        ("45_000", 45000.0),
        ("-0.02", -0.02),
        ("+3", 3.0),
        (np.float64(0.25), 0.25),
        (np.int64(3), 3.0),
    ],
)
def test_numbers(text: float | str, value: float) -> None:
    assert read(text, NUMBER) == Certain(value)


@pytest.mark.parametrize(
    ("text", "kind", "family", "levels", "values"),
    [
        ("0.10 to 0.20", SHARE, Beta, (0.05, 0.95), (0.1, 0.2)),
        ("10% to 1/5", SHARE, Beta, (0.05, 0.95), (0.1, 0.2)),
        ("0.15 to 0.25 at 80%", SHARE, Beta, (0.1, 0.9), (0.15, 0.25)),
        ("0.15 to 0.25 at 0.95", SHARE, Beta, (0.025, 0.975), (0.15, 0.25)),
        ("8000 to 10000", POSITIVE, LogNormal, (0.05, 0.95), (8000, 10000)),
        ("-1 to 1", NUMBER, Normal, (0.05, 0.95), (-1, 1)),
        ("30 to 60", Kind("percentage", 0.0, 100.0), Beta, (0.05, 0.95), (30, 60)),
        ("low 0.10 base 0.15 high 0.22", SHARE, Metalog, (0.1, 0.5, 0.9), (0.1, 0.15, 0.22)),
        ("low 10% base 15% high 22%", SHARE, Metalog, (0.1, 0.5, 0.9), (0.1, 0.15, 0.22)),
        ("low 5 base 8 high 20", POSITIVE, Metalog, (0.1, 0.5, 0.9), (5, 8, 20)),
        ("low -1 base 0 high 2", NUMBER, Metalog, (0.1, 0.5, 0.9), (-1, 0, 2)),
        ("metalog(p05=0.1, median=0.2, p97.5=0.35)", SHARE, Metalog, (0.05, 0.5, 0.975), (0.1, 0.2, 0.35)),
        ("beta(p2.5=10%, p97.5=30%)", SHARE, Beta, (0.025, 0.975), (0.1, 0.3)),
        ("beta( median = 1/5 , p95 = 0.3 )", SHARE, Beta, (0.5, 0.95), (0.2, 0.3)),
        ("lognormal(median=5, p95=9)", POSITIVE, LogNormal, (0.5, 0.95), (5, 9)),
        ("gamma(p05=2,p95=8)", POSITIVE, Gamma, (0.05, 0.95), (2, 8)),
        ("normal(p10=-1,p90=3)", NUMBER, Normal, (0.1, 0.9), (-1, 3)),
    ],
)
def test_percentiles(
    text: str, kind: Kind, family: type[Distribution], levels: tuple[float, ...], values: tuple[float, ...]
) -> None:
    found = read(text, kind)
    assert isinstance(found, family)
    assert percentiles(found, *levels) == pytest.approx(list(values), rel=1e-9)


@pytest.mark.parametrize(
    ("text", "mean", "sd"),
    [
        ("beta(mean=0.2, sd=0.03)", 0.2, 0.03),
        ("normal(mean=-2, sd=0.03)", -2, 0.03),
        ("lognormal(mean=20, sd=3)", 20, 3),
        ("gamma(mean=20, sd=3)", 20, 3),
        ("mixture(normal(mean=1, sd=2)=0.5, normal(mean=3, sd=2)=0.5)", 2, math.sqrt(5)),
    ],
)
def test_moments(text: str, mean: float, sd: float) -> None:
    found = read(text, NUMBER)
    assert (found.mean, found.sd) == pytest.approx((mean, sd))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("beta(mean=0.2, effective_n=50)", Beta(10, 40)),
        ("lognormal(median=1, log_sd=0.1)", LogNormal(0.0, 0.1)),
        ("pert(low=2, mode=5, high=7)", Pert(2, 5, 7)),
        ("triangular(high=7, low=2, mode=5)", Triangular(2, 5, 7)),
        ("uniform(low=2, high=7)", Uniform(2, 7)),
        ("discrete(1=0.3,20%=0.2, 1/4 = 50%)", Discrete(("1", "20%", "1/4"), (0.3, 0.2, 0.5))),
        ("count(events=87, n=1652)", Beta(87.5, 1565.5)),
        ("count(n=10, events=0)", Beta(0.5, 10.5)),
        ("mixture(0=0.25, uniform(low=1, high=3)=3/4)", Mixture((Certain(0), Uniform(1, 3)), (0.25, 0.75))),
    ],
)
def test_families(text: str, expected: Distribution) -> None:
    assert read(text, NUMBER) == expected


def test_labels() -> None:
    found = read("discrete(early=0.3, in the plan = 0.7)", NUMBER, allow_labels=True)
    assert isinstance(found, Discrete)
    assert found.labels == ("early", "in the plan")
    with pytest.raises(InputError, match="labels stand where numbers are wanted"):
        read("discrete(early=0.3, late=0.7)", SHARE)


def test_pooled() -> None:
    mean = read("pooled_mean(carreras1998_all, strouse2018, kumar-2020.b)", SHARE, CONTEXT)
    assert isinstance(mean, LogitT)
    assert mean.df == 2
    assert percentiles(mean, 0.025, 0.5, 0.975) == pytest.approx([0.02279, 0.04435, 0.08453], abs=5e-6)
    predictive = read("pooled(carreras1998_all, strouse2018, kumar-2020.b)", SHARE, CONTEXT)
    assert isinstance(predictive, LogitT)
    assert percentiles(predictive, 0.025, 0.975) == pytest.approx([0.00096, 0.6914], rel=1e-3)
    assert predictive.ppf(np.array([0.9])) == expit(predictive.location + predictive.scale * t.ppf(0.9, 1))
    with pytest.raises(InputError, match="2 studies leave no degree of freedom for a prediction"):
        read("pooled(strouse2018, 1999)", SHARE, CONTEXT)


def test_sample() -> None:
    found = read("sample(data/draws of mine.csv, peak share)", SHARE, CONTEXT)
    assert isinstance(found, Sample)
    assert found.values.tolist() == [0.1, 0.2, 0.3]


NOT_A_QUANTITY = "is not a quantity; write for example 0.2"

refused: list[tuple[object, str]] = [
    (True, "YAML reads NO, no, off as false"),
    (False, "False is not a number"),
    (None, "None is neither a number nor a text"),
    ([0.1, 0.2], "neither a number nor a text"),
    ({"mean": 0.2}, "neither a number nor a text"),
    (math.nan, "nan is not a finite number"),
    (-math.inf, "-inf is not a finite number"),
    (10**400, "inf is not a finite number"),
    ("nan", NOT_A_QUANTITY),
    (".inf", NOT_A_QUANTITY),
    ("-inf", NOT_A_QUANTITY),
    ("Infinity", NOT_A_QUANTITY),
    ("1e999", "1e999 is not a finite number"),
    ("beta(mean=nan, sd=0.1)", "expected a number, found 'nan, sd=0.1"),
    ("1/0", "1/0 divides by zero"),
    ("", NOT_A_QUANTITY),
    ("yes", NOT_A_QUANTITY),
    ("0.2.1", NOT_A_QUANTITY),
    ("0.2x", NOT_A_QUANTITY),
    ("1/2/3", NOT_A_QUANTITY),
    ("1__0", NOT_A_QUANTITY),
    ("٣", NOT_A_QUANTITY),
    ("0.2 0.3", NOT_A_QUANTITY),
    ("0.1-0.2", NOT_A_QUANTITY),
    ("beta", NOT_A_QUANTITY),
    ("__import__('os').system('x')", NOT_A_QUANTITY),
    ("os.system('x')", NOT_A_QUANTITY),
    ("${oc.env:HOME}", NOT_A_QUANTITY),
    ("!!python/object/apply:os.system", NOT_A_QUANTITY),
    ("beta(mean=0.2, sd=0.03).__class__", NOT_A_QUANTITY),
    ("0.2\x1b[31m", r"'0.2\\x1b\[31m' is not"),
    ("eval('1')", "unknown distribution 'eval'; known: beta, beta_binomial, count,"),
    ("btea(mean=0.2, sd=0.03)", "unknown distribution 'btea'; did you mean 'beta'"),
    ("beta(men=0.2, sd=0.03)", "beta: unknown argument 'men'; did you mean 'mean'"),
    ("beta(0.2, 0.03)", "expected an argument of beta such as mean=0.2, found '0.2, 0.03"),
    ("beta(mean=0.2 sd=0.03)", r"expected ',' or '\)', found 'sd=0.03"),
    ("beta(mean=0.2, sd=0.03", r"expected ',' or '\)', found the end"),
    ("beta(mean=0.2, mean=0.3)", "mean is given twice"),
    ("beta()", "given: nothing"),
    ("beta(mean=uniform(low=0, high=1), sd=0.1)", "expected a number"),
    ("45,000", "45,000 has a comma inside a number: write 45000 or 45_000"),
    ("1,234,567.5", "write 1234567.5 or 1_234_567.5"),
    ("0,2", "0,2 has a comma inside a number: write 0.2"),
    ("20,5%", "write 20.5%"),
    ("1.234,5", "write 1234.5"),
    ("0,1 to 0,2", "write 0.1"),
    ("0.1 to 0,2", "write 0.2"),
    ("beta(mean=0,2, sd=0.03)", "0,2 has a comma inside a number: write 0.2"),
    ("0.1 to", "expected a number, found the end"),
    ("0.1 to 0.2 at", "expected a number"),
    ("0.1 to 0.2 at 80", "at 8000%: must lie between 0% and 100%"),
    ("0.2 to 0.1", "the first number must be below the second"),
    ("0 to 0.2", "p5 = 0 must be above 0"),
    ("0.1 to 1.2", "0.1 to 1.2: 1.2 is above 1"),
    ("low 0.1 high 0.2", "expected 'base', found 'high 0.2'"),
    ("low 0.1 base 0.15", "expected 'high', found the end"),
    ("low 0.1 base 0.101 high 0.2", "the middle value 0.101 must lie between 0.112831 and 0.179259"),
    ("low 0 base 0.1 high 0.2", "0 must be above 0, the lower bound"),
    ("low 0.2 base 0.1 high 0.3", "must rise"),
    ("1.3", r"^1.3 is above 1 \(a share lies between 0 and 1\)$"),
    (1.3, "^1.3 is above 1 "),
    ("-0.02", "^-0.02 is below 0 "),
    ("normal(mean=0.2, sd=0.05)", r"^normal\(mean=0.2, sd=0.05\) can fall below 0 \(a share lies between 0 and 1\)$"),
    ("lognormal(median=0.5, p95=0.9)", "can rise above 1"),
    ("uniform(low=0, high=1.1)", "can rise above 1"),
    ("discrete(0.5=0.5, 2=0.5)", "can rise above 1"),
    ("mixture(beta(mean=0.2, sd=0.03)=0.9, normal(mean=0.2, sd=0.1)=0.1)", "can fall below 0"),
    ("mixture(0.1=0.5, 0.2=0.4)", "the weights add up to 0.9; they must add up to 1"),
    ("mixture(discrete(a=1)=1)", "only numbers can be mixed"),
    ("mixture(0.1)", "expected '='"),
    ("mixture()", "at least one entry"),
    ("mixture(" * 6 + "0.1=1" + ")=1" * 5 + ")", "more than 5 mixtures within one another"),
    ("discrete(0.1=0.5, 0.2=0.6)", "the weights add up to 1.1"),
    ("discrete(0.1=0.5, 0.1=0.5)", "0.1 is given twice"),
    ("discrete(0.1, 0.2)", "expected a label such as a=0.3"),
    ("count(events=5)", "count needs events and n; given: events"),
    ("count(events=5, n=4)", "events = 5 must lie between 0 and n = 4"),
    ("count(events=-1, n=4)", "events = -1 must lie between 0 and n = 4"),
    ("count(events=0, n=0)", "n = 0 must be above 0"),
    ("count(events=1.5, n=4)", "events = 1.5 must be a whole number"),
    ("count(event=1, n=4)", "did you mean 'events'"),
    ("count(n=1, n=4)", "n is given twice"),
    ("pooled(a, b)", "no ledger of evidence can be read here"),
    ("pooled(a)", "pooled: 1 ledger ids; needs at least 2"),
    ("pooled(a, a)", "pooled: a is given twice"),
    ("pooled_mean(a, 'b')", "expected a ledger id"),
    ("sample(a.csv, b)", "no files can be read here"),
    ("sample(a.csv)", r"sample\(file.csv, column\); 1 given"),
    ("sample( , b)", "expected a file or a column"),
    ("0" * (LONGEST + 1), "2001 characters is too long"),
    ("(" * 1000, NOT_A_QUANTITY),
]


@pytest.mark.parametrize(("value", "message"), refused, ids=lambda v: str(v)[:40])
def test_refusals(value: float, message: str) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        read(value, SHARE)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 400


def test_positive_numbers() -> None:
    assert read(0, POSITIVE) == Certain(0.0)
    with pytest.raises(InputError, match=r"^-1 is below 0 \(a positive number is at least 0\)$"):
        read(-1, POSITIVE)
    with pytest.raises(InputError, match="too wide"):
        read("low 1 base 30 high 900", POSITIVE)


EDGES = {
    "zero counts": [(0, 50), (0, 30), (0, 70)],
    "all": [(5, 5), (7, 7), (9, 9)],
    "one zero": [(0, 40), (3, 60)],
    "two studies": [(10, 100), (30, 100)],
    "ten identical": [(10, 100)] * 10,
    "two that agree": [(10, 100), (10, 100)],
}


@pytest.mark.parametrize("form", ["pooled", "pooled_mean", "beta_binomial"])
@pytest.mark.parametrize("edge", EDGES)
def test_pooling_at_its_edges_is_a_finite_share(form: str, edge: str) -> None:
    context = Context(pooled_rows=lambda _: EDGES[edge])
    if form == "pooled" and len(EDGES[edge]) < 3:
        with pytest.raises(InputError, match="no degree of freedom"):
            read("pooled(a, b)", SHARE, context)
        return
    found = read(f"{form}(a, b)", SHARE, context)
    low, middle, high = percentiles(found, 0.025, 0.5, 0.975)
    assert 0 <= low < middle < high <= 1
    assert 0 < found.mean < 1
    assert 0 < found.sd < 0.5
    assert 0 <= found.between <= 1
    if edge == "ten identical":
        assert middle == pytest.approx(0.1, abs=1e-3)
        assert low < Beta(100.5, 900.5).ppf(np.array([0.025]))[0] + 2e-3
        assert high < 0.2


@pytest.mark.parametrize("form", ["pooled", "pooled_mean", "beta_binomial"])
def test_one_study_is_not_pooled(form: str) -> None:
    with pytest.raises(InputError, match=f"^{form}: 1 ledger ids; needs at least 2$"):
        read(f"{form}(a)", SHARE, CONTEXT)
    # nor when only one of them is known
    with pytest.raises(InputError, match=r"^pooling 1 study: needs at least 2$"):
        read(f"{form}(a, b)", SHARE, Context(pooled_rows=lambda _: [(1, 10)]))


def test_few_studies_are_a_warning() -> None:
    notes: list[str] = []
    context = Context(pooled_rows=lambda ids: [LEDGER[i] for i in ids], note=notes.append)
    read("pooled(carreras1998_all, strouse2018, kumar-2020.b)", SHARE, context)
    assert notes == ["3 studies: below 5 a prediction interval says next to nothing (95 %: 0.096–69.14 %)"]
    read("pooled_mean(carreras1998_all, strouse2018, kumar-2020.b)", SHARE, context)
    assert len(notes) == 1
    read("beta_binomial(carreras1998_all, strouse2018)", SHARE, context)
    assert notes[1].startswith("2 studies: below 5 a prediction interval says next to nothing (95 %: ")
    read("pooled(a, b)", SHARE, Context(pooled_rows=lambda _: [(10, 100)] * 5, note=notes.append))
    assert len(notes) == 2


def test_disagreement_between_studies_is_told_from_ignorance() -> None:
    text = "(carreras1998_all, strouse2018, kumar-2020.b)"
    assert read(f"pooled{text}", SHARE, CONTEXT).between == pytest.approx(0.0685 / (0.0685 + 0.1568**2), abs=1e-3)
    assert read(f"pooled_mean{text}", SHARE, CONTEXT).between == 0
    assert read("count(events=3, n=9)", SHARE).between == 0


def test_what_a_text_pools_is_found_in_it() -> None:
    text = "mixture(pooled(a, b-1.c)=0.5, beta_binomial( d ,e)=0.3, pooled_mean(f, g)=0.2)"
    assert list(pooled_texts(text)) == [
        ("pooled", ("a", "b-1.c")),
        ("beta_binomial", ("d", "e")),
        ("pooled_mean", ("f", "g")),
    ]
    assert list(pooled_texts("beta(mean=0.2, sd=0.03)")) == []


WORDS = """
beta normal lognormal gamma pert triangular uniform metalog discrete mixture count pooled pooled_mean sample
beta_binomial mean sd median p05 p50 p95 p97.5 low mode high base to at events n effective_n log_sd a.csv a b ( ) ( )
= = , , % / - . 0 1 2 0.1 0.2 0.5 1e-300 1e308 1e-5 45_000 0,2 20% nan inf
"""
words = st.sampled_from(WORDS.split())
arguments = st.lists(
    st.builds(
        "{}={}".format,
        st.sampled_from(["mean", "sd", "median", "p01", "p05", "p50", "p95", "p99.9", "low", "mode", "high", "log_sd"]),
        st.floats(allow_nan=False, allow_infinity=False) | st.floats(1e-4, 1.0) | st.integers(-5, 100_000),
    ),
    min_size=2,
    max_size=3,
).map(", ".join)
families = st.sampled_from(sorted(ARGUMENTS))
texts = (
    st.text(max_size=40)
    | st.lists(words, max_size=14).map(" ".join)
    | st.lists(words, max_size=14).map("".join)
    | st.builds("{}({})".format, families, arguments)
    | st.builds("{} to {}".format, st.floats(), st.floats())
    | st.builds("low {} base {} high {}".format, st.floats(), st.floats(), st.floats())
    | st.builds("mixture({}({})=0.5, {}({})=0.5)".format, families, arguments, families, arguments)
)


def never_but_refused(value: object, kind: Kind) -> None:
    """What is read lies within its bounds; what is not read is refused in one line."""
    reader: Callable[..., Distribution] = read
    with contextlib.suppress(InputError):
        found = reader(value, kind)
        with np.errstate(all="ignore"):
            x = found.ppf(np.array([2.0**-53, 0.3, 0.7, 1 - 2.0**-53]))
        assert np.isfinite(x).all()
        assert x[0] >= kind.low
        assert x[-1] <= kind.high
        assert math.isfinite(found.mean)


@settings(max_examples=1500, deadline=None)
@given(text=texts, kind=st.sampled_from([SHARE, POSITIVE, NUMBER]))
@example(text="lognormal(median=1e300, p95=1e308)", kind=POSITIVE)
@example(text="gamma(mean=1e-300, sd=1e300)", kind=POSITIVE)
@example(text="beta(sd=5e-179, median=0.5)", kind=SHARE)
@example(text="discrete(1e308=0.5, -1e308=0.5)", kind=NUMBER)
@example(text="mixture(1e308=0.5, -1e308=0.5)", kind=NUMBER)
def test_only_input_errors_escape(text: str, kind: Kind) -> None:
    never_but_refused(text, kind)


@settings(max_examples=200, deadline=None)
@given(value=st.none() | st.booleans() | st.integers() | st.floats() | st.lists(st.integers()) | st.binary())
def test_only_input_errors_escape_from_other_values(value: object) -> None:
    never_but_refused(value, SHARE)


@pytest.mark.slow
@settings(max_examples=50_000, deadline=None)
@given(text=texts, kind=st.sampled_from([SHARE, POSITIVE, NUMBER]))
def test_only_input_errors_escape_for_long(text: str, kind: Kind) -> None:
    never_but_refused(text, kind)


def test_a_prediction_from_no_event_says_on_what_it_rests() -> None:
    notes: list[str] = []
    read("beta_binomial(a, b)", SHARE, Context(pooled_rows=lambda _: [(0, 50), (0, 70)], note=notes.append))
    assert "rests on the prior" in notes[0]
