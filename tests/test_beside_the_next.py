"""Work beside other work: runs of a sweep are written while the next one runs, and threads give back in order."""

import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unittest import mock

import pandas as pd
import pytest
import xarray as xr

import sim
from sim.at_hand import AtHand
from sim.collected import ERROR
from sim.execution.ahead import ahead
from sim.results.compare import compare
from sim.results.folder import MARK, write
from sim.results.run import Results
from tests.conftest import Typed

TINY = ("sampling.draws=64", "report=none")
INCIDENCE = "vod.incidence.value"


@pytest.fixture(scope="module")
def runs() -> dict[str, Results]:
    """Runs that differ in their incidence."""
    return {str(value): sim.simulate(sim.load(overrides=[*TINY, f"{INCIDENCE}={value}"])) for value in (0.1, 0.2, 0.3)}


def _same(run: Results) -> Results:
    return run


def test_what_is_at_hand_gives_the_comparison_of_the_runs(runs: dict[str, Results]) -> None:
    with AtHand() as at_hand:
        for label, run in runs.items():
            at_hand.finish(Path(label), partial(_same, run))
    assert at_hand.base == Path("0.1").resolve()
    light = {path.name: run for path, run in at_hand.runs.items()}
    known = {path.name: rows for path, rows in at_hand.against.items()}
    pd.testing.assert_frame_equal(compare(light, "0.1", known), compare(runs))
    sizes = {label: run.dataset.nbytes for label, run in light.items()}
    assert sizes["0.2"] < 0.2 * sizes["0.1"]  # the baseline's draws are kept, of the others the little that is shown


def test_a_run_that_failed_leaves_no_trace(runs: dict[str, Results]) -> None:
    with AtHand() as at_hand:
        at_hand.finish(Path("broken"), lambda: None)
        at_hand.finish(Path("0.2"), partial(_same, runs["0.2"]))
    assert at_hand.base == Path("0.2").resolve()
    assert list(at_hand.runs) == [Path("0.2").resolve()]


def test_no_more_than_one_run_waits(runs: dict[str, Results]) -> None:
    gate, run = threading.Event(), runs["0.1"]

    def slow() -> Results:
        gate.wait(10)
        return run

    with AtHand() as at_hand:
        at_hand.finish(Path("a"), slow)  # comes back at once
        assert not at_hand.runs
        gate.set()
        at_hand.finish(Path("b"), partial(_same, run))  # waits for the one before
        assert Path("a").resolve() in at_hand.runs


def test_what_goes_wrong_beside_is_not_lost(runs: dict[str, Results]) -> None:
    with pytest.raises(ZeroDivisionError), AtHand() as at_hand:
        at_hand.finish(Path("a"), lambda: _same(runs[str(1 // 0)]))


def test_a_full_disk_loses_one_run_of_a_sweep_and_says_so(typed: Typed, tmp_path: Path) -> None:
    places: list[Path] = []

    def full(results: Results, folder: Path, *, packed: bool) -> xr.Dataset:
        places.append(folder)
        if len(places) == 2:
            raise OSError(28, "No space left on device")
        return write(results, folder, packed=packed)

    with mock.patch("sim.commands.write", full):
        done = typed("-m", *TINY, f"{INCIDENCE}=0.1,0.2,0.3", "hydra.run.dir=sweep")
    assert done.returncode == 2
    assert "sweep/1 cannot be written (No space left on device)" in done.stderr.replace("\\", "/")
    assert (tmp_path / "sweep" / "1" / ERROR).exists()
    assert [(tmp_path / "sweep" / name / MARK).exists() for name in "012"] == [True, False, True]
    assert set(pd.read_csv(tmp_path / "sweep" / "comparison.csv")["run"]) == {f"{INCIDENCE}=0.1", f"{INCIDENCE}=0.3"}


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_give_back_in_order_and_take_no_more_than_they_need(threads: int) -> None:
    taken: list[int] = []

    def tasks() -> Iterator[int]:
        for number in range(20):
            taken.append(number)
            yield number

    def work(number: int) -> int:
        time.sleep(0.002 * (number % 3))
        return number * number

    for place, found in enumerate(ahead(work, tasks(), threads)):
        assert found == place * place
        assert len(taken) <= place + 1 + threads


@pytest.mark.parametrize("threads", [1, 3])
def test_a_fault_in_a_thread_comes_out(threads: int) -> None:
    with pytest.raises(ZeroDivisionError):
        list(ahead(lambda number: 1 // (3 - number), range(9), threads))


@pytest.mark.parametrize("words", [(f"report.baseline='{INCIDENCE}=0.2'",), ()])
def test_against_another_baseline_and_after_a_stop_nothing_is_missing(
    typed: Typed, tmp_path: Path, words: tuple[str, ...]
) -> None:
    values = ("-m", *TINY, f"{INCIDENCE}=0.1,0.2,0.3", "hydra.run.dir=sweep")
    assert typed(*values, *words).returncode == 0
    table = tmp_path / "sweep" / "comparison.csv"
    if not words:  # the first run is finished, the others are not
        for place in (tmp_path / "sweep" / "1", tmp_path / "sweep" / "2"):
            (place / MARK).unlink()
            (place / ERROR).write_text("\n\nstopped", encoding="utf-8")
        assert typed("resume", "sweep").returncode == 0
    before = table.read_bytes()
    assert typed("collect", "sweep").returncode == 0
    assert table.read_bytes() == before
    rows = pd.read_csv(table)
    sales = rows[(rows["variable"] == "net_sales_if_approved") & (rows["statistic"] == "mean")]
    assert sales["difference_p05"].notna().all()


def test_a_sweep_into_a_folder_by_its_relative_name_reads_no_run_again(typed: Typed, tmp_path: Path) -> None:
    with mock.patch("sim.collected.open_run", side_effect=AssertionError):
        done = typed("-m", *TINY, f"{INCIDENCE}=0.1,0.2", "hydra.run.dir=sweep")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "sweep" / "comparison.csv").exists()
