"""The door to SALib, what is refused in one line, and what is shown of shares and ranks."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim.assumptions.schema import Assumptions
from sim.errors import InputError
from sim.results.run import Results
from sim.views.sensitivity.bars import MOST, capital
from sim.views.sensitivity.inputs import called
from sim.views.sensitivity.parts import parts
from tests.conftest import ONE_YEAR, PRODUCT, Typed, with_sampling

morris, pawn, morris_sample = (
    import_module(f"SALib.{name}") for name in ("analyze.morris", "analyze.pawn", "sample.morris")
)  # they ship no types

METHODS = ("tornado", "rank", "sobol", "shapley")
CORRELATED = 'correlation=[{between: [vod.incidence, vod.severe_fraction], spearman: 0.5, source: "assumption: alike"}]'
SURE = ["transplants.volume.value=22000", "vod.incidence.value=0.1", "vod.severe_fraction.value=0.4",
        "vod.day100_mortality.value=0.8", "transplants.growth.value=0"]  # fmt: skip


@pytest.fixture(scope="module")
def small(product: Assumptions) -> Assumptions:
    return with_sampling(product, draws=512)


@pytest.fixture(scope="module")
def answered(small: Assumptions) -> Results:
    return sim.ask(sim.simulate(small), *METHODS, assumptions=small, draws=256)


def read_back(results: Results) -> Results:
    """As a saved run has its tables."""
    tables = {name: pd.read_csv(io.StringIO(table.to_csv(index=False))) for name, table in results.tables.items()}
    return replace(results, tables=tables)


def test_salib_through_the_door(small: Assumptions) -> None:
    found = sim.problem(small)
    assert found.inputs == {"num_vars": 4, "names": list(found.names), "bounds": [[0.0, 1.0]] * 4}
    rows = morris_sample.sample(found.inputs, 20, seed=1)
    effects = morris.analyze(found.inputs, rows, found.evaluate(rows), seed=1)
    strength = dict(zip(effects["names"], effects["mu_star"], strict=True))
    assert strength["vod.day100_mortality"] == 0  # severe VOD comes before its deaths
    assert min(strength["vod.incidence"], strength["vod.severe_fraction"]) > strength["transplants.volume"] > 0
    rows = np.random.default_rng(1).random((1024, 4))
    distances = pawn.analyze(found.inputs, rows, found.evaluate(rows), S=8, seed=1)
    median = dict(zip(distances["names"], distances["median"], strict=True))
    assert median["vod.severe_fraction"] > 2 * median["vod.day100_mortality"]


def test_the_door_gives_the_model(small: Assumptions) -> None:
    found = sim.problem(small, target="deaths_day100")
    middle = found.evaluate(np.full((1, 4), 0.5))
    table = sim.ask(sim.simulate(small), "tornado", assumptions=small, target="deaths_day100").tables["tornado"]
    assert middle == pytest.approx(table["base_answer"][0])
    assert found.evaluate(np.zeros((1, 4))) == found.evaluate(np.full((1, 4), 1e-4))  # the ends are a thousandth
    for wrong in (np.zeros((2, 3)), np.zeros(4), np.full((1, 4), 1.1), np.full((1, 4), np.nan)):
        with pytest.raises(InputError, match=r"rows: they must be \[row, 4\]"):
            found.evaluate(wrong)
    with pytest.raises(InputError, match="'severe_vodd' is no variable"):
        sim.problem(small, target="severe_vodd")
    with pytest.raises(InputError, match="SALib"):
        sim.problem(sim.load(overrides=[*PRODUCT, CORRELATED]))


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([CORRELATED, "sensitivity=sobol"],
         "correlation: vod.incidence and vod.severe_fraction hang together, and sobol divides the variance among "
         "independent inputs alone; ask sensitivity=shapley"),
        (["sensitivity=sobol", "sensitivity.draws=1000"],
         "sensitivity.draws: 1000 is no power of two, which sobol needs; take 1024"),
        (["sensitivity=shapley", "sensitivity.draws=10"], "sensitivity.draws"),
        (["sensitivity=rank", "sampling.draws=16"],
         "sampling.draws: 16 draws in which severe_vod is there are below 20, 5 for each of 4 inputs"),
        (["sensitivity=rank", "sensitivity.target=prob_approval"], "this run gives no prob_approval"),
    ],
)  # fmt: skip
def test_refused_in_one_line(words: list[str], line: str, typed: Typed) -> None:
    done = typed(*PRODUCT, "report=none", "sampling.draws=64", *words)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert line in done.stderr


@pytest.mark.parametrize("method", METHODS)
def test_nothing_uncertain_is_refused(method: str, typed: Typed) -> None:
    done = typed(*ONE_YEAR, *SURE, "report=none", "sampling.draws=64", f"sensitivity={method}")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "every quantity of this run is certain" in done.stderr


def test_refused_of_a_finished_run(typed: Typed, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert typed(*PRODUCT, "report=none", "sampling.draws=64", f"hydra.run.dir={run}").returncode == 0
    for method, line in (
        ("shapley", "from_run: shapley asks the model at other values than those of a finished run"),
        ("sobol", "sampling.draws: 64 draws are below 128, which sobol needs of a finished run"),
    ):
        done = typed(f"from_run={run}", f"sensitivity={method}", f"hydra.run.dir={tmp_path / method}")
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert line in done.stderr


def test_an_answer_without_variance_is_refused() -> None:
    words = ["market=none", "report=none", "sampling.draws=128", "trial.target=130"]
    never = sim.load(overrides=[*words, "trial.horizon=30"])
    run = sim.simulate(never)
    for method in ("sobol", "shapley"):
        with pytest.raises(InputError, match=r"readout_date never comes in .* has no variance"):
            sim.ask(run, method, assumptions=never, target="readout_date", draws=64)
    lost = sim.load(overrides=[*words, "trial.horizon=17"])
    run = sim.simulate(lost)
    with pytest.raises(InputError, match=r"readout_date never comes where .* is moved"):
        sim.ask(run, "tornado", assumptions=lost, target="readout_date")
    for method in ("rank", "sobol"):
        with pytest.raises(InputError, match="prob_enrolled is the same in every draw"):
            sim.ask(run, method, target="prob_enrolled", assumptions=lost if method == "sobol" else None, draws=64)


def test_every_share_is_shown_with_its_error(answered: Results) -> None:
    shown = {part.name: part for part in parts(read_back(answered))}
    share = r"\d+(\.\d+)?\s% ± \d+(\.\d+)?"
    assert re.fullmatch(
        rf"VOD [\w -]+ makes {share} of the variance of severe VOD in 2002, alone; {share} with all it does "
        r"together with others\.", shown["sobol"].sentence.replace("\u00a0", " "),
    )  # fmt: skip
    assert re.fullmatch(
        rf"VOD [\w -]+ accounts for {share} of the variance of severe VOD in 2002, what inputs do together shared "
        r"equally among them\.", shown["shapley"].sentence.replace("\u00a0", " "),
    )  # fmt: skip
    assert re.fullmatch(r"Severe VOD in 2002 rises most surely with VOD [\w -]+: partial rank correlation "
                        r"0\.\d+ ± 0\.\d+\.", shown["rank"].sentence)  # fmt: skip
    for part in shown.values():
        assert len(part.rows) == 4
        assert all(len(row) == len(part.heads) for row in part.rows)
        assert not any("nan" in cell for row in part.rows for cell in row)
        assert [row[-1] for row in part.rows] != [""] * 4  # the source


def test_a_finished_run_says_that_it_knows_no_total_order(small: Assumptions) -> None:
    run = read_back(sim.ask(sim.simulate(small), "sobol"))
    part = next(part for part in parts(run) if part.name == "sobol")
    assert "a finished run does not tell what it does together with others" in part.sentence
    assert {row[3] for row in part.rows} == {"–"}
    assert part.figure is not None
    texts = list(_texts(part.figure(run)))
    assert "with all it does together with others" not in texts
    assert any("512 draws of the run" in text for text in texts)


def test_at_most_twelve_rows_and_the_others_counted(answered: Results) -> None:
    for name in METHODS:
        many = pd.concat([answered.tables[name]] * 4, ignore_index=True)
        wide = replace(answered, tables={name: many})
        part = parts(wide)[0]
        assert len(part.rows) == 16
        assert part.figure is not None
        texts = list(_texts(part.figure(wide)))
        named = {capital(called(wide, key).name) for key in many["input"]}
        assert sum(texts.count(name) for name in named) == MOST
        assert any(re.search(r"\b4 \w+ [\w ]+ are left out", text.replace("\n", " ")) for text in texts)


def test_an_input_that_others_determine_has_no_rank_correlation_of_its_own(answered: Results) -> None:
    table = answered.tables["rank"].copy()
    table.loc[1, ["partial", "partial_low", "partial_high", "partial_error"]] = np.nan
    part = parts(replace(answered, tables={"rank": table}))[0]
    assert part.rows[1][1:3] == ("–", "–")
    assert part.figure is not None
    part.figure(replace(answered, tables={"rank": table}))


def _texts(figure: object) -> Iterator[str]:
    """Every text of a picture."""
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    assert isinstance(figure, Figure)
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        yield text.get_text()


def test_a_tornado_of_what_nothing_moves_is_refused() -> None:
    words = [*ONE_YEAR, "sampling.draws=64", "vod.day100_mortality.value=1"]
    nobody = sim.load(overrides=words)
    with pytest.raises(InputError, match="no input alone moves survivors_day100"):
        sim.ask(sim.simulate(nobody), "tornado", assumptions=nobody, target="survivors_day100")
