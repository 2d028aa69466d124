"""How well each tag is told."""

from typing import Any

from headstart.records.record import Interval
from headstart.report.figures.dots import Dot, dots
from headstart.report.metric import get_metric
from headstart.report.text import percent, pluralise, quoted, shorten_middle
from headstart.studies.adapt import TagFigures
from headstart.studies.adapt.run_records import Given

MOST = 25  # tags that are drawn
LONGEST = 40  # letters of a name
FEW = 10  # rows of which little can be said

AP = get_metric("average_precision")


def view(given: Given) -> dict[str, Any]:
    """A figure of the average precisions, best first, and a table of all tags in their order."""
    tags, rows = given.result.tags, given.result.test_rows
    known = [(one, one.average_precision) for one in tags if one.average_precision]
    known.sort(key=lambda pair: -pair[1].value)
    if not tags:
        return {"say": ["This run recorded no figures of single tags."], "figure": "", "cut": "", "rows": []}
    return {
        "say": [_hardest(known, rows), _absent(tags), _few(tags)],
        "figure": _figure(_kept(known)) if known else "",
        "cut": f"The {MOST} tags with the lowest figures are drawn." if len(known) > MOST else "",
        "rows": [_row(one, rows) for one in tags],
    }


def _hardest(known: list[tuple[TagFigures, Interval]], rows: int) -> str:
    if not known:
        return "No test row has a tag."
    (easy, high), (hard, low) = known[0], known[-1]
    if len(known) == 1:
        return f"The one tag, {quoted(easy.name)}, has an average precision of {AP.shown(high)}."
    return (
        f"Predicted best is {quoted(easy.name)}, with an average precision of {AP.shown(high)}; the "
        f"hardest tag is {quoted(hard.name)}, with {AP.shown(low)}, where sorting the rows at random would "
        f"give about {percent(hard.rows / rows)}."
    )


def _absent(tags: list[TagFigures]) -> str:
    none = sum(one.rows == 0 for one in tags)
    if not none:
        return ""
    are = "is" if none == 1 else "are"
    return f"{pluralise(none, 'tag')} that no test row has {are} left out of the averages."


def _few(tags: list[TagFigures]) -> str:
    few = sum(0 < one.rows < FEW for one in tags)
    has = "has" if few == 1 else "have"
    return f"{pluralise(few, 'tag')} {has} fewer than {FEW} test rows: look at the intervals." if few else ""


def _kept(known: list[tuple[TagFigures, Interval]]) -> list[tuple[TagFigures, Interval]]:
    return known[-MOST:]


def _figure(known: list[tuple[TagFigures, Interval]]) -> str:
    rows = [Dot(shorten_middle(one.name, LONGEST), figure, percent(figure.value)) for one, figure in known]
    axis = AP.axis([v for _, figure in known for v in (figure.low, figure.high)], AP.title, 5)
    said = [f"{one.name} {AP.shown(figure)}" for one, figure in known]
    return dots(rows, axis, f"Average precision of each tag with 95 % intervals: {', '.join(said)}")


def _row(one: TagFigures, rows: int) -> dict[str, Any]:
    figures = [one.average_precision, one.precision, one.recall]
    return {
        "name": one.name,
        "rows": f"{one.rows:,}",
        "share": percent(one.rows / rows) if rows else "",
        "said": f"{one.said:,}",
        "figures": [AP.shown(figure) if figure else None for figure in figures],
    }
