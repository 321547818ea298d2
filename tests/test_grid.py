"""Grids: the run's own answer at its own values, differences free of noise, refused points, resuming, what is shown."""

import io
import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

import sim
from sim.analysis.sensitivity import grid as grid_module
from sim.analysis.sensitivity.grid import Point, statistics
from sim.assumptions.schema import Assumptions
from sim.assumptions.sensitivity import Sensitivity
from sim.configuration.changing import changed
from sim.configuration.compose import composed
from sim.errors import InputError
from sim.results.batches import Batches
from sim.results.folder import ASIDE, RESUMABLE
from sim.results.run import Results
from sim.resuming import resume
from sim.views.over_keys import Cell, draw_map
from sim.views.sensitivity.grid import grid as picture
from sim.views.sensitivity.grid import part
from sim.views.sensitivity.inputs import Named
from sim.views.sensitivity.subject import Subject
from tests.conftest import PATIENTS, PRODUCT, Typed

TINY = [*PATIENTS, "report=none", "years.last=2008", "sampling.draws=64"]
INCIDENCE, SEVERE = "vod.incidence.value", "vod.severe_fraction.value"


def gridded(results: Results, assumptions: Assumptions, over: dict[str, list[Any]], **settings: Any) -> Results:
    return sim.ask(results, "grid", assumptions=assumptions, over=over, **settings)


def as_read(results: Results) -> Results:
    """The same with its table as a file gives it back."""
    text = results.tables["grid"].to_csv(index=False)
    return replace(results, tables={"grid": pd.read_csv(io.StringIO(text))})


@pytest.fixture(scope="module")
def small() -> tuple[Results, Assumptions]:
    assumptions = sim.load(overrides=[*PATIENTS, "sampling.draws=512", "years.last=2009"])
    return sim.simulate(assumptions), assumptions


def test_the_point_at_the_runs_own_values_gives_the_runs_own_answer(small: tuple[Results, Assumptions]) -> None:
    results, assumptions = small
    own = results.configuration["vod"]["incidence"]["value"]
    table = gridded(results, assumptions, {INCIDENCE: [own, 0.1]}).tables["grid"]
    first = table[table["point"] == 0].set_index("statistic")
    for name in ("mean", "sd", "p10", "p50", "p90"):
        assert first.loc[name, "value"] == pytest.approx(results.value(statistic=name), rel=1e-12)
        assert first.loc[name, "error"] == pytest.approx(results.error(statistic=name), rel=1e-9, nan_ok=True)
    later = gridded(results, assumptions, {INCIDENCE: [own]}, year=2009).tables["grid"]
    assert later.loc[0, "value"] == results.value(year=2009)


def test_a_point_is_what_a_run_with_that_value_gives(small: tuple[Results, Assumptions]) -> None:
    results, assumptions = small
    table = gridded(results, assumptions, {INCIDENCE: ["0.1 to 0.3"], SEVERE: [0.25, "20%"]}).tables["grid"]
    words = [*PATIENTS, "sampling.draws=512", "years.last=2009", f"{INCIDENCE}=0.1 to 0.3", f"{SEVERE}=20%"]
    other = sim.simulate(sim.load(overrides=words))
    last = table[table["point"] == 1].set_index("statistic")
    assert last.loc["mean", "value"] == other.value()
    assert last.loc["p90", "value"] == other.value(statistic="p90")
    assert list(table.columns[:3]) == ["point", INCIDENCE, SEVERE]


def test_without_chance_the_answer_is_proportional_draw_by_draw() -> None:
    assumptions = sim.load(overrides=[*PRODUCT, "sampling.draws=256"])
    table = gridded(sim.simulate(assumptions), assumptions, {SEVERE: [0.1, 0.2, 0.4]}).tables["grid"]
    means = table[table["statistic"] == "p90"]["value"].to_numpy()
    assert means[1] / means[0] == pytest.approx(2, rel=1e-12)
    assert means[2] / means[0] == pytest.approx(4, rel=1e-12)


def test_a_refused_point_has_its_message_and_loses_no_other(small: tuple[Results, Assumptions]) -> None:
    found = as_read(gridded(*small, {INCIDENCE: [0.1, 1.2, 0.3]}))
    table = found.tables["grid"]
    refused = table[table["point"] == 1]
    assert len(refused) == 1
    assert refused["note"].iloc[0] == f"{INCIDENCE}: 1.2 is above 1 (a share lies between 0 and 1)"
    assert table[table["point"] != 1]["value"].notna().all()
    shown = part(found)
    assert shown.rows[1][1] == "refused"
    assert "1 point was refused, the first because" in shown.notes[0]
    with pytest.raises(InputError, match=r"^sensitivity\.over: no point can be computed; the first: vod"):
        gridded(*small, {INCIDENCE: [1.2]})


def test_a_target_of_market_and_trial_is_asked_in_fewer_draws_and_moves_with_its_price() -> None:
    assumptions = sim.load(overrides=["years.last=2008", "sampling.draws=96"])
    results = sim.simulate(assumptions)
    asked = {"target": "net_present_value", "draws": 64}
    table = gridded(results, assumptions, {"market.list_price.us.value": [200, 400]}, **asked).tables["grid"]
    low, high = table[table["statistic"] == "mean"]["value"]
    assert low < high


@settings(max_examples=20)
@given(st.lists(st.integers(-1000, 1000), min_size=64, max_size=64))
def test_statistics_are_those_of_the_numbers(numbers: list[int]) -> None:
    answer = np.array(numbers, dtype=np.float64)
    found = {name: value for name, value, _ in statistics(answer, Batches(8))}
    assert found["mean"] == answer.mean()
    assert found["p50"] == np.median(answer)
    assert found["p10"] <= found["p50"] <= found["p90"]


def test_what_never_comes_has_quantiles_and_no_mean() -> None:
    answer = np.concatenate([np.arange(40.0), np.full(24, np.inf)])
    found = {name: (value, error) for name, value, error in statistics(answer, Batches(8))}
    assert math.isnan(found["mean"][0])
    assert found["p10"][0] == pytest.approx(6.3)
    assert math.isinf(found["p90"][0])
    assert math.isnan(found["p90"][1])


def test_points_are_kept_as_they_come_and_a_killed_grid_goes_on(typed: Typed, tmp_path: Path) -> None:
    asked = [*TINY, "sensitivity=grid", f"sensitivity.over={{{INCIDENCE}: [0.1, 0.2, 0.3]}}"]
    whole = typed(*asked, "hydra.run.dir=whole")
    assert whole.returncode == 0, whole.stderr
    stopped = mock.patch("sim.analysis.sensitivity.grid._point", side_effect=_stops_at(2))
    with stopped:
        broken = typed(*asked, "hydra.run.dir=killed")
    assert broken.returncode == 130
    assert broken.stderr == "sim: stopped; the points so far are kept: sim resume killed goes on\n"
    assert {path.name for path in (tmp_path / "killed").iterdir()} == {ASIDE}
    kept = tmp_path / "killed" / ASIDE / "grid.points"
    assert len(kept.read_text(encoding="utf-8").splitlines()) == 2
    with kept.open("a", encoding="utf-8") as file:
        file.write('[[0.3], [["mean", 1')  # killed in the middle of a line
    refused = typed(*asked, "hydra.run.dir=killed")
    assert refused.returncode == 2
    assert "go on with it by sim resume killed" in refused.stderr
    with mock.patch("sim.analysis.sensitivity.grid._point", side_effect=_stops_at(1)):
        done = typed("resume", "killed")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "whole").iterdir()}
    assert {path.name for path in (tmp_path / "killed").iterdir()} == names
    text = [(tmp_path / name / "grid.csv").read_text(encoding="utf-8") for name in ("whole", "killed")]
    assert text[0] == text[1]
    assert not (tmp_path / "killed" / RESUMABLE).exists()
    assert "is finished; sim replay killed repeats it" in typed("resume", "killed").stderr


def test_a_grid_of_another_program_is_not_gone_on_with(typed: Typed, tmp_path: Path) -> None:
    aside = tmp_path / "old" / ASIDE
    aside.mkdir(parents=True)
    (aside / RESUMABLE).write_text(json.dumps({"program": "0.0.0", "commit": None, "libraries": {}}), encoding="utf-8")
    done = typed("resume", "old")
    assert done.returncode == 2
    assert done.stderr.startswith("sim: resume: the program has changed since old was begun (program 0.0.0, now ")
    assert done.stderr.endswith("); run it anew in another folder\n")
    (aside / RESUMABLE).write_text("{", encoding="utf-8")
    assert "cannot be read" in typed("resume", "old").stderr


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        ("abcdef0123", "abcdef0123+changes", "commit abcdef0, now with uncommitted changes"),
        ("abcdef0123+changes", "abcdef0123", "commit abcdef0 with uncommitted changes, now without"),
        ("abcdef0123", "0123abcdef+changes", "commit abcdef0, now 0123abc"),
        (None, "0123abcdef", "commit unknown, now 0123abc"),
    ],
)
def test_what_of_the_program_has_changed_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, then: str | None, now: str, said: str
) -> None:
    aside = tmp_path / ASIDE
    aside.mkdir()
    here = {"program": "1.0", "commit": now, "libraries": {"numpy": "2.1", "scipy": "1.0"}}
    monkeypatch.setattr("sim.resuming.provenance", lambda: here)
    begun = f"^resume: the program has changed since {re.escape(str(tmp_path))} was begun "
    (aside / RESUMABLE).write_text(json.dumps({**here, "commit": then}), encoding="utf-8")
    with pytest.raises(InputError, match=begun + re.escape(f"({said}); run it anew in another folder")):
        resume(tmp_path)
    libraries = {"numpy": "2.0", "scipy": "1.0"}
    (aside / RESUMABLE).write_text(json.dumps({**here, "libraries": libraries}), encoding="utf-8")
    with pytest.raises(InputError, match=begun + re.escape("(numpy 2.0, now 2.1);")):
        resume(tmp_path)


def test_what_is_refused_waits_for_no_pictures() -> None:
    words = [*TINY, "sensitivity=grid", "sensitivity.over={vod.incidense.value: [1]}"]
    script = """
import sys
from sim.__main__ import dispatch
from sim.errors import InputError
try:
    dispatch(sys.argv[1:])
except InputError as fault:
    assert str(fault).startswith("sensitivity.over: vod.incidense.value: unknown key"), fault
else:
    raise AssertionError("not refused")
assert not {"matplotlib", "sklearn", "jinja2"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _stops_at(number: int) -> Callable[..., Point]:
    """What computes a point, stopped by hand at one of them."""
    whole, calls = grid_module._point, iter(range(100))

    def point(*words: Any) -> Point:
        if next(calls) == number:
            raise KeyboardInterrupt
        return whole(*words)

    return point


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ("{vod.incidense.value: [0.1]}", "sensitivity.over: vod.incidense.value: unknown key; did you mean 'vod.inc"),
        ("{vod.incidence.value: []}", "sensitivity.over.vod.incidence.value: the list of values is empty"),
        ("{vod.incidence.value: 0.1}", "sensitivity.over.vod.incidence.value: 0.1 is no list of values; write [0.1"),
        ("{sampling.draws: [64, 128]}", "sensitivity.over.sampling.draws: only what is below transplants, vod"),
        ("null", "sensitivity.over: a grid needs keys and their values"),
        ("{market.list_price.us.value: [1]}", "market is null here"),
    ],
)
def test_wrong_grids_are_refused_in_one_line(typed: Typed, over: str, said: str) -> None:
    done = typed(*TINY, "sensitivity=grid", f"sensitivity.over={over}")
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_too_many_points_are_refused() -> None:
    many = list(range(101))
    with pytest.raises(InputError, match=r"^sensitivity\.over: 10201 points are above 10000$"):
        Sensitivity.read({"methods": {"grid": True}, "over": {"vod.a": many, "vod.b": many}})


def test_changed_is_what_typing_gives() -> None:
    base = composed(PATIENTS).mapping
    before = json.dumps(base)
    words = [f"{INCIDENCE}=0.18", "transplants.volume.value=4e4"]
    own = changed(base, {INCIDENCE: 0.18, "transplants.volume.value": 4e4})
    assert own == composed([*PATIENTS, *words]).mapping
    assert json.dumps(base) == before
    assert changed(base, {"vod.incidence": {"value": 0.18}}) == changed(base, {INCIDENCE: 0.18})
    with pytest.raises(InputError, match=r"^vod: is a group with options; options are swept by sim -m vod=…$"):
        changed(base, {"vod": "ebmt_1998"})
    with pytest.raises(InputError, match=r"^market.costs: market is null here, and has no costs$"):
        changed(base, {"market.costs": 1})


@pytest.mark.parametrize("target", ["severe_vod", "vod"])
def test_what_is_shown_has_no_more_digits_than_its_error_supports(
    small: tuple[Results, Assumptions], target: str
) -> None:
    found = as_read(gridded(*small, {INCIDENCE: [0.05, 0.1], SEVERE: [0.2, 0.4]}, target=target))
    table = found.tables["grid"]
    means = table[table["statistic"] == "mean"]
    for row, error in zip(part(found).rows, means["error"], strict=True):
        decimals = len(row[2].partition(".")[2])
        assert decimals <= max(0, -math.floor(math.log10(float(f"{error:.0e}"))))
        assert row[3].startswith("± ")
    assert re.fullmatch(r".+ in 2008 is lowest, .+, at VOD incidence 5\s% .+ \(means\)\.", part(found).sentence)


def test_two_colours_meet_at_zero_where_a_map_has_values_on_both_sides() -> None:
    keys, money = [Named("a", "a", "", ""), Named("b", "b", "", "")], Subject("net_present_value", "all", "USD of 2008")
    values = {(0, 0): -50e6, (0, 1): 0.0, (1, 0): 20e6, (1, 1): 100e6}
    axes = Figure().add_subplot()
    draw_map(axes, [Cell(place, value, 1e6) for place, value in values.items()], keys, money)
    (mesh,) = axes.collections
    assert mesh.get_clim() == (-100, 100)
    assert mesh.to_rgba(np.array([0.0]))[0] == pytest.approx((1, 1, 1, 1), abs=0.01)
    assert [text.get_text() for text in axes.texts] == [f"{number}\u00a0M" for number in (-50, 0, 20, 100)]


def test_a_line_for_one_key_a_map_for_two_and_none_for_three(small: tuple[Results, Assumptions]) -> None:
    line = as_read(gridded(*small, {INCIDENCE: [0.0005, 0.01, 0.1]}))
    axes = picture(line).axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert axes.get_xlabel() == "VOD incidence, VOD cases per transplant"
    cells = as_read(gridded(*small, {INCIDENCE: [0.05, 0.1], SEVERE: [0.2, 1.4]}))
    texts = [text.get_text() for text in picture(cells).axes[0].texts]
    assert len(texts) == 4
    assert texts.count("refused") == 2
    assert part(cells).sentence.endswith(" (means). 2 points of 4 were refused: see grid.csv.")
    assert [label.get_text() for label in picture(cells).axes[0].get_yticklabels()] == ["5\u00a0%", "10\u00a0%"]
    texts_only = as_read(gridded(*small, {INCIDENCE: ["0.1 to 0.2", "1/5"]}))
    assert [label.get_text() for label in picture(texts_only).axes[0].get_xticklabels()] == ["0.1 to 0.2", "1/5"]
    three = gridded(*small, {INCIDENCE: [0.1], SEVERE: [0.2], "vod.day100_mortality.value": [0.8]})
    assert part(three).figure is None
    assert len(part(three).rows) == 1
