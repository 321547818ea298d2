"""A run in shards: whatever their number and their order, killed or not, it is the run in one go."""

import errno
import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import sim
from sim.execution import accounts, gathering, shards, simulate
from sim.execution.accounts import Accounts
from sim.execution.shards import Done, Shelf, layout
from sim.results.bars import MOST_BARS, RealBars, WholeBars, unpacked
from sim.results.batches import Batches
from sim.results.folder import open_run
from sim.results.kernels import PLAIN, Kernels, compiled
from sim.results.parts import NOT_WHOLE, Parts, read, write
from sim.results.run import Results
from sim.results.sample import QUANTILES
from sim.results.tallies import tally
from tests.conftest import Typed

PATIENTS = ("trial=none", "market=none", "report=none", "sampling.draws=20000", "sampling.seed=5")
WHOLE = ("sampling.draws=3000", "report=none", "report.beside=null")
"""With trial and market."""


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first portion of a run is so small that a few draws fall into several shards."""
    monkeypatch.setattr(gathering, "CHUNK", 1_000)
    monkeypatch.setattr(accounts, "CHUNK", 1_000)
    monkeypatch.setattr(shards, "_EVEN", 4)


def run(words: Sequence[str], number: int) -> Results:
    return sim.simulate(sim.load(overrides=[*words, f"execution.shards={number}"]))


def digest(results: Results) -> str:
    """Of all that is whole numbers: patients by draw, or their histograms."""
    text = hashlib.sha256()
    for name in sorted(map(str, results.dataset.data_vars)):
        if name.endswith("_histogram") or results.dataset[name].dtype.kind == "i":
            text.update(name.encode() + np.ascontiguousarray(results.dataset[name].to_numpy()).tobytes())
    return text.hexdigest()


def check_same(one: Results, other: Results, rounding: float = 1e-12) -> None:
    """The same integers, the same quantiles, and means to rounding."""
    assert digest(one) == digest(other)
    assert one.summary.drop(columns=["value", "mcse"]).equals(other.summary.drop(columns=["value", "mcse"]))
    first, second = (run.summary["value"].to_numpy(float) for run in (one, other))
    np.testing.assert_allclose(second, first, rtol=rounding, atol=0)
    own, others = (run.summary["mcse"].to_numpy(float) for run in (one, other))
    np.testing.assert_allclose(others, own, rtol=1e-6, atol=1e-9 * np.abs(first[np.isfinite(first)]).max())
    for name, table in one.tables.items():
        mine, theirs = (part.select_dtypes("number").to_numpy() for part in (table, other.tables[name]))
        np.testing.assert_allclose(theirs, mine, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("keep", ["true", "false"])
@pytest.mark.parametrize("words", [PATIENTS, (*PATIENTS, "execution=numba"), WHOLE], ids=["NumPy", "compiled", "whole"])
def test_any_number_of_shards_is_the_run_in_one_go(words: Sequence[str], keep: str) -> None:
    words = (*words, f"results.keep_draws={keep}")
    whole = run(words, 1)
    assert whole.has_draws == (keep == "true")
    for number in (5,) if words[0] == WHOLE[0] else (2, 7, 64):
        check_same(whole, run(words, number))


def test_shards_in_any_order_are_the_same_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    words = (*WHOLE, "results.keep_draws=false")
    in_order = run(words, 6)
    own = shards.workers

    class Shuffled:
        """Works shards out from the last to the first."""

        def __init__(self, execution: Any) -> None:
            self._workers = own(execution)

        def __enter__(self) -> Any:
            work = self._workers.__enter__()

            def backwards(account: Accounts, todo: Sequence[range], chunk: int) -> Iterator[Done]:
                assert len(todo) == 6
                return iter(reversed(list(work(account, todo, chunk))))

            return backwards

        def __exit__(self, *_: object) -> None:
            return None

    monkeypatch.setattr(simulate, "workers", Shuffled)
    assert run(words, 6).summary.equals(in_order.summary)


@given(
    st.integers(0, 10_000), st.integers(1, 50_000), st.integers(1, 80),
    st.lists(st.tuples(st.integers(0, 49_999), st.integers(1, 9_000)), max_size=5),
)  # fmt: skip
def test_a_layout_covers_every_draw_once(first: int, size: int, number: int, finished: list[tuple[int, int]]) -> None:
    draws, there, free = range(first, first + size), list[range](), first
    for start, length in sorted(finished):
        if free <= first + start and first + start + length <= draws.stop:
            there.append(range(first + start, first + start + length))
            free = there[-1].stop
    todo = layout(draws, number, there)
    every = sorted([*there, *todo], key=lambda one: one.start)
    assert [draw for one in every for draw in (one.start, one.stop)][1:-1:2] == [one.start for one in every][1:]
    assert (every[0].start, every[-1].stop) == (draws.start, draws.stop)
    assert all(one.stop > one.start for one in todo)
    if not there:
        assert len(todo) <= number
        assert all((one.start - first) % 4 == 0 for one in todo)
        whole = layout(draws, number, together=12)
        assert (whole[0].start, whole[-1].stop, len(whole) <= number) == (draws.start, draws.stop, True)
        if size >= 16 * 12 * number:
            assert all((one.start - first) % 12 == 0 for one in whole)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 13)), min_size=1, max_size=6), st.integers(0, 2**32))
def test_histograms_add_up_to_that_of_all(portions: list[tuple[int, int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = [middle + rng.integers(0, 1 << spread, 40) for middle, spread in portions]
    together, added = WholeBars(1, 4, MOST_BARS), WholeBars(1, 4, MOST_BARS)
    cell = np.zeros(1, int)
    for some in values:
        own = WholeBars(1, 4, MOST_BARS)
        for bars in (own, together):
            bars.add(0, some, 0, PLAIN.bars)
        packed = own.packed(cell)
        if added.has_room(cell, packed[0]).all():
            added.add_packed(cell, packed, np.ones(1, bool))
        else:
            added.add_bars(0, *next(unpacked(*packed)))
    assert added.place[0, 1:].tolist() == together.place[0, 1:].tolist()
    for found, wanted in zip(added.bars(0), together.bars(0), strict=True):
        np.testing.assert_array_equal(found, wanted)
    fresh = added.fresh()
    assert not fresh.counts[0].any()
    assert fresh.place.tolist() == added.place.tolist()


def numbers(rng: np.random.Generator, draws: int) -> NDArray[np.int32]:
    """Of cells that are certain, narrow, wide, and wider and wider: [draw, cell]."""
    wider = rng.normal(5e4, np.linspace(10, 9_000, draws))
    cells = [np.full(draws, 7), rng.poisson(40, draws), rng.poisson(90_000, draws), np.abs(wider)]
    return np.stack(cells, axis=1).astype(np.int32)


@pytest.mark.parametrize("kernels", [PLAIN, compiled()], ids=["NumPy", "compiled"])
@pytest.mark.parametrize("draws", [3_000, 600_000])  # of the second some counts need more than two bytes
def test_a_tally_is_handed_over_and_begins_anew(kernels: Kernels, draws: int) -> None:
    values = numbers(np.random.default_rng(8), 4 * draws)
    pilot = xr.DataArray(
        values[:200, None], dims=("draw", "year", "region"), coords={"year": [2008], "region": list("abcd")}, name="vod"
    )
    whole, total = (tally(pilot, Batches(8), kernels) for _ in range(2))
    for one in (whole, total):
        one.add(values[:200], 0)
    own, given = total.fresh(), []
    for first in range(200, 4 * draws, draws):
        some = values[first : first + draws]
        whole.add(some, first)
        own.add(some, first)
        parts, own = own.handed_over()
        assert own.draws == 0
        given.append({name: array.copy() for name, array in parts.items()})
        assert int(parts["counts"].sum()) == some.size
    assert {str(parts["counts"].dtype) for parts in given} == {"uint16" if draws < 9_000 else "uint32"}
    for parts in given:  # what is used again has changed nothing in what was handed over
        total.add_parts(parts)
    assert total.draws == whole.draws == len(values)
    assert total.histogram().identical(whole.histogram())
    pairs = zip([total.whole(), *total.by_batch()], [whole.whole(), *whole.by_batch()], strict=True)
    for mine, theirs in pairs:
        assert all(mine[name].tolist() == theirs[name].tolist() for name in QUANTILES)
        np.testing.assert_allclose(np.asarray(mine["sd"]), np.asarray(theirs["sd"]), rtol=1e-9)
    again = total.fresh()
    for first in range(200, 4 * draws, draws):
        again.add(values[first : first + draws], first)
    everything, _ = again.handed_over()
    np.testing.assert_array_equal(everything["counts"].sum(), (4 * draws - 200) * 4)


@given(st.dictionaries(st.text(), st.integers(0, 5)), st.integers(0, 2**32))
def test_parts_come_back_from_a_file_as_they_were(sizes: dict[str, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    kinds: list[Any] = [np.uint8, np.float64, np.int64, np.uint16, np.bool_, "<U3"]
    parts: Parts = {name: rng.integers(0, 99, (2, size)).astype(rng.choice(kinds)) for name, size in sizes.items()}
    parts = {**parts, "none": np.zeros((8, 0)), "one": np.array(3), "turned": np.arange(6.0).reshape(2, 3).T}
    file = io.BytesIO()
    write(file, parts)
    found = read(io.BytesIO(file.getvalue()))
    assert list(found) == list(parts)
    for name, array in parts.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(found[name], array)
        assert found[name].flags.aligned
    with pytest.raises(TypeError):
        write(io.BytesIO(), {"object": np.array([object()])})


def test_a_file_of_parts_that_was_damaged_is_refused() -> None:
    file = io.BytesIO()
    write(file, {"counts": np.arange(1000, dtype=np.uint16)})
    text = file.getvalue()
    for end in (0, 9, len(text) // 2, len(text) - 1):
        with pytest.raises(NOT_WHOLE):
            read(io.BytesIO(text[:end]))
    place = text.index(np.arange(1000, dtype=np.uint16).tobytes()) + 77
    with pytest.raises(NOT_WHOLE):
        read(io.BytesIO(text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :]))


def test_real_numbers_add_up() -> None:
    rng = np.random.default_rng(3)
    knots = np.sort(rng.normal(size=20))
    values = [np.sort(np.concatenate([rng.normal(size=50), knots[:3], [np.inf]])) for _ in range(3)]
    together, added = RealBars(2, knots), RealBars(2, knots)
    for some in values:
        own = together.fresh()
        for bars in (together, own):
            bars.add(1, some)
        added.add_bars(own.low, own.high, own.counts, own.never)
    np.testing.assert_array_equal(added.counts, together.counts)
    assert added.never.tolist() == together.never.tolist() == [0, 3]
    assert (added.low, added.high) == (together.low, together.high)


def test_a_shelf_holds_whole_files_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(tmp_path / "kept")
    assert list(shelf.whole()) == []
    parts = {"a/b": np.arange(3), "of vod[x, y]": np.ones((2, 2))}
    shelf.put(range(8, 16), parts)
    shelf.put(range(0, 8), parts)
    (tmp_path / "kept" / "16-24.npz").write_bytes((tmp_path / "kept" / "8-16.npz").read_bytes()[:-9])
    assert [draws for draws, _ in shelf.whole()] == [range(8), range(8, 16)]  # what was cut off is not there any more
    assert shelf.there() == [range(8), range(8, 16)]
    found = shelf.read(range(8))
    assert {name: array.tolist() for name, array in found.items()} == {n: a.tolist() for n, a in parts.items()}

    def full(file: IO[bytes], _: Parts) -> None:
        file.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shards, "write", full)
    with pytest.raises(OSError, match="No space left"):
        shelf.put(range(24, 32), parts)
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["0-8.npz", "8-16.npz"]


def full_at(number: int, monkeypatch: pytest.MonkeyPatch) -> list[range]:
    """Let the disk be full at this shard, once; the shards that are begun, as they come."""
    taken: list[range] = []
    own = shards.shard

    def broken(account: Accounts, draws: range, chunk: int) -> tuple[Parts, Accounts]:
        taken.append(draws)
        if len(taken) == number:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return own(account, draws, chunk)

    monkeypatch.setattr(shards, "shard", broken)
    return taken


def test_a_run_goes_on_where_it_broke_off(typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = (*PATIENTS, "execution.shards=5", "report.beside=null")
    assert typed(*words, "hydra.run.dir=whole").returncode == 0
    taken = full_at(4, monkeypatch)
    stopped = typed(*words, "hydra.run.dir=part")
    assert stopped.returncode == 2
    assert stopped.stderr == (
        "sim: hydra.run.dir: part cannot be written (No space left on device); what is finished is kept: "
        "sim resume part goes on\n"
    )
    assert not (tmp_path / "part" / "run.json").exists()
    assert "go on with it by sim resume part" in typed(*words, "hydra.run.dir=part").stderr
    other = typed(*words, "sampling.seed=6", "execution.resume=part")
    assert other.returncode == 2
    assert other.stderr == (
        "sim: execution.resume: part holds a run of another configuration: sampling.seed 6, not 5\n"
    )
    cut = typed(*words, "execution.resume=part", "execution.shards=9")
    assert cut.stderr == "sim: execution.shards: 9; the run in part was begun in 5: leave it out\n"
    done = typed(*words[:-2], words[-1], "execution.resume=part")
    assert done.returncode == 0, done.stderr
    assert {draws.start for draws in taken[4:]}.isdisjoint(draws.start for draws in taken[:3])
    assert not (tmp_path / "part" / "shards").exists()
    whole, part = (open_run(tmp_path / name) for name in ("whole", "part"))
    check_same(whole, part)
    assert whole.summary.equals(part.summary)  # the same shards, to the last bit
    assert typed("replay", "part", "hydra.run.dir=again").returncode == 0
    finished = typed(*words, "execution.resume=part")
    assert "execution.resume: the run in part is finished" in finished.stderr
    assert "execution.resume: nowhere holds no run that was killed" in typed("execution.resume=nowhere").stderr


def test_a_run_that_ends_by_a_rule_is_in_shards_too() -> None:
    words = (*PATIENTS, "sampling.draws=16000", "sampling.stop={relative_error: 0.0001}", "results.keep_draws=false")
    one, many = run(words, 1), run(words, 3)
    assert one.provenance["stop"] == many.provenance["stop"] or one.provenance["draws"] == many.provenance["draws"]
    check_same(one, many)


def test_shards_that_overlap_are_not_taken_twice(tmp_path: Path) -> None:
    shelf, parts = Shelf(tmp_path), {"a": np.zeros(1)}
    for draws in (range(0, 8), range(4, 12), range(12, 16)):
        shelf.put(draws, parts)
    assert [draws for draws, _ in shelf.whole()] == [range(8), range(12, 16)]
    assert layout(range(16), 1, shelf.there()) == [range(8, 12)]


def test_one_process_at_a_time_has_a_folder(typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = (*PATIENTS, "execution.shards=3", "report.beside=null", "hydra.run.dir=part")
    said: list[str] = []
    own = shards.shard

    def meddled(account: Accounts, draws: range, chunk: int) -> tuple[Parts, Accounts]:
        if len(said) < 2:
            said.extend(typed(*how).stderr for how in (("resume", "part"), (*words[:-1], "execution.resume=part")))
        return own(account, draws, chunk)

    monkeypatch.setattr(shards, "shard", meddled)
    assert typed(*words).returncode == 0
    assert said == ["sim: hydra.run.dir: the run in part is under way in another process\n"] * 2
    assert open_run(tmp_path / "part").provenance["draws"] == 20_000
    assert not (tmp_path / "part" / ".unfinished").exists()


def test_a_run_of_a_sweep_goes_on_with_its_shards(
    typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_words = [word for word in PATIENTS if not word.startswith("sampling.seed=")]
    words = ["-m", *own_words, "sampling.seed=1,2", "execution.shards=4", "hydra.sweep.dir=sweep"]
    taken = full_at(3, monkeypatch)
    stopped = typed(*words)
    assert stopped.returncode == 2
    assert "what is finished is kept: sim resume" in (tmp_path / "sweep" / "0" / "error.txt").read_text("utf-8")
    done = typed("resume", "sweep")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "sweep" / "0" / "error.txt").exists()
    assert len(taken) == 3 + 4 + 2  # two of the first run's four were there
    assert open_run(tmp_path / "sweep" / "0").provenance["draws"] == 20_000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["-m", "sampling.seed=1,2", "execution.resume=part"],
            "execution.resume: one run goes on by it; a sweep goes on",
        ),
        (["resume", "part"], "resume.json cannot be read (program is missing)"),
    ],
)
def test_what_cannot_be_gone_on_with(words: list[str], said: str, typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "part" / ".unfinished").mkdir(parents=True)
    (tmp_path / "part" / ".unfinished" / "resume.json").write_text('{"configuration": {}}', encoding="utf-8")
    refused = typed(*words)
    assert refused.returncode == 2
    assert said in refused.stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="a process cannot be killed without notice there")
def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    words = ["trial=none", "market=none", "report=none", "execution=numpy", "sampling.draws=300000",
             "results.keep_draws=false", "execution.shards=24"]  # fmt: skip
    program = [sys.executable, "-m", "sim", *words]
    subprocess.run([*program, "hydra.run.dir=whole"], cwd=tmp_path, check=True, capture_output=True)
    begun = subprocess.Popen([*program, "hydra.run.dir=part"], cwd=tmp_path, stderr=subprocess.DEVNULL)
    kept = tmp_path / "part" / ".unfinished" / "shards"
    deadline = time.monotonic() + 120
    while len(list(kept.glob("*.npz"))) < 3:
        assert begun.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    begun.send_signal(signal.SIGKILL)
    assert begun.wait() == -signal.SIGKILL
    there = len(list(kept.glob("*.npz")))
    assert 3 <= there < 24
    again = subprocess.run(
        [*program, "execution.resume=part"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert "Files in part" in again.stdout
    whole, part = open_run(tmp_path / "whole"), open_run(tmp_path / "part")
    assert digest(whole) == digest(part)
    assert whole.summary.equals(part.summary)  # to the last bit: the same shards in the same order
    print(f"killed after {there} of 24 shards; the same {digest(part)[:12]}")


@pytest.mark.parametrize("words", [PATIENTS, WHOLE], ids=["patients", "whole"])
def test_draws_that_do_not_fit_are_written_as_they_come(
    words: Sequence[str], typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = (*words, "results.keep_draws=true", "report.beside=null", "sampling.draws=5000")
    assert typed(*words, "hydra.run.dir=held").returncode == 0
    monkeypatch.setattr(gathering, "KEPT_BYTES", 0)
    assert typed(*words, "hydra.run.dir=written").returncode == 0
    assert typed(*words, "execution.shards=3", "hydra.run.dir=parted").returncode == 0
    held, written, parted = (open_run(tmp_path / name) for name in ("held", "written", "parted"))
    assert held.dataset.sizes["draw"] == 5_000
    for found in (written, parted):
        assert set(found.dataset.variables) == set(held.dataset.variables)
        for name in held.dataset.variables:
            one, other = (run.dataset[name].to_numpy() for run in (held, found))
            if one.dtype.kind == "f":  # the market by region and year has seven digits
                np.testing.assert_allclose(other, one, rtol=1e-7)
            else:
                np.testing.assert_array_equal(other, one)
        whole = [name for name, one in held.dataset.data_vars.items() if one.dtype.kind == "i"]
        quantiles = held.summary["variable"].isin(whole) & held.summary["statistic"].str.startswith("p")
        assert quantiles.any()
        assert held.summary["value"][quantiles].equals(found.summary["value"][quantiles])
    with xr.open_dataset(tmp_path / "written" / "results.nc", engine="netcdf4") as file:
        assert file["vod"].encoding["chunksizes"][0] > 500  # draws are packed together, not one by one


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["execution.address=tcp://host:8786"], "execution.address: tcp://host:8786 belongs to a cluster; choose exec"),
        (["execution.workers=2"], "execution.workers: 2 belongs to a cluster; choose execution=dask"),
        (["execution=dask", "execution.address=host"], "'host' is no address of a scheduler; write tcp://HOST:PORT"),
        (
            ["execution=dask", "execution.address=tcp://host:1", "execution.workers=2"],
            "execution.workers: 2 cannot be started at tcp://host:1; leave one of the two out",
        ),
        (["execution.shards=0"], "execution.shards: 0"),
        (["execution.timeout=0"], "execution.timeout: 0"),
        (["execution=dask", "execution.address=tcp://127.0.0.1:9"], "Dask is not installed; pip install '.[cluster]'"),
    ],
)
def test_what_is_refused(words: list[str], said: str, typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    refused = typed("report=none", *words)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize("smooth", ["true", "rates"])
def test_smoothed_statistics_add_up(smooth: str) -> None:
    words = (*PATIENTS, "sampling.draws=6000", f"sampling.smooth={smooth}", "results.keep_draws=false")
    check_same(run(words, 1), run(words, 5), rounding=1e-9)
