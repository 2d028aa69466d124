"""The report of a session: how good its model is, which examples are answered wrongly, what next."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from headstart.report.figures import metric_dots
from headstart.report.metric import get_metric
from headstart.report.text import join_words, percent, pluralise, quoted
from headstart.studies._page import Cell, page_view
from headstart.studies.adapt import page_outputs as outputs
from headstart.studies.evaluate.page import BY_CLASS
from headstart.teaching.record import LeftOut, Lesson

SHARE = get_metric("accuracy")
HOW = (
    "Each example is answered by a model that was fitted on all others, without its near duplicates. Neither "
    "that fit nor the choice of its penalty has seen the example."
)
WHERE = (
    "That holds for new examples of the same kind as these. Pictures from another place or camera, and texts "
    "from another source, may be answered worse: headstart evaluate says so on labelled ones."
)
NEXT = (
    "The model opens with hs.open. These commands take it, and in the folder of the session the examples: "
    "adapt compares other ways to reuse the backbone, fine-tuning among them, on rows that chose nothing."
)
UNITS = (
    "Intervals hold with 95 % confidence. Near duplicates count together. Leaving an example out makes its "
    "class rarer: with few examples the accuracy is a little too low rather than too high."
)


def view(record: Lesson) -> dict[str, Any]:
    """What the page shows."""
    return page_view(
        record,
        kind="teaching session",
        task=record.task,
        headline=headline(record),
        say=list(sentences(record)),
        figure=_figure(record),
        caption="Recall of each class with 95 % intervals, on examples that were left out.",
        facts=[
            ("examples", f"{record.rows:,}", f"{record.rows - record.copied:,} without a near duplicate"),
            (
                "classes",
                f"{len(record.classes):,}",
                join_words([quoted(name) for name in record.classes[:4]]),
            ),
            ("backbone", record.backbone, "frozen"),
            ("head", "linear", record.method),
        ],
        reading=f"By class, on examples that were left out. {BY_CLASS}",
        headings=["class", "examples", "recall", "answered for", "precision"],
        rows=[(each.name, "", cells) for each, cells in _rows(record)],
        more=list(_more(record)),
        smallprint=[HOW, UNITS],
    )


def headline(record: Lesson) -> str:
    """The leave-one-out accuracy with its interval, or why there is none."""
    of = pluralise(record.rows, "example")
    if record.accuracy is None:
        return f"A model of {len(record.classes)} classes from {of}; how good it is can't be told yet."
    figure = SHARE.plain(1)
    return (
        f"{figure.value(record.accuracy.value)} of {of} answered correctly by models that had not seen them "
        f"(95 % interval {figure.span(record.accuracy)})."
    )


def sentences(record: Lesson) -> Iterator[str]:
    """Against the largest class; what it does not say."""
    if record.accuracy is None:
        yield record.missing
        return
    low = record.accuracy.low
    better = "better than" if low > record.constant else "not clearly better than"
    yield f"That is {better} always the largest class, which is right for {percent(record.constant)}. {WHERE}"


def _figure(record: Lesson) -> str:
    drawn = [(each.name, each.recall, "") for each in record.per_class if each.recall is not None]
    return metric_dots(SHARE, drawn, "Classes") if drawn else ""


def _rows(record: Lesson) -> Iterator[tuple[Any, list[Cell | None]]]:
    for each in record.per_class:
        recall, precision = (
            None if one is None else Cell.of(SHARE.shown(one)) for one in (each.recall, each.precision)
        )
        yield each, [Cell(f"{each.rows:,}"), recall, Cell(f"{each.predicted:,}"), precision]


def _more(record: Lesson) -> Iterator[dict[str, Any]]:
    if record.accuracy is not None:
        # the part of the page of `adapt` asks for these alone
        shown = outputs.confusion(SimpleNamespace(result=record))  # type: ignore[arg-type]
        shown["say"] = [text.replace("test row", "example") for text in shown["say"]]
        yield {"id": "confusion", "heading": "Which classes are confused", **shown}
    if record.mistakes:
        first = (
            f"The {len(record.mistakes)} most confident of {record.wrong}. "
            if record.wrong > len(record.mistakes)
            else ""
        )
        yield {
            "id": "mistakes",
            "heading": "Examples that are answered wrongly",
            "say": [f"{first}Look for wrong labels among them, and for what they lack that the others have."],
            "cards": [_card(each) for each in record.mistakes],
        }
    yield {
        "id": "next",
        "heading": "What next",
        "say": [NEXT],
        "command": "headstart predict . NEW\nheadstart evaluate . LABELLED\nheadstart adapt examples/",
    }


def _card(each: LeftOut) -> dict[str, Any]:
    return {
        "text": each.text,
        "source": each.picture,
        "alt": each.item,
        "part": f"{each.confidence:.3f}",
        "value": percent(each.confidence),
        "item": each.item,
        "detail": f"is {each.truth}, answered {each.answer}",
    }
