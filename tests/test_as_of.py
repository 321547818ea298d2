"""A forecast is judged with what was knowable."""

from pathlib import Path

import pytest

import sim
from sim.configuration.places import conf_dir
from sim.errors import InputError
from tests.conftest import PATIENTS, Typed

FEW = ["sampling.draws=64", *PATIENTS]

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
    (["transplants=worldwide", "evidence.as_of=2009"], "'wbmt_2006_all' was published on 2010-12-31"),
    (["transplants=worldwide", "evidence.as_of=2015"], "2 are needed: evidence.as_of=2022-12-31 or later"),
]


@pytest.mark.parametrize(("overrides", "words"), REFUSED, ids=[" ".join(overrides) for overrides, _ in REFUSED])
def test_what_was_published_later_is_refused_with_the_date_needed(overrides: list[str], words: str) -> None:
    with pytest.raises(InputError) as refusal:
        sim.load(overrides=[*PATIENTS, *overrides])
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


def test_the_date_stands_on_table_and_report(typed: Typed, tmp_path: Path) -> None:
    done = typed("scenario=cohorts_2007", *FEW, "hydra.run.dir=out")
    assert "evidence published by 2007-11" in done.stdout
    assert "Evidence published by 2007-11" in text_of(tmp_path / "out" / "report.html")
    assert "evidence published by" not in typed(*FEW, "report=none").stdout


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def test_a_ledger_of_ones_own(typed: Typed, tmp_path: Path) -> None:
    header, *rows = (conf_dir() / "evidence" / "ledger.csv").read_text(encoding="utf-8").splitlines()
    (like,) = (row for row in rows if row.startswith("lee2020_taiwan,"))
    own = tmp_path / "own.csv"
    own.write_text("\n".join([header, *rows, like.replace("lee2020_taiwan", "our_survey", 1)]) + "\n", encoding="utf-8")
    words = [
        "evidence.file=own.csv",
        "vod.incidence.source=our_survey",
        "vod.incidence.value='count(events=39, n=2345)'",
    ]
    done = typed(*words, *FEW, "report=none", "hydra.run.dir=out")
    assert done.returncode == 0, done.stderr
    assert "our_survey" in text_of(tmp_path / "out" / "evidence.csv")
    assert typed("replay", "out").returncode == 0
    own.write_text(text_of(own) + "\n", encoding="utf-8")
    assert "own.csv has changed" in typed("replay", "out").stderr
    missing = typed("evidence.file=none.csv")
    assert missing.returncode == 2
    assert missing.stderr == "sim: evidence.file: none.csv: cannot be read (No such file or directory)\n"
