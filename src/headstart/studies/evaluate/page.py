"""How `evaluate` is shown: all figures, which classes are confused, calibration, the worst mistakes."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from headstart.records.record import Interval
from headstart.report.figures import Dot, dots
from headstart.report.html import picture_data
from headstart.report.metric import Metric, get_metric, tone
from headstart.report.text import (
    Shown,
    Terminal,
    capitalise,
    join_words,
    percent,
    pluralise,
    quoted,
    significant,
)
from headstart.studies._page import Cell, page_view
from headstart.studies.adapt import ColumnFigures, Mistake, TagFigures
from headstart.studies.adapt import page_outputs as outputs
from headstart.studies.adapt.page_calibration import calibration_section
from headstart.studies.adapt.page_two_classes import areas, two_classes
from headstart.studies.evaluate import ClassFigures, Evaluation

SHOWN = 10  # names in a sentence
RECALL = get_metric("average_precision")  # of shares
UNITS = (
    "Intervals hold with 95 % confidence for new data of the same kind as these. Rows of a group, and rows "
    "that are duplicates of each other, are drawn together."
)
SAMPLES = (
    "The change from the report is that of two independent samples; it says nothing where rows are in both."
)
BY_CLASS = (
    "Recall is the share of the rows of a class that are predicted right, precision the share of the rows it "
    "is predicted for that are right."
)
CONSTANTS = {
    "classes": "always the largest class",
    "tags": "each tag as often as it occurs",
    "numbers": "always the mean",
}


def view(record: Evaluation, folder: Path) -> dict[str, Any]:
    """What the page shows."""
    more = ", and the same in the run's report" if record.reported else ""
    return page_view(
        record,
        kind="evaluation",
        task=record.task,
        headline=headline(record),
        say=list(sentences(record)),
        legend=[],
        figure=_figure(record),
        caption=f"{capitalise(get_metric(record.metric).title)} with 95 % intervals.",
        facts=[
            ("rows", f"{record.rows:,}", f"{record.groups:,} independent"),
            ("model", record.model, pluralise(len(record.classes), *_things(record))),
            ("labels", record.label_kind, _absent(record) or "all occur"),
        ],
        reading=f"Every metric with its 95 % interval{more}.",
        headings=headings(record),
        rows=[(title, "", cells) for title, cells in _rows(record)],
        more=list(_more(record, folder)),
        smallprint=[UNITS, *([SAMPLES] if record.reported else [])],
    )


def terminal(record: Evaluation, folder: Path | None) -> Terminal:
    """What the command prints."""
    return Terminal(
        title=f"{record.model} on {record.task}",
        headings=headings(record),
        rows=[(title, *map(str, cells)) for title, cells in _rows(record)],
        sentences=list(sentences(record)),
        answer=[headline(record)],
    )


def headings(record: Evaluation) -> list[str]:
    """Of the table of figures."""
    return ["metric", "on these data", *(["in the run's report"] if record.reported else [])]


def headline(record: Evaluation) -> str:
    """The main figure with its interval."""
    metric, figure = get_metric(record.metric).plain(1), record.scores.main_figure
    of = pluralise(record.rows, "row")
    if record.groups < record.rows:
        of += f" ({record.groups:,} independent)"
    if record.metric == "accuracy":
        text = f"{metric.value(figure.value)} of {of} of {record.task} classified correctly"
    else:
        text = f"{capitalise(metric.title)} {metric.value(figure.value)} on {of} of {record.task}"
    return f"{text} (95 % interval {metric.span(figure)})."


def sentences(record: Evaluation) -> Iterator[str]:
    """What the figures say: against a constant, against the report, and what is missing."""
    metric = get_metric(record.metric).plain(1)
    if record.label_kind != "classes" or len(record.absent) < len(record.classes) - 1:
        yield _against_constant(record, metric)
    if record.reported:
        yield _against_report(record, metric)
    if record.two_classes is not None:
        yield from areas(record.two_classes)
    if record.abstained:
        yield _with_unsure(record)
    if record.absent:
        yield f"No row has the {_absent_names(record)}, which the model knows."


def _against_constant(record: Evaluation, metric: Metric) -> str:
    gain, constant = record.gain, CONSTANTS[record.label_kind]
    better = {"good": "better than", "bad": "worse than", "even": "not clearly better than"}[tone(gain)]
    return (
        f"The model is {better} {constant} of these data, which gives {metric.value(record.constant.value)} "
        f"(difference {metric.change(gain.low)} to {metric.change(gain.high)} {metric.change_unit})."
    )


def _with_unsure(record: Evaluation) -> str:
    assert record.abstained is not None
    metric, found = get_metric("accuracy").plain(1), record.abstained
    text = (
        f"Below a probability of {found.below:g} it is unsure: {metric.value(found.unsure.value)} of the rows"
    )
    if found.accuracy is None:
        return f"{text}."
    return (
        f"{text}. Of the others {metric.value(found.accuracy.value)} are classified correctly "
        f"({metric.span(found.accuracy)})."
    )


def _against_report(record: Evaluation, metric: Metric) -> str:
    assert record.reported is not None
    reported, change = record.reported, record.reported.change
    if record.rows == reported.rows and all(here == there for here, there in _shown_figures(record)):
        return "These rows are the test part of the model's own run, whose report says the same."
    verdict = {
        "good": "better than",
        "bad": "worse than",
        "even": "not clearly different from",
    }[tone(change)]
    return (
        f"That is {verdict} the {metric.value(reported.figures[record.metric].value)} of the run's report, "
        f"on {pluralise(reported.rows, 'row')} of {reported.task} (change {metric.change(change.low)} to "
        f"{metric.change(change.high)} {metric.change_unit})."
    )


# --- parts


def _things(record: Evaluation) -> tuple[str, str]:
    return {"classes": ("class", "classes"), "tags": ("tag", "tags"), "numbers": ("number", "numbers")}[
        record.label_kind
    ]


def _absent(record: Evaluation) -> str:
    return f"{len(record.absent)} of them in no row" if record.absent else ""


def _absent_names(record: Evaluation) -> str:
    one, several = _things(record)
    names = [quoted(name) for name in record.absent[:SHOWN]]
    more = [f"{len(record.absent) - SHOWN} more"] if len(record.absent) > SHOWN else []
    return f"{one if len(record.absent) == 1 else several} {join_words([*names, *more])}"


def _shown_figures(record: Evaluation) -> Iterator[tuple[Shown, Shown]]:
    """Each figure here, and in the run's report."""
    assert record.reported is not None
    for name, figure in record.reported.figures.items():
        metric = get_metric(name)
        if name in record.scores.figures:
            yield metric.shown(record.scores.figures[name]), metric.shown(figure)


def _rows(record: Evaluation) -> list[tuple[str, list[Cell | None]]]:
    rows = []
    for name, figure in record.scores.figures.items():
        metric = get_metric(name)
        cells: list[Cell | None] = [Cell.of(metric.shown(figure))]
        if record.reported:
            there = record.reported.figures.get(name)
            cells.append(None if there is None else Cell.of(metric.shown(there)))
        rows.append((metric.title, cells))
    return rows


def _figure(record: Evaluation) -> str:
    metric = get_metric(record.metric)
    rows = [("these data", record.scores.main_figure), (CONSTANTS[record.label_kind], record.constant)]
    if record.reported:
        rows.insert(1, ("the run's report", record.reported.figures[record.metric]))
    values = [end for _, figure in rows for end in (figure.low, figure.high)]
    drawn = [Dot(name, figure, metric.value(figure.value), "") for name, figure in rows]
    words = ", ".join(f"{name} {metric.shown(figure)}" for name, figure in rows)
    return dots(drawn, metric.axis(values, metric.title), f"{capitalise(metric.title)}: {words}")


def _more(record: Evaluation, folder: Path) -> Iterator[dict[str, Any]]:
    # the parts of the page of `adapt` on outputs ask for these alone
    as_run: Any = SimpleNamespace(result=record, selected=SimpleNamespace(scores=record.scores))
    if record.label_kind == "classes":
        yield {"id": "confusion", "heading": "Which classes are confused", **outputs.confusion(as_run)}
        if (shown := two_classes(as_run)) is not None:
            yield {"id": "two_classes", "heading": "ROC, precision and recall", **shown}
        yield {
            "id": "classes",
            "heading": "Class by class",
            "say": [BY_CLASS],
            "headings": ["class", "rows", "recall", "predicted for", "precision"],
            "rows": [_class_row(each) for each in record.per_class],
        }
    if record.tags:
        shown = outputs.tags(as_run)
        yield {
            "id": "tags",
            "heading": "Tag by tag",
            "say": shown["say"],
            "headings": ["tag", "rows", "average precision", "predicted for", "precision", "recall"],
            "rows": [_tag_row(each) for each in record.tags],
        }
    if record.columns:
        yield {
            "id": "columns",
            "heading": "Column by column",
            "say": [],
            "headings": ["column", "R\u00b2", "mean absolute error", "RMSE", "error of always the mean"],
            "rows": [_column_row(each) for each in record.columns],
        }
    yield from calibration_section(as_run)
    if record.mistakes:
        yield {
            "id": "mistakes",
            "heading": "The worst mistakes",
            "say": ["Look for wrong labels among them."],
            "cards": [_card(each, folder) for each in record.mistakes],
        }


def _shown(figure: Interval | None) -> str:
    return "" if figure is None else str(RECALL.shown(figure))


def _class_row(each: ClassFigures) -> list[str]:
    return [each.name, f"{each.rows:,}", _shown(each.recall), f"{each.predicted:,}", _shown(each.precision)]


def _tag_row(each: TagFigures) -> list[str]:
    figures = [_shown(figure) for figure in (each.average_precision, each.precision, each.recall)]
    return [each.name, f"{each.rows:,}", figures[0], f"{each.said:,}", *figures[1:]]


def _column_row(each: ColumnFigures) -> list[str]:
    shown = [str(get_metric(name).shown(getattr(each, name))) for name in ("r2", "mae", "rmse")]
    return [each.name, *shown, significant(each.mean_mae)]


def _card(each: Mistake, folder: Path) -> dict[str, Any]:
    value = percent(each.confidence) if each.error is None else significant(each.error)
    return {
        "text": each.text,
        "source": picture_data(folder, each.picture),
        "alt": each.item,
        "part": f"{each.confidence:.3f}",
        "value": value,
        "item": each.item,
        "detail": f"is {each.truth}, predicted {each.answer}",
    }
