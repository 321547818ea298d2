"""Headline numbers that may move only on purpose."""

import hashlib
import json
from pathlib import Path

import pytest

import sim
from sim.configuration.places import conf_dir
from tests.conftest import ROOT

GOLDEN = Path(__file__).with_name("golden.json")
SCENARIOS = sorted(path.stem for path in (conf_dir() / "scenario").glob("*.yaml"))
HEADLINES = [("vod", "mean"), ("severe_vod", "mean"), ("severe_vod", "p10"), ("severe_vod", "p90"),
             ("severe_vod", "sd_parameters"), ("deaths_day100", "mean"), ("deaths_day100", "p50"),
             ("enrolment_months", "p50"), ("readout_months", "p50"), ("prob_readout_by_promise", "mean"),
             ("prob_success_response", "mean"), ("prob_success_survival", "mean")]  # fmt: skip


SOLD = ("press_release", "downside", "upside")  # scenarios whose market is pinned too
MARKET = [("prob_approval", "mean"), ("peak_sales_if_approved", "mean"), ("peak_sales_if_approved", "p90"),
          ("net_present_value", "mean"), ("net_present_value", "p10"), ("prob_npv_positive", "mean"),
          ("cumulative_sales", "p50"), ("cost_of_delay", "mean"), ("largest_cash_need_if_approved", "mean"),
          ("cost_per_death_averted_if_approved", "p50")]  # fmt: skip


def headlines(scenario: str) -> dict[str, float]:
    sold = scenario in SOLD
    run = sim.simulate(sim.load(scenario, [] if sold else ["market=none"]))
    wanted = [*HEADLINES, *(MARKET if sold else [])]
    return {f"{variable} {statistic}": run.value(variable, statistic) for variable, statistic in wanted}


def digest() -> str:
    return hashlib.sha256(GOLDEN.read_bytes()).hexdigest()[:8]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_headlines_have_not_moved(scenario: str) -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))[scenario]
    # One patient in one draw may turn with another processor's last digit; more may not.
    assert headlines(scenario) == pytest.approx(golden, rel=1e-6)


def test_the_changelog_knows_these_numbers() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert digest() in text.partition("### Changed results")[2], f"say what moved under Changed results ({digest()})"


if __name__ == "__main__":
    moved = json.dumps({scenario: headlines(scenario) for scenario in SCENARIOS}, indent=2)
    GOLDEN.write_text(moved + "\n", encoding="utf-8", newline="\n")
    print(f"Written. Say what moved in CHANGELOG.md under 'Changed results', with the digest {digest()}.")
