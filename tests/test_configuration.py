import re
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hydra._internal import config_loader_impl
from hydra._internal.defaults_list import create_defaults_list

import sim
from sim.assumptions.schema import Assumptions
from sim.configuration.compose import assume, composed
from sim.configuration.places import conf_dir
from sim.errors import InputError
from sim.variables import TYPED

GROUPS = ("transplants", "vod", "sampling", "report", "scenario")
OPTIONS = [(group, path.stem) for group in GROUPS for path in sorted((conf_dir() / group).glob("*.yaml"))]
FEW = ["sampling.draws=64", "years.last=2008", "market=none"]

NEEDS = {("vod", "ebmt_1998_by_type"): ["transplants=by_type"]}
"""Options that go with another one only."""

NOT_WITH = {"transplants": ["market=none"], "scenario": ["market=none"]}
"""Words of few that are left out, group by group: its options must go with a market."""


@pytest.mark.parametrize(("group", "option"), OPTIONS, ids=[f"{group}={option}" for group, option in OPTIONS])
def test_every_option_composes_and_runs(group: str, option: str) -> None:
    overrides = [f"{group}={option}", *NEEDS.get((group, option), [])]
    few = [word for word in FEW if word not in NOT_WITH.get(group, ()) and (option, word) != ("point", FEW[0])]
    scenario = option if group == "scenario" else "press_release"
    run = sim.simulate(sim.load(scenario, [*(o for o in overrides if not o.startswith("scenario=")), *few]))
    assert 0 < run.value("deaths_day100") < run.value("severe_vod") < run.value("vod") < run.value("transplants")


@pytest.mark.parametrize(("group", "option"), OPTIONS, ids=[f"{group}={option}" for group, option in OPTIONS])
def test_every_option_says_what_it_is(group: str, option: str) -> None:
    text = (conf_dir() / group / f"{option}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# ")
    if group == "scenario":
        story = yaml.safe_load(text)["scenario"]
        assert story["title"]
        assert story["story"]


def test_every_quantity_has_unit_and_source_and_every_range_a_reason() -> None:
    for path in (conf_dir() / "scenario").glob("*.yaml"):
        assumptions = sim.load(path.stem)
        for name, leaf in assumptions.leaves.items():
            certain_source = leaf.source.startswith("assumption: ") or leaf.source in assumptions.origin.ledger
            assert certain_source, name
            measured = leaf.text.startswith(("count(", "pooled(", "trend("))  # a range of its own
            is_choice = name in ("vod.criterion", "vod.cohort")  # its source says why these weights
            if leaf.distribution is not None and not (leaf.is_certain or measured or is_choice):
                reasons = (leaf.spread or "", leaf.source)  # an assumption gives value and range together
                assert any(reason.startswith("assumption: ") for reason in reasons) or leaf.spread == leaf.source, name


def test_the_base_case_is_what_the_release_states() -> None:
    assumptions = sim.load(overrides=["market=none"])
    own = {name: leaf for name, leaf in assumptions.leaves.items() if not name.startswith("trial.")}
    means = {name: leaf.distribution.mean for name, leaf in own.items() if leaf.distribution}
    assert means == {
        "transplants.volume": 45_000,
        "transplants.growth": 0,
        "vod.incidence": 0.2,
        "vod.severe_fraction": 1 / 3,
        "vod.day100_mortality": 0.8,
    }
    assert assumptions.transplants.reference_year == 2002
    assert assumptions.leaves["transplants.growth"].is_certain
    assert assumptions.scenario.name == "press_release"
    trial = assumptions.trial
    assert trial is not None
    assert trial.interim is not None
    assert trial.control is not None
    assert (trial.target, trial.control.target, trial.interim.enrolled, trial.primary) == (80, 80, 65, "response")
    assert trial.promise == (date(2008, 1, 1), date(2008, 6, 30))


def test_a_typed_value_no_longer_has_the_source_of_the_file() -> None:
    typed = sim.load(overrides=["vod.incidence.value=0.18"]).leaves["vod.incidence"]
    assert (typed.source, typed.spread) == (TYPED, None)
    sourced = sim.load(overrides=["vod.incidence.value=0.18", "vod.incidence.source=cao2017_premier"])
    assert sourced.leaves["vod.incidence"].source == "cao2017_premier"


def test_the_files_of_a_composition_are_listed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = []

    def counted(*given: Any, **how: Any) -> Any:
        listed.append(given)
        return create_defaults_list(*given, **how)

    monkeypatch.setattr(config_loader_impl, "create_defaults_list", counted)
    monkeypatch.setattr("sim.configuration.files._found", {})  # as in a new process
    composed(["vod=seattle", "vod.incidence.value=0.123"])
    assert len(listed) == 1
    assert vars(config_loader_impl)["create_defaults_list"] is counted


def test_a_folder_of_scenarios_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "scenario").mkdir()
    (tmp_path / "scenario" / "mine.yaml").write_text(
        "# @package _global_\n"
        "defaults:\n  - override /vod: premier_2017\n"
        "scenario: {title: Mine, story: none}\n"
        "transplants: {volume: {value: 20000 to 30000, source: 'assumption: a test'}}\n",
        encoding="utf-8",
    )
    assumptions = sim.load("mine", config_dir=tmp_path)
    assert assumptions.scenario.title == "Mine"
    assert assumptions.leaves["transplants.volume"].text == "20000 to 30000"
    assert assumptions.leaves["vod.incidence"].source == "cao2017_premier"
    with pytest.raises(InputError, match="mine"):
        sim.load("mines", config_dir=tmp_path)


def mapping_with(changes: str) -> dict[str, object]:
    """The base case with a piece of YAML laid over it, as a scenario file would do."""

    def merge(below: dict[str, object], above: dict[str, object]) -> dict[str, object]:
        merged = dict(below)
        for key, value in above.items():
            old = merged.get(key)
            merged[key] = merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        return merged

    return merge(dict(composed(["scenario=press_release", "market=none"]).mapping), yaml.safe_load(changes))


def read(changes: str) -> Assumptions:
    return assume(mapping_with(changes))


TYPES = "transplants: {strata: {transplant: [a, b]}, %s}"

WRONG = [
    ("vod: {incidence: {value: 1.3}}", "vod.incidence.value: 1.3 is above 1"),
    ("vod: {incidence: {value: NO}}", "vod.incidence.value: False is not a number: YAML reads NO"),
    ("vod: {incidence: {source: null}}", "vod.incidence.source: None is no text"),
    ("vod: {incidence: {source: cao2071}}", "vod.incidence.source: 'cao2071' is no row of the evidence ledger"),
    ("vod: {incidence: {source: 'assumption: '}}", "vod.incidence.source: 'assumption:' needs its reason"),
    ("vod: {incidence: {sorce: x}}", "vod.incidence.sorce: unknown key; did you mean 'source'?"),
    ("vod: {incidence: {_target_: os.system}}", "vod.incidence._target_: unknown key"),
    ("vod: {severity: {value: 1}}", "vod.severity: no rate of the funnel"),
    ("vod: {incidence: 0.2}", "vod.incidence: 0.2 stands where keys with values belong; write vod.incidence.value=0.2"),
    ("sampling: {draws: 10k}", "sampling.draws: '10k' is no whole number"),
    ("sampling: {chance: maybe}", "sampling.chance: 'maybe' is no true or false"),
    ("vod: {day100_mortality: {of: vod}}", "vod.day100_mortality.of: 'vod', but this rate is applied to 'severe_vod'"),
    ("vod: {incidence: {of: 'transplants[allogeneic]'}}", "is applied to all of 'transplants'"),
    ("vod: {incidence: {criterion: Seattle}}", "vod.severe_fraction.criterion: 'unstated' does not fit 'Seattle'"),
    ("vod: {incidence: {by: transplnt}}", "vod.incidence.by: 'transplnt' is no dimension; did you mean 'transplant'?"),
    (
        "vod: {incidence: {value: null, by: transplant, values: {allo: 0.1}}}",
        "vod.incidence.by: given by transplant (allo), but the transplants are not divided so",
    ),
    (
        "transplants: {strata: {transplant: [allogeneic, autologous]}, volume: {value: null, by: transplant, "
        "values: {allogenic: 1, autologous: 2}}}",
        "transplants.volume.values.allogenic: no label of transplants.strata.transplant; did you mean 'allogeneic'?",
    ),
    (
        "transplants: {strata: {transplant: [allogeneic, autologous]}, volume: {value: null, by: transplant, "
        "values: {autologous: 2}}}",
        "transplants.volume.values: transplant 'allogeneic' has no value",
    ),
    ("vod: {incidence: {values: {all: 0.1}}}", "vod.incidence.by: 'values' needs the dimension"),
    ("vod: {incidence: {value: null}}", "vod.incidence.value: a number or a text"),
    ("years: {first: 2018}", "years.first: 2018 is after years.last 2017"),
    ("years: {first: 20.5}", "years.first"),
    ("transplants: {volume: {value: -1}}", "transplants.volume.value: -1 is below 0"),
    ("transplants: {growth: {value: -1}}", "transplants.growth.value: a change of -1 or below leaves no transplants"),
    ("transplants: {growth: {unit: percent}}", "transplants.growth.unit: 'percent' is neither 'change per year' nor"),
    ("transplants: {growth_pattern: sometimes}", "transplants.growth_pattern: 'sometimes' is not one of"),
    ("transplants: {strata: {region: [NO, SE]}}", "transplants.strata.region.0: False is no text (YAML reads NO"),
    ("transplants: {strata: {region: [a, a]}}", "must be one or more different labels"),
    ("transplants: {strata: {region: [a, all]}}", "'all' is the name of the total"),
    ("transplants: {strata: {region: ['a,b']}}", "'a,b' is no label"),
    (TYPES % "growth_pattern: persistent", "neither transplants.volume nor transplants.shares.transplant divides"),
    (
        TYPES % "shares: {transplant: {by: transplant, values: {a: 0.5, b: 0.6}, unit: x, source: 'assumption: x'}}",
        "transplants.shares.transplant.values: the shares do not add up to 1 (certain ones: 1.1)",
    ),
    (
        TYPES % "shares: {transplant: {by: transplant, values: {a: rest, b: rest}, unit: x, source: 'assumption: x'}}",
        "only one label can be the 'rest'",
    ),
    (
        TYPES % "shares: {transplant: {by: region, values: {a: rest}, unit: x, source: 'assumption: x'}}",
        "transplants.shares.transplant.by: must end with 'transplant'",
    ),
    ("sampling: {draws: 0}", "sampling.draws: 0 is below 1"),
    ("sampling: {draws: 1000000000000000}", "sampling.draws: 1000000000000000 is above 10000000"),
    ("sampling: {replicates: 3}", "sampling.replicates: 3 give no honest error; 1 or at least 4"),
    ("sampling: {draws: 10}", "sampling.draws: 10 is below 2 for each of sampling.replicates 8"),
    ("sampling: {method: sobel}", "sampling.method: 'sobel' is not one of"),
    ("sampling: {method: point, draws: 1, replicates: 1}", "sampling.chance: true does not go with"),
    ("sampling: {seed: -1}", "sampling.seed: -1 is below 0"),
    ("results: {keep_draws: maybe}", "results.keep_draws: 'maybe' is not one of true, false or 'auto'"),
    ("markets: {price: 1}", "markets: unknown key"),
    ("vod: {incidence: {unit: ''}}", "vod.incidence.unit: a text is missing"),
    ("vod: {incidence: {criterion: ''}}", "vod.incidence.criterion: is missing"),
    ("vod: {incidence: {borrowed: x}}", "vod.incidence.borrowed: 'x' is not of the form 'from …: why'"),
    ("vod: {incidence: {of: 'transplants['}}", "vod.incidence.of: 'transplants[' is not of the form 'transplants'"),
    ("vod: {incidence: {of: 'transplants[ ]'}}", "vod.incidence.of: 'transplants[ ]' is not of the form"),
    ("vod: {incidence: {value: null, by: [region, region], values: {}}}", "region, region: a dimension stands twice"),
    ("sampling: {draws: true}", "sampling.draws: True is no whole number"),
    ("sampling: {sobol_dimensions: [a, a]}", "sampling.sobol_dimensions: 'a' stands twice"),
    ("scenario: {title: NO}", "scenario.title: False is no text (YAML reads NO, off and yes as false or true"),
]


@pytest.mark.parametrize(("changes", "message"), WRONG, ids=[changes for changes, _ in WRONG])
def test_wrong_input_is_one_line_with_key_value_and_bound(changes: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        read(changes)
    assert "\n" not in str(refused.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InputError) as refused:
        read("{vod: {incidence: {value: 1.3}}, years: {first: 2018}}")
    assert "vod.incidence.value: 1.3 is above 1" in str(refused.value)
    assert "years.first: 2018 is after" in str(refused.value)


def test_uncertain_shares_that_exceed_the_whole_are_refused_when_drawn() -> None:
    values = "{a: 0.6 to 0.7, b: 0.5 to 0.6, c: rest}"
    shares = f"{{transplant: {{by: transplant, values: {values}, unit: x, source: 'assumption: x'}}}}"
    assumptions = read(f"transplants: {{strata: {{transplant: [a, b, c]}}, shares: {shares}}}")
    with pytest.raises(InputError, match=r"transplants.shares.transplant: the shares beside 'c' add up to 1\.\d+ in"):
        sim.simulate(assumptions)


def test_a_volume_by_label_needs_no_shares() -> None:
    run = sim.simulate(
        read(
            "{transplants: {strata: {region: [europe, us]}, volume: {value: null, by: region, "
            "values: {europe: 30000, us: {value: 20000, source: 'assumption: another'}}}}, sampling: {draws: 64}}"
        )
    )
    assert run.value("transplants", region="europe") == 30_000
    assert run.value("transplants", region="us") == 20_000
    assert run.value("transplants") == 50_000
    table = run.assumptions.set_index("quantity")
    assert table.loc["transplants.volume[us]", "source"] == "assumption: another"


def test_a_quantity_by_two_dimensions() -> None:
    run = sim.simulate(
        read(
            "{transplants: {strata: {region: [eu, us], age_group: [child, adult]}, volume: {value: null, "
            "by: [region, age_group], values: {eu: {child: 1000, adult: 4000}, us: {child: 500, adult: 2500}}}}, "
            "vod: {incidence: {value: null, by: age_group, values: {child: 0.3, adult: 0.1}}}, "
            "sampling: {draws: 64, chance: false}}"
        )
    )
    assert run.value("vod", region="eu", age_group="child") == 300
    assert run.value("vod", age_group="adult") == 650
    assert run.value("vod") == 1100


def own(folder: Path, text: str, name: str = "mine", header: str = "# @package _global_\n") -> Path:
    """A folder with one scenario of that text."""
    (folder / "scenario").mkdir(exist_ok=True)
    title = "scenario: {title: Mine, story: x}\n"
    (folder / "scenario" / f"{name}.yaml").write_text(header + title + text, encoding="utf-8")
    return folder


def test_a_scenario_can_change_whatever_there_is(tmp_path: Path) -> None:
    pair = "{between: [vod.incidence, vod.severe_fraction], spearman: 0.4, source: 'assumption: a test'}"
    folder = own(
        tmp_path,
        f"years: {{first: 2020, last: 2025}}\ncorrelation: [{pair}]\nresults: {{keep_draws: true}}\n"
        "sampling: {draws: 2048}\n",
    )
    assumptions = sim.load("mine", ["market=none"], folder)
    assert assumptions.years.all == tuple(range(2020, 2026))
    assert assumptions.correlation[0].spearman == 0.4
    assert assumptions.results.keep_draws is True
    assert assumptions.sampling.draws == 2048
    assert sim.load("mine", ["years.last=2021", "market=none"], folder).years.all == (2020, 2021)


def test_a_value_of_ones_own_needs_a_source_of_its_own(tmp_path: Path) -> None:
    folder = own(tmp_path, "transplants: {volume: {value: 35000 to 45000}}\n")
    with pytest.raises(
        InputError, match=r"^transplants.volume.source: is missing beside the value in scenario/mine.yaml"
    ):
        sim.load("mine", config_dir=folder)
    own(tmp_path, "vod: {incidence: {value: 0.1, source: cao2017_premier}}\n")
    with pytest.raises(InputError, match=r"^vod.incidence.criterion: is missing beside the source cao2017_premier"):
        sim.load("mine", config_dir=folder)
    own(tmp_path, "transplants: {strata: {region: [eu, us]}, volume: {by: region, values: {eu: 3, us: 4}}}\n")
    with pytest.raises(InputError, match=r"^transplants.volume.source: is missing beside the value"):
        sim.load("mine", config_dir=folder)


def test_the_range_of_a_replaced_value_does_not_stay_behind(tmp_path: Path) -> None:
    folder = own(
        tmp_path,
        "transplants:\n  volume: {value: 35000 to 45000, source: 'assumption: a count of centres'}\n"
        "  growth: {value: 2%, source: 'assumption: as before'}\n"
        "vod:\n  day100_mortality: {value: 70%, spread: 'assumption: none', source: 'assumption: mine'}\n",
    )
    leaves = sim.load("mine", config_dir=folder).leaves
    assert leaves["transplants.volume"].spread is None
    assert leaves["vod.day100_mortality"].spread == "assumption: none"
    assert leaves["vod.incidence"].spread is not None
    criterion = "criterion: discharge codes"
    own(
        folder,
        f"defaults: [{{override /vod: premier_2017}}]\n"
        f"vod: {{day100_mortality: {{value: 70%, source: 'assumption: mine', {criterion}}}}}\n",
    )
    assert sim.load("mine", config_dir=folder).leaves["vod.day100_mortality"].borrowed is None


def test_values_by_label_replace_a_value_and_the_other_way_round(tmp_path: Path) -> None:
    folder = own(
        tmp_path,
        "transplants:\n  strata: {region: [eu, us]}\n"
        "  volume: {by: region, values: {eu: 30000, us: 20000}, source: 'assumption: mine'}\n",
    )
    run = sim.simulate(sim.load("mine", FEW, config_dir=folder))
    assert run.value("transplants") == 50_000
    again = sim.load("ebmt_1998_by_type", ["vod.incidence.value=0.1"])
    assert again.leaves["vod.incidence"].distribution is not None
    assert again.leaves["vod.incidence"].distribution.mean == 0.1
    typed = sim.load("ebmt_1998_by_type", ["vod.incidence.values.allogeneic.value=0.1"]).leaves
    assert (typed["vod.incidence[allogeneic]"].text, typed["vod.incidence[allogeneic]"].source) == ("0.1", TYPED)
    assert typed["vod.incidence[autologous]"].source == "carreras1998_auto"


@pytest.mark.parametrize(
    "header", ["", "# my/scenario/mine.yaml\n# @package _global_\n", "\ufeff# @package _global_\n"]
)
def test_a_scenario_without_its_first_line_is_told_so(tmp_path: Path, header: str) -> None:
    for text in ("", "years: {last: 2010}\n", "defaults: [{override /vod: premier_2017}]\n"):
        own(tmp_path, text, header=header)
        with pytest.raises(
            InputError, match=r"^scenario: a scenario's file must begin with the line '# @package _global_'"
        ):
            sim.load("mine", config_dir=tmp_path)


def test_growth_that_no_counting_could_bear_is_refused() -> None:
    for overrides in (
        ["transplants.growth.value=2"],
        ["transplants.volume.value=3e9"],
        ["transplants.volume.value=1e25"],
        ["transplants.growth.value=1e30", "sampling.chance=false"],
    ):
        with pytest.raises(InputError, match=r"transplants.volume: .* are above 1e\+09, with transplants.growth"):
            sim.simulate(sim.load(overrides=[*overrides, *FEW[:1], "market=none"]))
    most = sim.simulate(sim.load(overrides=["transplants.volume.value=999999999", *FEW]))
    assert most.value("transplants") == 999_999_999
    assert 0 < most.value("deaths_day100", "p05") < most.value("vod", "p95") < 999_999_999


def test_one_override_may_be_a_text() -> None:
    assert sim.load(overrides="vod.incidence.value=0.1").leaves["vod.incidence"].text == "0.1"
    with pytest.raises(InputError, match="to sweep over several values add -m"):
        sim.load(overrides=["vod.incidence.value=0.1,0.2"])


HARMFUL = [
    "hydra: {callbacks: {evil: {_target_: os.system}}}",
    "hydra: {launcher: {_target_: subprocess.run}}",
    "hydra: {sweeper: {_target_: os.system}}",
    "hydra: {job: {env_set: {LD_PRELOAD: evil.so}}}",
    "hydra: {job_logging: {handlers: {evil: {(): os.system}}}}",
    "hydra: {hydra_logging: {handlers: {evil: {(): os.system}}}}",
]


@pytest.mark.parametrize("settings", HARMFUL)
def test_a_scenario_file_cannot_make_hydra_run_code(tmp_path: Path, settings: str) -> None:
    (tmp_path / "scenario").mkdir()
    (tmp_path / "scenario" / "evil.yaml").write_text(
        f"# @package _global_\nscenario: {{title: Evil, story: x}}\n{settings}\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"^scenario/evil.yaml: 'hydra': a configuration is data"):
        sim.load("evil", config_dir=tmp_path)
    with pytest.raises(InputError, match=r"^scenario/evil.yaml: 'hydra'"):  # nor can one that was not even chosen
        sim.load(config_dir=tmp_path)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("vod/x.yaml", "# @package hydra.job_logging\nhandlers: {}\n"),
        ("scenario/x.yaml", "# @package _global_\ndefaults: [{override /hydra/job_logging: mine}]\n"),
        ("scenario/x.yaml", "# @package _global_\ndefaults: [{/vod@hydra.launcher: mine}]\n"),
        ("scenario/x.yaml", "# @package _global_\ndefaults: [/hydra/job_logging/mine]\n"),
        ("scenario/x.yaml", "# @package _global_\nhydra.job.env_set: {A: b}\n"),
        ("hydra/job_logging/mine.yaml", "handlers: {}\n"),
    ],
)
def test_a_folder_of_ones_own_cannot_reach_for_hydra(tmp_path: Path, place: str, text: str) -> None:
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="cannot set up Hydra itself"):
        sim.load(config_dir=tmp_path)


TYPED_HARM = [
    "+hydra.callbacks.evil._target_=os.system",
    "hydra.launcher._target_=subprocess.run",
    "+hydra.job_logging.handlers.evil.class=os.system",
    "hydra.sweep.subdir=../elsewhere",
    "hydra.searchpath=[file:///elsewhere]",
]


@pytest.mark.parametrize("override", TYPED_HARM)
def test_nor_can_what_is_typed(override: str) -> None:
    with pytest.raises(InputError, match=r"^hydra\."):
        sim.load(overrides=[override])


@pytest.mark.parametrize("name", ["a,b", "br[x]", "it's", "with space"])
def test_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert sim.load("mine", config_dir=own(tmp_path / name, "")).scenario.title == "Mine"


def test_references_to_other_keys_are_no_calls(tmp_path: Path) -> None:
    folder = own(tmp_path, "years: {first: 2010, last: '${years.first}'}\n")
    (folder / "scenario" / "told.yaml").write_text(
        "# @package _global_\nscenario: {title: T, story: 'at ${scenario.title} 12:30'}\n", encoding="utf-8"
    )
    assert sim.load("told", config_dir=folder).scenario.story == "at T 12:30"
    assert sim.load("mine", ["market=none"], folder).years.all == (2010,)


@pytest.mark.parametrize(
    ("scenario", "override", "name"),
    [
        ("press_release", "vod.incidence={value:0.18}", "vod.incidence"),
        ("press_release", "vod={incidence:{value:0.18}}", "vod.incidence"),
        ("ebmt_1998_by_type", "vod.incidence.values={allogeneic:0.18,autologous:0.2}", "vod.incidence[allogeneic]"),
        ("ebmt_1998_by_type", "vod.incidence.values.allogeneic={value:0.18}", "vod.incidence[allogeneic]"),
        ("ebmt_1998_by_type", "vod.incidence.values.allogeneic.value=0.18", "vod.incidence[allogeneic]"),
    ],
)
def test_however_a_value_is_typed_it_is_the_planners(scenario: str, override: str, name: str) -> None:
    leaf = sim.load(scenario, [override]).leaves[name]
    assert (leaf.text, leaf.source, leaf.spread) == ("0.18", TYPED, None)


def test_a_scenario_file_cannot_read_the_environment(tmp_path: Path) -> None:
    (tmp_path / "scenario").mkdir()
    for node in ("title: '${oc.env:HOME}'", "title: T, story: 'x ${oc.decode:1}'", "title: '${${x}:y}'"):
        (tmp_path / "scenario" / "nosy.yaml").write_text(
            f"# @package _global_\nscenario: {{{node}}}\n", encoding="utf-8"
        )
        with pytest.raises(InputError, match=r"^scenario\.\w+: .* calls a function"):
            sim.load("nosy", config_dir=tmp_path)


def test_a_sample_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "draws.csv").write_text("run,incidence\n1,0.10\n2,0.20\n3,0.30\n4,0.40\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    run = sim.simulate(sim.load(overrides=['vod.incidence.value="sample(draws.csv, incidence)"', *FEW]))
    values, counts = zip(*sorted(_counted(run.draws["vod.incidence"].to_numpy().tolist()).items()), strict=True)
    assert values == (0.1, 0.2, 0.3, 0.4)
    assert set(counts) == {16}  # Sobol' points fall evenly
    assert len(run.provenance["files"]["draws.csv"]) == 64
    (tmp_path / "semi.csv").write_text("incidence;other\n0,2;1\n", encoding="utf-8")
    (tmp_path / "ragged.csv").write_text("incidence,other\n0.1,0.2\n0.1,0.2,0.5\n", encoding="utf-8")
    (tmp_path / "words.csv").write_text("incidence\nfew\n", encoding="utf-8")
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    for wrong, message in [
        ("sample(missing.csv, incidence)", "cannot be read"),
        ("sample(draws.csv, incidense)", "no column 'incidense'; did you mean 'incidence'?"),
        ("sample(semi.csv, incidence)", "semi.csv has no column 'incidence'"),
        ("sample(ragged.csv, incidence)", "ragged.csv, row 3 has 3 cells, the header 2"),
        ("sample(words.csv, incidence)", "words.csv, row 2: 'few' is no number"),
        ("sample(empty.csv, incidence)", "empty.csv has no column 'incidence'"),
    ]:
        with pytest.raises(InputError, match=re.escape(message)):
            sim.load(overrides=[f'vod.incidence.value="{wrong}"'])


def _counted(values: list[float]) -> dict[float, int]:
    return {value: values.count(value) for value in set(values)}


def test_pooled_rates_come_from_the_ledger() -> None:
    text = "pooled(carreras1998_all, lee2020_taiwan, strouse2018)"
    leaf = sim.load(overrides=[f'vod.incidence.value="{text}"']).leaves["vod.incidence"]
    assert leaf.distribution is not None
    assert 0.03 < float(leaf.distribution.ppf(np.array([0.5]))[0]) < 0.05
    assert leaf.rows == ("carreras1998_all", "lee2020_taiwan", "strouse2018")
    assert "pools other patients: strouse2018 (allogeneic)" in leaf.flags
    with pytest.raises(InputError, match="measure different things"):
        sim.load(overrides=['vod.incidence.value="pooled(cao2017_premier, sev_premier)"'])
    with pytest.raises(InputError, match="has no n and k to pool"):
        sim.load(overrides=['vod.incidence.value="pooled(seed_vod_rate, cao2017_premier)"'])
    with pytest.raises(InputError, match="'cao2017' is no row of the evidence ledger; did you mean 'cao2017_premier'"):
        sim.load(overrides=['vod.incidence.value="pooled(cao2017, strouse2018)"'])
