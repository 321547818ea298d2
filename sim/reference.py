"""The pages of `docs/` that are made, so that they cannot lag behind what they tell.

`assumptions.md` is every quantity of every option, from `conf/`; `variables.md` every output, from `sim/variables.py`.
`python -m sim.reference FOLDER` writes them; without a folder they are printed.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from sim.assumptions.schema import Assumptions
from sim.assumptions.table import assumptions_table
from sim.assumptions.trial.kinds import SiteLaw, SiteShareLaw
from sim.configuration.compose import Composed, assume, composed
from sim.configuration.places import conf_dir
from sim.errors import InputError
from sim.variables import FUNNEL, MARKET, MEETS_CRITERIA, MONEY, TRIAL, VARIABLES, Variable
from sim.views.catalogue import Entry, catalogue
from sim.views.markdown import code, table, wrapped

GROUPS = {
    "transplants": "Transplants",
    "vod": "VOD, its severity and mortality",
    "trial": "The trial",
    "market": "The market",
}
"""Groups whose options give quantities, with their headings."""

_NEUTRAL = "scenario=press_release"  # it chooses the base options and sets nothing itself
_DOWNSTREAM = ("trial", "market")  # groups that change nothing of those before them: left out there, which is quicker
_TOLD = ("scenario", "evidence")  # what a scenario's words say already
_TITLES = ("trial.title", "market.title")
_SAID = (*_TITLES, "trial.interim.source", "trial.interim.spread")  # what an option's words or table say already

_PARTS = {"Patients": (*FUNNEL, MEETS_CRITERIA), "The trial": TRIAL, "The market": MARKET}  # of the output variables
_LEVELS = {"cell": "stratum, year", "market": "market region, year", "run": "draw"}

_MADE = "<!-- Generated from sim/variables.py by `python3 run.py docs`; change it there. -->"
_HOW_TO_READ = (
    "Every output variable, by the name it has in the `summary.csv` of a run and, draw by draw, in its `results.nc`. A "
    "draw has one number for each stratum (region, transplant type and age group) and calendar year, or for each "
    "region and year of the market, or a single one; in `summary.csv` a total, and a label that a variable lacks, is "
    "`all`. A population is a share of an earlier one, or what another share leaves of it. What happens in a draw or "
    "does not is 1 or 0 there: its mean is a probability, and there is no other statistic."
)
_IF_APPROVED = (
    "What ends in `_if_approved` is given that the drug is approved; in its twin without, a draw that fails counts as "
    "it is."
)
_MONEY = "`money` is the currency `market.currency` of the year `market.price_year`."


def pages() -> dict[str, str]:
    """File name → the page, as it stands in `docs/`."""
    return {"assumptions.md": assumptions_page(), "variables.md": variables_page()}


def main(words: Sequence[str]) -> None:
    """Write the pages into the folder named, or print them."""
    for name, text in pages().items():
        if words:
            (Path(words[0]) / name).write_text(text, encoding="utf-8", newline="\n")
        else:
            print(text, end="")


def variables_page() -> str:
    """Every output variable, in the order of its table."""
    known = {variable.name for variables in _PARTS.values() for variable in variables}
    further = tuple(variable for variable in VARIABLES.values() if variable.name not in known)
    parts = ["# What is computed", _MADE, wrapped(_HOW_TO_READ)]
    for heading, variables in {**_PARTS, "Further": further}.items():
        parts += _part(heading, variables) if variables else []
    return "\n\n".join(parts) + "\n"


def _part(heading: str, variables: Sequence[Variable]) -> Iterator[str]:
    """One group: what its names and units mean, and a table without the columns that it does not need."""
    yield f"## {heading}"
    if any(variable.if_approved for variable in variables):
        yield wrapped(_IF_APPROVED)
    if any(MONEY in variable.unit for variable in variables):
        yield wrapped(_MONEY)
    columns = {
        "variable": [code(variable.name) for variable in variables],
        "what it is": [variable.long_name for variable in variables],
        "unit": [variable.unit for variable in variables],
        "one number for each": [_level(variable) for variable in variables],
        "share of": [_share(variable) for variable in variables],
        "statistics": ["mean only" if variable.only_mean else "" for variable in variables],
    }
    needed = {head: cells for head, cells in columns.items() if any(cells)}
    yield table(tuple(needed), zip(*needed.values(), strict=True))


def _level(variable: Variable) -> str:
    return f"{_LEVELS.get(variable.level, variable.level)}{'' if variable.adds_up else '; no total'}"


def _share(variable: Variable) -> str:
    """Of which population a variable is a share, and by which rate or beside which other share."""
    if variable.of is None:
        return ""
    rate = variable.rate and f", by {code(f'vod.{variable.rate}')}"
    rest = variable.rest_of and f", less {code(variable.rest_of)}"
    return f"{code(variable.of)}{rate or rest or ''}"


def assumptions_page() -> str:
    """Every quantity of every option, as `conf/` has it."""
    rows: dict[str, Mapping[str, str]] = {}
    groups = {heading: [_option(group, name, rows) for name in _names(group)] for group, heading in GROUPS.items()}
    groups["Scenarios"] = [_scenario(name, rows) for name in _names("scenario")]
    return catalogue(groups, list(rows.values()))


def _names(group: str) -> list[str]:
    return sorted(path.stem for path in (conf_dir() / group).glob("*.yaml"))


def _option(group: str, name: str, rows: dict[str, Mapping[str, str]]) -> Entry:
    """An option of a group; the ledger rows it rests on are added to `rows`."""
    made, assumptions = _fitting(group, name)
    words = [_comment(conf_dir() / group / f"{name}.yaml")]
    chosen = made.hydra.runtime.choices
    if group == "vod" and chosen["transplants"] != "press_release":
        words.append(f"It goes with `transplants={chosen['transplants']}`, or another option divided so.")
    own = [row for row in _quantities(assumptions) if row["quantity"].startswith(f"{group}.")]
    _cite(own, assumptions, rows)
    settings = [f"{key}={value}" for key, value in _settings(made, assumptions).items() if key.startswith(f"{group}.")]
    return Entry(f"{group}={name}", words, settings, own)


def _fitting(group: str, name: str) -> tuple[Composed, Assumptions]:
    """An option with whatever else it chooses; where it does not go with those, with the first volume it goes with."""
    later = _DOWNSTREAM[_DOWNSTREAM.index(group) + 1 :] if group in _DOWNSTREAM else _DOWNSTREAM
    without = ("trial=none",) if group == "market" else ()  # which shows what stands in for a trial
    own = (f"{group}={name}", *without, *(f"{after}=none" for after in later))
    try:
        return _read(*own)
    except InputError:
        for other in _names("transplants"):
            try:
                return _read(*own, f"transplants={other}")
            except InputError:
                continue
        raise


def _read(*choices: str) -> tuple[Composed, Assumptions]:
    made = composed([_NEUTRAL, *choices])
    return made, assume(made.mapping)


def _scenario(name: str, rows: dict[str, Mapping[str, str]]) -> Entry:
    """A scenario: what it chooses, and the quantities and settings in which it differs from those options."""
    made = composed([f"scenario={name}"])
    assumptions = assume(made.mapping)
    choices = [f"{group}={made.hydra.runtime.choices[group]}" for group in GROUPS]
    plain, before = _read(*choices)
    as_of = assumptions.evidence.as_of
    words = [
        f"**{assumptions.scenario.title}.** {assumptions.scenario.story}",
        f"Options: {' '.join(f'`{choice}`' for choice in choices)}. "
        f"Evidence as of: {as_of if as_of is not None else 'any date'}.",
    ]
    known = set(map(str, _quantities(before)))  # as text: a number that is missing equals itself
    own = [row for row in _quantities(assumptions) if str(row) not in known]
    words += [] if own else ["It sets no quantity itself."]
    _cite(own, assumptions, rows)
    old = _settings(plain, before)
    settings = [f"{key}={value}" for key, value in _settings(made, assumptions).items() if old.get(key) != value]
    return Entry(f"scenario={name}", words, settings, own)


def _quantities(assumptions: Assumptions) -> list[dict[str, Any]]:
    """The rows of the table of assumptions, with what a law is of."""
    table, laws = assumptions_table(assumptions), _laws(assumptions)
    rows = [{str(column): value for column, value in row.items()} for row in table.to_dict("records")]
    return [row | {"law": laws.get(row["quantity"].partition("[")[0], "")} for row in rows]


def _laws(assumptions: Assumptions) -> dict[str, str]:
    """Quantity → of what it is a law: of the sites of a draw, or of its patients."""
    of_sites = (SiteLaw, SiteShareLaw)
    return {
        name: "site" if isinstance(quantity, of_sites) else "patient"
        for name, quantity in assumptions.quantities.items()
        if quantity.is_law
    }


def _cite(own: Sequence[Mapping[str, Any]], assumptions: Assumptions, rows: dict[str, Mapping[str, str]]) -> None:
    """Add the ledger rows that quantities rest on."""
    for quantity in own:
        for name in filter(None, quantity["rows"].split(", ")):
            rows[name] = assumptions.origin.ledger[name]


def _settings(made: Composed, assumptions: Assumptions) -> dict[str, str]:
    """What a configuration says besides quantities, by key."""
    quantities = tuple(f"{name}." for name in assumptions.quantities)
    idle = () if assumptions.market is None else tuple(f"market.{name}." for name in assumptions.market.names)
    return {
        key: text
        for key, text in _flat(made.mapping)
        if not f"{key}.".startswith(quantities)
        and key.partition(".")[0] not in _TOLD
        and key not in _SAID
        and (not key.startswith(idle) or "value" in key)  # of what is not drawn, unless asked for, its value alone
    }


def _flat(node: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        for name, below in node.items():
            yield from _flat(below, f"{key}.{name}" if key else str(name))
    elif node is not None:
        yield key, f"[{', '.join(map(str, node))}]" if isinstance(node, list) else str(node)


def _comment(path: Path) -> str:
    """The comment that a file begins with."""
    lines = takewhile(lambda line: line.startswith("#"), path.read_text(encoding="utf-8").splitlines())
    return " ".join(line.lstrip("# ").strip() for line in lines)


if __name__ == "__main__":
    main(sys.argv[1:])
