"""A rate rests on rows that measure it, among its patients, under its treatment."""

from pathlib import Path

import pytest

import sim
from sim.configuration.places import conf_dir
from sim.errors import InputError
from sim.evidence.compatible import diagnosis
from tests.conftest import Typed

MORTALITY = "vod.day100_mortality"

REFUSED = [
    (["transplants.volume.source=seed_vod_rate"], "row 'seed_vod_rate' measures vod_incidence, not transplant_volume"),
    (["vod.incidence.value='5 to 20%'"], "5 is above 1 (a share lies between 0 and 1); per cent have their sign"),
    (
        ["vod.incidence.source=sev_premier"],
        "vod.incidence.value: row 'sev_premier' measures severe_fraction, not vod_incidence",
    ),
    (
        ["vod.incidence.source=carreras1998_allo"],
        "row 'carreras1998_allo' is a share of transplants[allogeneic], not of transplants",
    ),
    (
        ["vod.incidence.source=phis_2016_19"],
        "row 'phis_2016_19' is a share of transplants[paediatric], not of transplants",
    ),
    (
        [f"{MORTALITY}.source=mort_ph3_df"],
        "row 'mort_ph3_df' is of patients with treatment 'defibrotide', the rate of 'none'; say treated: defibrotide",
    ),
    (
        [f"{MORTALITY}.source=mort_ph3_hc", f"{MORTALITY}.treated=defibrotide"],
        "treatment 'none', the rate of 'defibrotide'",
    ),
    ([f"{MORTALITY}.source=mort_jones_vod"], "row 'mort_jones_vod' is a share of vod, not of severe_vod"),
    ([f"{MORTALITY}.treated=often"], "vod.day100_mortality.treated: 'often' is not one of"),
    ([f"{MORTALITY}.value='pooled(mort_ph3_hc, mort_ph3_df)'"], "mort_ph3_df' (treated defibrotide)"),
    ([f"{MORTALITY}.source=mort_ph3_df", f"{MORTALITY}.spread=mort_ph3_df"], "treatment 'defibrotide'"),
    (["vod.incidence.source=seed_d100_mort", "vod.incidence.spread=seed_d100_mort"], "measures day100_mortality"),
    (["vod.severe_fraction.source=sev_mcdonald1993"], "row 'sev_mcdonald1993' defines severity by its outcome"),
    (
        ["vod=seattle", "vod.incidence.values.allogeneic.source=carreras2011_baltimore"],
        "measured by 'Baltimore', not by 'Seattle'",
    ),
    (["vod.incidence.value='pooled(carreras1998_all, lee2020_taiwan)'"], "2 studies leave no degree of freedom"),
    (["vod.incidence.value='pooled(carreras1998_all, sev_premier)'"], "measure"),
    (["vod.incidence.value='pooled(carreras2011_seattle, carreras2011_baltimore)'"], "criterion"),
    (
        ["vod.incidence.value='pooled(carreras1998_allo, hagglund1998, strouse2018)'"],
        "is a share of transplants[allogeneic], not of transplants",
    ),
    (
        ["vod.incidence.value='pooled(carreras1998_al, lee2020_taiwan)'"],
        "'carreras1998_al' is no row of the evidence ledger; did you mean 'carreras1998_all'?",
    ),
    (["vod.incidence.value='pooled(carreras1998_all, coppell2010_all)'"], "'coppell2010_all' has no n and k"),
    (["vod.incidence.value='pooled(cibmtr2016_r, inovate2017_r)'"], "memory"),
]


@pytest.mark.parametrize(("overrides", "words"), REFUSED, ids=[overrides[-1] for overrides, _ in REFUSED])
def test_a_row_that_does_not_fit_is_refused(overrides: list[str], words: str) -> None:
    with pytest.raises(InputError) as refusal:
        sim.load(overrides=["market=none", *overrides])
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_treated_patients_are_taken_when_asked_for() -> None:
    words = [
        f"{MORTALITY}.value='count(events=63, n=102)'",
        f"{MORTALITY}.source=mort_ph3_df",
        f"{MORTALITY}.treated=defibrotide",
    ]
    leaf = sim.load(overrides=words).leaves[MORTALITY]
    assert (leaf.treated, leaf.rows) == ("defibrotide", ("mort_ph3_df",))


def test_what_is_borrowed_may_be_of_other_patients() -> None:
    words = ["vod.incidence.source=phis_2016_19", "+vod.incidence.borrowed='from children: no other count'"]
    assert sim.load(overrides=words).leaves["vod.incidence"].borrowed == "from children: no other count"


def test_special_patients_and_memory_are_flagged() -> None:
    pooled = sim.load("pooled").leaves["vod.incidence[allogeneic]"]
    assert (
        "pools other patients: aa_korea2013 (allogeneic, aplastic anaemia), pichler2017_vienna (allogeneic, paediatric)"
        in pooled.flags
    )
    words = ["vod.incidence.value='count(events=267, n=8341)'", "vod.incidence.source=cibmtr2016_r"]
    recalled = sim.load(overrides=[*words, "+vod.incidence.borrowed='from allogeneic: a test'"]).leaves["vod.incidence"]
    assert recalled.flags == ("from memory, unverified: cibmtr2016_r",)


def test_no_option_rests_on_memory() -> None:
    for scenario in (
        "press_release",
        "cohorts",
        "cohorts_2007",
        "pooled",
        "conservative",
        "optimistic",
        "europe_us_2008",
    ):
        assumptions = sim.load(scenario)
        for name, leaf in assumptions.leaves.items():
            verified = {assumptions.origin.ledger[row]["verified"] for row in leaf.rows}
            assert "recalled" not in verified, (scenario, name)


def test_refused_on_the_command_line_in_one_line(typed: Typed) -> None:
    done = typed(f"{MORTALITY}.source=mort_ph3_df")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_a_number_that_its_source_does_not_hold_is_flagged() -> None:
    flags = sim.load(overrides=["vod.incidence.source=cao2017_premier"]).leaves["vod.incidence"].flags
    assert "cao2017_premier says 0.0537, the value has a mean of 0.2" in flags
    assert "cao2017_premier was diagnosed by 'discharge codes', the rate by 'unstated'" in flags


def test_a_mortality_of_unknown_treatment_is_flagged() -> None:
    words = "seed_d100_mort does not say how its patients were treated: taken as untreated"
    assert sim.load().leaves[MORTALITY].flags == (words,)


def test_the_options_name_the_criteria_of_their_rows() -> None:
    for option in sorted(path.stem for path in (conf_dir() / "vod").glob("*.yaml")):
        needs = ["transplants=by_type"] if option == "ebmt_1998_by_type" else []
        assumptions = sim.load(overrides=[f"vod={option}", *needs, "market=none"])
        for name, leaf in assumptions.leaves.items():
            if name.startswith(("vod.incidence", "vod.severe_fraction")):
                for row in leaf.carrying:
                    assert diagnosis(assumptions.origin.ledger[row]) == leaf.criterion, (option, name)


def test_a_volume_is_divided_once(tmp_path: Path) -> None:
    text = """# @package _global_
scenario: {title: Own, story: Own}
transplants:
  volume: {by: transplant, values: {allogeneic: 14000, autologous: 19000}, source: "assumption: a test"}
"""
    (tmp_path / "scenario").mkdir()
    (tmp_path / "scenario" / "own.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(
        InputError, match=r"transplants\.shares\.transplant: divides transplants that transplants\.volume"
    ):
        sim.load("own", ["transplants=by_type"], tmp_path)
    (tmp_path / "scenario" / "own.yaml").write_text(text + "  shares: {transplant: null}\n", encoding="utf-8")
    run = sim.simulate(sim.load("own", ["transplants=by_type", "sampling=point", "market=none"], tmp_path))
    assert run.value("transplants") == pytest.approx(33_000, rel=1e-12)
