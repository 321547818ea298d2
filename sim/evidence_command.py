"""`sim evidence`: the ledger listed, filtered, shown row by row, audited and pooled, without a run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.configuration.places import conf_dir
from sim.errors import InputError, nearest
from sim.evidence.compatible import narrowed
from sim.evidence.ledger import Ledger, read_ledger
from sim.evidence.schema import COLUMNS
from sim.views.columns import described, listed

_HEADS = {"type": "transplant_type", "year": "published"}  # columns by the names the list gives them
_PLACES = ("file", "as_of")  # settings that say which ledger, not which rows
_UNCUT = ("id", "year", "figure", "verified")
_LABEL = max(map(len, COLUMNS)) + 2
_FEW = 5  # studies below which a prediction interval says next to nothing


@dataclass(frozen=True)
class _Selection:
    """A ledger and the rows of it that are asked for.

    Attributes
    ----------
    ledger : as known by the date asked for.
    rows : their ids.
    filters : column → text, as typed.
    """

    ledger: Ledger
    rows: tuple[str, ...]
    filters: Mapping[str, str]

    def of(self, found: str) -> str:
        """What was found, and among which rows."""
        known = f" published by {self.ledger.as_of}" if self.ledger.as_of else ""
        said = ", ".join(f"{name}={text}" for name, text in self.filters.items())
        return f"{found}{known}{f' ({said})' if said else ''}"


_HELP = """\
sim evidence [column=text …]         the published figures, filtered by what a column contains
sim evidence show ID …               every column of a row, its intervals, what is to be said against it
sim evidence audit [column=text …]   what is impossible or doubtful, gravest first; exit 1 if anything is impossible
sim evidence pool ID ID …            rows pooled: their mean, and what a new population may be
  text=…  any column    as_of=2007-11  what was published by then    file=PATH  another ledger"""


def evidence(words: Sequence[str]) -> int:
    """Serve `sim evidence …`.

    Parameters
    ----------
    words : as typed after `evidence`: nothing, to list; or `show ID …`, `audit`, `pool ID ID …`; and filters
        `column=text`, `text=…` for any column, `as_of=DATE`, `file=PATH`.

    Returns
    -------
    The exit code: 1 when an audit finds an error, else 0.

    Raises
    ------
    InputError : for an unknown word, column, id or date, and for a ledger that cannot be read.
    """
    if {"-h", "--help", "help"} & set(words):
        print(_HELP)
        return 0
    settings = dict(word.split("=", 1) for word in words if "=" in word)
    name, *identifiers = [word for word in words if "=" not in word] or ["list"]
    if name not in _COMMANDS:
        raise InputError(f"evidence {name}: unknown command{nearest(name, _COMMANDS)}; filters are column=text")
    if bool(identifiers) != (name in ("show", "pool")):
        raise InputError(f"evidence {name}: write sim evidence {name}{'' if identifiers else ' ID …'}")
    return _COMMANDS[name](_select(settings), identifiers)


def _select(settings: Mapping[str, str]) -> _Selection:
    path = Path(settings["file"]) if "file" in settings else conf_dir() / "evidence" / "ledger.csv"
    filters = {_HEADS.get(name, name): text for name, text in settings.items() if name not in _PLACES}
    for name in filters:
        if name not in (*COLUMNS, "text"):
            raise InputError(f"evidence {name}=: unknown column{nearest(name, (*COLUMNS, *_PLACES, 'text'))}")
    ledger = read_ledger(path).known_by(settings.get("as_of"))
    return _Selection(ledger, tuple(name for name in ledger if _fits(ledger[name], filters)), filters)


def _fits(row: Mapping[str, str], filters: Mapping[str, str]) -> bool:
    """Whether each text stands in its column, `text` in any column, in capitals or not."""
    return all(
        any(text.casefold() in row[column].casefold() for column in (COLUMNS if name == "text" else (name,)))
        for name, text in filters.items()
    )


def _list(selection: _Selection, _: Sequence[str]) -> int:
    if selection.rows:
        print(*listed([_cells(selection.ledger[name]) for name in selection.rows], _UNCUT), "", sep="\n")
    print(selection.of(f"{len(selection.rows) or 'none'} of {_several(len(selection.ledger.rows), 'row')}"))
    return 0


def _cells(row: Mapping[str, str]) -> dict[str, str]:
    """What a list shows of a row, by heading."""
    return {
        "id": row["id"],
        "measure": row["measure"],
        "region": row["region"],
        "type": row["transplant_type"],
        "year": row["published"],
        "figure": f"{row['k']}/{row['n']}" if row["n"] and row["k"] else row["mean"],
        "criterion": row["criterion"],
        "treated": row["treated"],
        "verified": row["verified"],
    }


def _show(selection: _Selection, identifiers: Sequence[str]) -> int:
    from sim.evidence.audit import audit

    rows = [selection.ledger[name] for name in identifiers]
    findings = audit(selection.ledger)
    for row in rows:
        said = [(column, row[column]) for column in COLUMNS if row[column]]
        said += _computed(row)
        for finding in findings:
            if row["id"] in finding.rows:
                others = ", ".join(name for name in finding.rows if name != row["id"])
                said.append((finding.severity, f"{finding.kind}: {finding.words}{others and f' (with {others})'}"))
        print(*(described(label, text, _LABEL) for label, text in said), "", sep="\n")
    return 0


def _computed(row: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What follows from events among patients."""
    if not (row["n"] and row["k"] and int(row["n"])):
        return
    from sim.evidence.intervals import jeffreys, wilson

    events, n = int(row["k"]), int(row["n"])
    yield "k/n", f"{events / n:.4f}"
    yield "Wilson 95 %", "{:.4f}–{:.4f}".format(*wilson(events, n))
    yield "Jeffreys 95 %", "{:.4f}–{:.4f}".format(*jeffreys(events, n))


def _audit(selection: _Selection, _: Sequence[str]) -> int:
    from sim.evidence.audit import audit
    from sim.evidence.audit.findings import SEVERITIES

    asked = set(selection.rows)
    findings = [finding for finding in audit(selection.ledger) if asked.intersection(finding.rows)]
    counts = []
    for severity in SEVERITIES:
        found = [finding for finding in findings if finding.severity == severity]
        counts.append(_several(len(found), severity))
        if found:
            lines = (described(f"  {one.kind}", f"{', '.join(one.rows)}: {one.words}", _LABEL + 4) for one in found)
            print(f"{severity}s", *lines, "", sep="\n")
    print(selection.of(f"{', '.join(counts)} in {_several(len(asked), 'row')}"))
    return 1 if any(finding.severity == "error" for finding in findings) else 0


def _pool(selection: _Selection, identifiers: Sequence[str]) -> int:
    known = selection.ledger.known(identifiers, at_least=2)
    counts = selection.ledger.counts(identifiers)
    from sim.evidence.intervals import wilson
    from sim.evidence.pooling import pool

    pooled = pool(counts)
    rows = [
        {
            "study": name,
            "figure": f"{k}/{n}",
            "share": _percent(k / n),
            "95 %": _percent(*wilson(k, n)),
            "weight": f"{100 * weight:.1f} %",
            "only": narrowed(selection.ledger[name]),
            "verified": selection.ledger[name]["verified"],
        }
        for name, (k, n), weight in zip(known, counts, pooled.logits.weights, strict=True)
    ]
    mean = f"{_percent(pooled.share)}, 95 % {_percent(*pooled.safeguarded)} (Hartung and Knapp)"
    spread = f"tau² {pooled.logits.tau2:.4f}, I² {100 * pooled.logits.i2:.1f} %, Q {pooled.logits.q:.1f}"
    said = {"mean": mean, "new population": _prediction(pooled.prediction, len(rows)), "between studies": spread}
    if left := [name for name in identifiers if name not in known]:
        said["left out"] = f"{', '.join(left)}: published after {selection.ledger.as_of}"
    print(*listed(rows, ("study", "95 %")), "", sep="\n")
    print(*(described(label, text, _LABEL) for label, text in said.items()), sep="\n")
    return 0


def _prediction(interval: tuple[float, float] | None, studies: int) -> str:
    few = f"; {studies} studies: below {_FEW} it says next to nothing" if studies < _FEW else ""
    return f"95 % {_percent(*interval)}{few}" if interval else f"no interval from {studies} studies"


def _percent(*shares: float) -> str:
    return "–".join(f"{100 * share:.2f}" for share in shares) + " %"


def _several(count: int, thing: str) -> str:
    return f"{count or 'no'} {thing}{'' if count == 1 else 's'}"


_COMMANDS: Mapping[str, Callable[[_Selection, Sequence[str]], int]] = {
    "list": _list,
    "show": _show,
    "audit": _audit,
    "pool": _pool,
}
