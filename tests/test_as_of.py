"""A forecast is judged with what was knowable."""

import pytest

import sim
from sim.errors import InputError
from tests.conftest import Typed

REFUSED = [
    (
        ["vod=premier_2017", "evidence.as_of=2007-11"],
        "'cao2017_premier' was published on 2017-12-31, after evidence.as_of 2007-11-30; it needs "
        "evidence.as_of=2017-12-31 or later",
    ),
    (["evidence.as_of=2007-10"], "'seed_vod_rate' was published on 2007-11-30"),
    (["evidence.as_of=soon"], "evidence.as_of: 'soon' is no date; write 2007, 2007-11 or 2007-11-30"),
    (["evidence.as_of=2007-13"], "evidence.as_of: '2007-13' is no date"),
    (["vod=cohorts", "evidence.as_of=2010"], "needs evidence.as_of=2017-12-31"),
    (["transplants=worldwide", "evidence.as_of=2009"], "2010-12-31"),
]


@pytest.mark.parametrize(("overrides", "words"), REFUSED, ids=[" ".join(overrides) for overrides, _ in REFUSED])
def test_what_was_published_later_is_refused_with_the_date_needed(overrides: list[str], words: str) -> None:
    with pytest.raises(InputError) as refusal:
        sim.load(overrides=overrides)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_pooling_drops_what_was_published_later() -> None:
    rows = "carreras1998_allo, hagglund1998, aa_korea2013, strouse2018"
    words = ["transplants=by_type", "vod=pooled", f"vod.incidence.values.allogeneic.value='pooled({rows})'"]
    late, early = (
        sim.load(
            overrides=[
                *words,
                "vod.severe_fraction.by=[]",
                "vod.severe_fraction.value=0.3",
                "vod.cohort=null",
                f"evidence.as_of={year}",
            ]
        )
        for year in (2018, 2016)
    )
    name = "vod.incidence[allogeneic]"
    assert late.leaves[name].rows == ("carreras1998_allo", "hagglund1998", "aa_korea2013", "strouse2018")
    assert early.leaves[name].rows == ("carreras1998_allo", "hagglund1998", "aa_korea2013")
    assert late.leaves[name].distribution != early.leaves[name].distribution


def test_a_month_is_known_at_its_end_and_nothing_is_hidden_without_a_date() -> None:
    assert (
        sim.load(overrides=["evidence.as_of=2007-11"]).leaves
        == sim.load(overrides=["evidence.as_of=2007-11-30"]).leaves
    )
    assert sim.load().evidence.as_of is None
    with pytest.raises(InputError, match="seed_hct_2002"):
        sim.load(overrides=["evidence.as_of=2007-11-29"])


@pytest.mark.parametrize(
    "scenario", ["cohorts", "cohorts_2007", "pooled", "conservative", "optimistic", "europe_us_2008"]
)
def test_the_scenarios_that_state_a_date_rest_on_nothing_later(scenario: str) -> None:
    assumptions = sim.load(scenario)
    as_of = str(assumptions.evidence.as_of)
    assert f"of {as_of[:4]}" in assumptions.scenario.story or as_of[:4] in assumptions.scenario.story
    ledger = assumptions.origin.ledger
    for leaf in assumptions.leaves.values():
        assert all(row in ledger for row in leaf.rows)


def test_the_command_line_refuses_in_one_line(typed: Typed) -> None:
    done = typed("scenario=cohorts_2007", "vod=premier_2017")
    assert done.returncode == 2
    assert done.stderr.startswith("sim: vod.incidence.source: 'cao2017_premier' was published on 2017-12-31")
    assert done.stderr.count("\n") == 1
