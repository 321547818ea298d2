"""The benchmark counts by the draw, says what is missing, checks what it times, and writes where it should."""

import importlib.util
import shutil
from pathlib import Path

import pytest

from benchmarks import bench
from benchmarks.bench import PEERS, Measured, Peer, Row


def test_ratios_are_of_a_draw_and_the_first_round_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def measured(script: str, *_: object) -> Measured:
        calls.append(script)
        slow = 1000.0 if calls.count(script) == 1 and script == "plain.py" else 1.0
        return Measured(2.0 * slow, 8.0, 0.0) if script == "plain.py" else Measured(1.0, 2.0, 0.0)

    monkeypatch.setattr(bench, "measured", measured)
    found = bench.ratios_of([Peer("few", 10, "")], 100)
    assert [*found.values()] == [[pytest.approx(0.2)] * bench.ROUNDS]
    assert calls == ["plain.py", "peers.py"] * (bench.ROUNDS + 1)
    waiting = bench.ratios_of([Row("run", 50, 100, ("numba", "2"), "wall", 1, 1)], 100)
    assert [*waiting.values()] == [[2.0] * bench.ROUNDS]


def test_no_verdict_where_rounds_spread() -> None:
    row = Row("run", 100, 100, (), "processor", 2, 4)
    assert "| reached |" in bench.line(row, [2.0, 2.1, 2.9])
    assert "no verdict" in bench.line(row, [2.0, 2.1, 3.1])
    assert "spread too far" in bench.line_of_peer(PEERS[0], [2.0, 2.1, 3.1])
    assert "spread too far" not in bench.line_of_peer(PEERS[0], [2.0, 2.1, 2.9])


def test_peers_that_are_not_there_are_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "scipy" or None)
    monkeypatch.setattr(bench, "ratios_of", lambda peers, draws: {peer: [float(draws)] for peer in peers})
    assert [line.split()[1] for line in bench.of_peers().splitlines()[2:]] == ["SciPy"]
    assert "not installed: R, squigglepy, OpenTURNS, monaco; pip install --group peers" in capsys.readouterr().out


@pytest.mark.parametrize("table", [bench.OF_ENGINE, bench.OF_PEERS])
def test_a_table_is_written_between_its_own_marks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, table: str) -> None:
    before = bench.PAGE.read_text(encoding="utf-8")
    assert before.count(table) == 1
    monkeypatch.setattr(bench, "PAGE", tmp_path / "page.md")
    bench.PAGE.write_text(before, encoding="utf-8", newline="\n")
    bench.write(table, "| new |")
    written = bench.PAGE.read_text(encoding="utf-8")
    start = before.index(table) + len(table)
    assert written == f"{before[:start]}\n\n| new |\n\n{before[before.index(bench.END, start) :]}"


def test_a_run_with_wrong_numbers_stops_the_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "printed", lambda *_: "1.0 1.0 0.5 5.1")
    with pytest.raises(SystemExit, match="from the closed form"):
        bench.measured("peers.py", "scipy", "100")


def test_the_peer_that_is_always_there_passes_the_closed_form() -> None:
    assert bench.measured("peers.py", "scipy", "2000").processor > 0


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("script", ["kernel.py", "product.py"])
def test_what_is_measured_passes_the_closed_form(script: str, engine: str) -> None:
    assert bench.measured(script, "20000", engine, "2").processor > 0


@pytest.mark.slow
@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_peers_pass_the_closed_form(peer: Peer) -> None:
    if not peer.version:  # peers are no part of the locked packages, one of which contradicts them: seen to be skipped
        pytest.skip(f"{peer.name} is not installed")
    script, name, _ = peer.command
    assert bench.measured(script, name, "2000").processor > 0
