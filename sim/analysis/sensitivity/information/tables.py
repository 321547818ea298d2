"""The method: what it is worth to know more before deciding, and which study to buy."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from sim.analysis.sensitivity.information.choice import Choice, choice_of
from sim.analysis.sensitivity.information.options import Worth
from sim.analysis.sensitivity.information.perfect import Named, evpi, evppi, given, held
from sim.analysis.sensitivity.information.sets import sets_of
from sim.analysis.sensitivity.information.studies import studied
from sim.analysis.sensitivity.question import Question

INFORMATION, STUDIES = "information", "studies"
"""The name of the method and of its table, and that of the table of studies."""

COLUMNS = ("what", "quantity", "members", "value", "error", "share", "note", "target", "year", "unit")

OPTION, EVERYTHING, GROUP, QUANTITY = "option", "EVPI", "group", "quantity"
"""What a row is about."""

CHOSEN = "the choice on what is known"
UNCLEAR = "nothing found beyond noise"
UNMOVED = "no value of it would change the choice"
RAISED = "as much as a part of it, no more being found"
"""What is noted of a row."""


def information(question: Question) -> dict[str, pd.DataFrame]:
    """The tables of the value of information.

    Parameters
    ----------
    question : of whose target nothing is used: the decision names its own variable.

    Returns
    -------
    `information`: a row for each option with what it is worth on average, one for knowing everything first (EVPI), one
    for each group and each quantity that could be known first (EVPPI): what; quantity, its name; members of a group;
    value in the target's unit; its Monte Carlo error; share of the EVPI; a note. `studies`, where there are any: as
    `studied` has them.

    Raises
    ------
    InputError : when the decision, a group or a study does not fit the run, naming the key.
    """
    choice = choice_of(question)
    has_studies = question.asked.studies or question.asked.usual_studies
    bought = {STUDIES: studied(choice, question)} if has_studies else {}  # first, as it may be refused
    tables = {INFORMATION: _table(choice, question.asked.groups), **bought}
    return {name: table.assign(**choice.target.marks) for name, table in tables.items()}


def _table(choice: Choice, groups: Mapping[str, tuple[str, ...]] | None) -> pd.DataFrame:
    whole = evpi(choice.options)
    sets = sets_of(choice, groups)
    members = {(GROUP, name): [choice.names[place] for place in places] for name, places in sets.items()}
    members |= {(QUANTITY, name): [name] for name in choice.names}
    found, notes = dict[Named, Worth](), dict[Named, str]()
    for key, names in members.items():
        curve = given(choice.options, choice.numbers[:, [choice.names.index(name) for name in names]])
        found[key] = evppi(choice.options, curve)
        moved = (curve.expected.argmax(axis=1) != choice.options.best).any()
        notes[key] = UNCLEAR if not curve.is_clear else "" if moved else UNMOVED
    kept = held(found, members, whole)
    rows = [*_options(choice), _row(EVERYTHING, "", "", whole, whole)]
    for key in sorted(members, key=lambda one: (one[0], -kept[one].value)):
        inside = "; ".join(members[key]) if key[0] == GROUP else ""
        note = RAISED if kept[key].value > found[key].value else notes[key]
        rows.append(_row(*key, inside, kept[key], whole, note))
    return pd.DataFrame(rows)


def _options(choice: Choice) -> Iterator[dict[str, Any]]:
    """A row for each option, the chosen first."""
    options, costs = choice.options, choice.costs
    means = [options.mean(column) for column in options.benefit.T]
    for place in sorted(range(len(means)), key=lambda one: (one != options.best, -means[one].value)):
        yield {
            "what": OPTION,
            "quantity": options.names[place],
            "members": "",
            "value": means[place].value,
            "error": means[place].error,
            "share": math.nan,
            "note": "; ".join(
                [CHOSEN] * (place == options.best) + [f"less a cost of {costs[place]:,.0f}"] * (costs[place] != 0)
            ),
        }


def _row(what: str, name: str, members: str, worth: Worth, whole: Worth, note: str = "") -> dict[str, Any]:
    share = worth.value / whole.value if whole.value > 0 else math.nan
    return {
        "what": what,
        "quantity": name,
        "members": members,
        "value": worth.value,
        "error": worth.error,
        "share": share,
        "note": note,
    }
