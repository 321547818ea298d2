"""Self-contained pages: the report of a run and the comparison of a sweep; nothing in them comes from a network."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from sim.results.run import Results
from sim.variables import HEADLINE, VARIABLES
from sim.views.causes import TABLE, causes, undivided
from sim.views.comparison_page import comparison_page
from sim.views.estimates import Estimates, as_of, divisions, flags, is_point, stages, typed
from sim.views.grounds import answer_name, grounded, grounds_sentence
from sim.views.implied import implied
from sim.views.market_answer import answer
from sim.views.market_section import PICTURES as OF_MARKET
from sim.views.market_section import market_section
from sim.views.messages import beside_message, caption, reading, sampling_words
from sim.views.numbers import unbroken
from sim.views.page import inline, page
from sim.views.sensitivity.parts import parts
from sim.views.sources import assumed, cited
from sim.views.trial_section import PICTURES as OF_TRIAL
from sim.views.trial_section import trial_section

__all__ = ["comparison_page", "inline", "report"]

_PLACES = {
    "funnel": ("funnel",),
    "fans": ("fan", "volume", "distribution", "sales"),
    "bridge": ("bridge",),
    "bill": (TABLE,),
    "conflict": ("forest",),
    "convergence": ("convergence",),
}
"""Part of the page → its pictures; those of the trial and of the market stand in their own parts."""


def report(results: Results, svgs: Mapping[str, str]) -> str:
    """The report of one run as one HTML page.

    Parameters
    ----------
    results : the run.
    svgs : name → SVG text of its figures, in the order they are to be shown.
    """
    find = Estimates(results)
    asked = parts(results)
    answers = {part.name: part.sentence for part in asked}
    shown = {
        name: (reading(name), inline(svg, name, answers.get(name) or caption(results, name)))
        for name, svg in svgs.items()
    }
    return page(
        "report.html",
        title=str(results.provenance["title"]),
        scenario=str(results.provenance["scenario"]),
        story=str(results.configuration.get("scenario", {}).get("story") or ""),
        as_of=as_of(results),
        changed=typed(results),
        answer=[
            clause._replace(words=unbroken(clause.words), spread=unbroken(clause.spread)) for clause in answer(results)
        ],
        error=find().error_text,
        beside=unbroken(beside_message(results)),
        trial=trial_section(results, shown),
        market=market_section(results, shown),
        point=is_point(results),
        stages=stages(results),
        years=_years(results, find),
        errors=[find(stage.name).error_text for stage in stages(results)],
        divided=_divided(results, find),
        headline_variable=VARIABLES[HEADLINE],
        causes=causes(results),
        undivided=undivided(results),
        grounds=unbroken(grounds_sentence(results)),
        grounded=grounded(results),
        grounds_of=answer_name(results),
        conflict=implied(results),
        own=_cell(find, HEADLINE, results.years[0]),
        asked=asked,
        answers={name: svg for name, (_, svg) in shown.items() if name in answers},
        pictures=_placed({name: found for name, found in shown.items() if name not in answers}),
        assumptions=assumed(results),
        flagged=sum(map(len, flags(results).values())),
        evidence=cited(results),
        provenance=_provenance(results),
    )


def _placed(shown: Mapping[str, tuple[str, Markup]]) -> dict[str, list[tuple[str, Markup]]]:
    """Part of the page → reading and drawing of its pictures; what has no place is shown with the fans."""
    placed = {part: [shown[name] for name in names if name in shown] for part, names in _PLACES.items()}
    known = {*OF_TRIAL, *OF_MARKET, *(name for names in _PLACES.values() for name in names)}
    placed["fans"] += [picture for name, picture in shown.items() if name not in known]
    return placed


def _years(results: Results, find: Estimates) -> list[tuple[int, list[tuple[str, str]]]]:
    """Year → mean and range of each stage."""
    return [(year, [_cell(find, stage.name, year) for stage in stages(results)]) for year in results.years]


def _cell(find: Estimates, name: str, year: int, labels: Mapping[str, str] | None = None) -> tuple[str, str]:
    if labels is None:
        return str(find(name, year=year)), find.spread(name, year)
    return str(find(name, year=year, labels=labels)), find.spread(name, year, labels)


def _divided(results: Results, find: Estimates) -> list[tuple[str, list[tuple[str, Sequence[tuple[str, str]]]]]]:
    """Dimension → label → severe VOD in the first and the last year."""
    ends = sorted({results.years[0], results.years[-1]})
    return [
        (name, [(label, [_cell(find, HEADLINE, year, {name: label}) for year in ends]) for label in labels])
        for name, labels in divisions(results).items()
    ]


def _provenance(results: Results) -> list[tuple[str, str]]:
    source = results.provenance
    files = [(f"file {name}", f"SHA-256 {digest}") for name, digest in source.get("files", {}).items()]
    libraries = ", ".join(f"{name} {version}" for name, version in source["libraries"].items())
    typed_words = " ".join(str(word) for word in source.get("overrides", ()))
    return [
        *([("overrides", typed_words)] if typed_words else []),
        ("draws", sampling_words(source)),
        ("chance", "whole patients" if source["chance"] else "left out: expected numbers"),
        ("seed", str(source["seed"])),
        ("finished", str(source["finished"])),
        ("took", f"{source['seconds']} seconds"),
        ("program", f"sim {source['program']}, Python {source['python']}, {libraries}"),
        ("commit", str(source["commit"] or "none: an installed copy")),
        ("platform", str(source["platform"])),
        ("evidence ledger", f"SHA-256 {source['ledger']}"),
        *files,
    ]
