"""A bar where a person waits, nothing where nobody looks."""

import io
import sys

import pytest

import sim
from tests.conftest import PATIENTS


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "patience", "shown"), [(Terminal, 0, True), (Terminal, 60, False), (io.StringIO, 0, False)]
)
def test_progress_is_shown_on_a_terminal_to_who_has_waited(
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], patience: int, shown: bool
) -> None:
    output = stream()
    monkeypatch.setattr(sys, "stderr", output)
    monkeypatch.setattr("sim.execution.simulate._PATIENCE", patience)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    sim.simulate(sim.load(overrides=["sampling.draws=128", "years.last=2008", *PATIENTS]), chunk=32)
    assert ("draws/s" in output.getvalue()) == shown
