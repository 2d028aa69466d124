"""The page and the table of an alignment: what helped on the target, how it was selected, what differs."""

import math
from typing import Any

from headstart.records.record import Interval
from headstart.report.axis import around
from headstart.report.figures import Dot, dots
from headstart.report.metric import SHARE, get_metric
from headstart.report.text import SPACE, Terminal, capitalise, fixed, minus, pluralise, short
from headstart.studies._page import Cell, cell_text, over_seeds, page_view
from headstart.studies.adapt.next_commands import predict_target
from headstart.studies.align import SOURCE_ONLY, TITLES, Alignment, MethodResult
from headstart.studies.align.page_parts import parts
from headstart.studies.align.selection import score_of
from headstart.studies.align.short_titles import shortened

BATCHES = (
    "Batches hold {source}rows of the target without labels: no method can see a label of these, and no "
    "selection depends on one."
)
MEANS = (
    "Figures and the ends of intervals are means over {seeds}; the intervals hold for these models on other "
    "rows of the same target, not for other trainings."
)
VOTES = (
    "Agreement: on how many of the target's rows a method says what most of the other methods say, and how "
    "often source-only says the same as they. A method that agrees less often than source-only is not taken."
)
STAR = "* is the shipped model."
ENDS = (
    "Selected, with the gain over the baseline that was trained as long; last: the end of the training; "
    "oracle: the step that is best by the target's labels."
)
BRACKETS = "Titles with a setting in brackets are methods whose settings differ from their defaults."


def view(record: Alignment) -> dict[str, Any]:
    """What the template shows."""
    record, shared = shortened(record)
    score, step = TITLES[record.chosen_by], pluralise(record.chosen_step, "step")
    shipped = f"{record.row(record.chosen).title}, after {step} of seed {record.chosen_seed}"
    batches = BATCHES.format(source="labelled rows of the source and " if record.held_rows else "")
    votes = VOTES if _voted(record) else ""
    small = [batches, MEANS.format(seeds=_seeds(record)) if record.test_rows else "", votes, BRACKETS, shared]
    figures = _tested(record) if record.test_rows else _untested(record)
    if record.held_rows:
        metric = "balanced accuracy" if record.metric == "accuracy" else "same"
        figures["reading"] += f" The column source is the {metric} on held-out source rows."
    return page_view(
        record,
        kind="alignment",
        task=f"{record.source} \u2192 {record.target}",
        headline=record.headline.replace(" %", f"{SPACE}%"),
        notes=record.notes,
        say=[
            f"The shipped model is {shipped}.",
            f"It was selected by {score}; no label of the target was read for it.",
        ],
        facts=_facts(record),
        headings=headings(record),
        rows=_page_rows(record),
        more=list(parts(record)),
        smallprint=[text for text in small if text],
        **figures,
    )


def _mark(record: Alignment) -> str:
    """Of the shipped model: its own figure, since the table has means over seeds."""
    if record.shipped is None:
        return "shipped"
    return f"shipped: seed {record.chosen_seed}, {get_metric(record.metric).value(record.shipped.value)}"


def _seeds(record: Alignment) -> str:
    """Over how many seeds the means of the methods are; what is solved has one."""
    return over_seeds([row.seeds for row in record.table if row.seeds])


def terminal(record: Alignment) -> Terminal:
    """What the command prints: the table of the page, the headline, how to go on."""
    figure = "no labels"
    if record.test_rows:
        figure = f"{get_metric(record.metric).title} on {record.test_rows:,} target rows"
    return Terminal(
        title=f"{record.source} to {record.target}: {figure}",
        headings=headings(record),
        rows=rows(record),
        sentences=[f"{STAR} {ENDS}" if record.test_rows else STAR],
        answer=[record.headline],
        next=[predict_target(record.command, record.kind)],
        places=[("Model", "model")],
    )


def _untested(record: Alignment) -> dict[str, str]:
    """Figure and texts of a target without labels: the scores of the selected models."""
    scored = [row for row in record.table if math.isfinite(row.score)]
    title = TITLES[score_of(record.chosen_by)]
    values, styles = [row.score for row in scored], {record.chosen: "selected"}
    axis = around([0.0, *values], lambda v: minus(f"{v:.3g}"), title)
    shown = [
        Dot(row.title, Interval(*[row.score] * 3), fixed(row.score, 3), styles.get(row.method, ""))
        for row in scored
    ]
    return {
        "figure": dots(shown, axis, "Scores of the selected models"),
        "caption": f"{capitalise(title)} of the selected models: it is no accuracy.",
        "reading": "Without labels of the target nobody knows how good a model is there.",
    }


def _tested(record: Alignment) -> dict[str, str]:
    """Figure and texts of a target with labels: the selected models on its test rows."""
    metric, alone = get_metric(record.metric), record.row(SOURCE_ONLY).selected
    tested = [(row, row.selected) for row in record.table if row.selected is not None]
    styles = {record.chosen: "selected"}
    axis = metric.axis([end for _, figure in tested for end in (figure.low, figure.high)], metric.title)
    shown = [
        Dot(row.title, figure, metric.value(figure.value), styles.get(row.method, ""))
        for row, figure in tested
    ]
    label = f"{metric.title} on the target: {', '.join(f'{dot.name} {dot.text}' for dot in shown)}"
    return {
        "figure": dots(shown, axis, label, None if alone is None else alone.value),
        "caption": f"Selected models on {record.test_rows:,} target rows that served neither for training "
        f"nor for selection, with 95 % intervals over rows, mean over {_seeds(record)}. The heavy line is "
        "training on the source alone.",
        "reading": f"Selected: the step that {TITLES[score_of(record.chosen_by)]} selected, of source-only "
        "the best on held-out source rows; below it the gain over the baseline that was trained as long, on "
        "the same rows: source-only, or its probe for methods on frozen features. Last: the end of the "
        "training. Oracle: the step that is best by the target's labels, which no selection without labels "
        "can know.",
    }


def _facts(record: Alignment) -> list[tuple[str, str, str]]:
    labelled = f", {record.target_labelled_rows:,} with labels" if record.target_labelled_rows else ""
    source = ("source", "a saved model", "no row of the source was read")
    if record.held_rows:
        source = ("source", f"{record.source_rows:,} rows", f"and {record.held_rows:,} for model selection")
    tested = ("tested on", "no labels", "of the target were given")
    if record.test_rows:
        tested = ("tested on", f"{record.test_rows:,} rows", "of the target, read by this page only")
    return [
        source,
        ("target", f"{record.target_rows:,} rows", f"without labels{labelled}"),
        tested,
        ("backbone", record.backbone, f"{short(record.backbone_parameters)} parameters"),
    ]


def headings(record: Alignment) -> list[str]:
    """Of the table; without labels of the target only what needs none."""
    tested = ["selected", "last", "oracle"] if record.test_rows else []
    agreement = ["agreement"] if _voted(record) else []
    score = TITLES[score_of(record.chosen_by)]
    return ["method", *tested, score, *agreement, *(["source"] if record.held_rows else [])]


def _voted(record: Alignment) -> bool:
    return any(row.agreement is not None for row in record.table)


def rows(record: Alignment) -> list[list[str]]:
    """The rows for a terminal, the shipped model marked."""
    mark = {record.chosen: " *"}
    shown = [
        [row.title + mark.get(row.method, ""), *map(cell_text, cells(record, row))] for row in record.table
    ]
    empty = [""] * (len(headings(record)) - 2)
    return shown + [[row.title, "not run", *empty] for row in record.left_out]


def _page_rows(record: Alignment) -> list[tuple[str, str, list[Cell | None]]]:
    """The rows for the page: title, a word or the reason why there are no figures, and the figures."""
    mark, empty = {record.chosen: _mark(record)}, [None] * (len(headings(record)) - 1)
    shown = [(row.title, mark.get(row.method, ""), cells(record, row)) for row in record.table]
    return shown + [(row.title, f"not run: {row.reason}", [*empty]) for row in record.left_out]


def cells(record: Alignment, row: MethodResult) -> list[Cell | None]:
    """The figures of one method."""
    metric, figures = get_metric(record.metric), list[Cell | None]()
    if row.selected is not None:
        figures = [Cell.compare(metric, row.selected.value, row.selected, row.gain)]
        figures += [Cell(metric.value(end.value)) if end else None for end in (row.last, row.oracle)]
    figures.append(Cell(minus(fixed(row.score, 3))))
    if _voted(record):
        figures.append(_agreement(row))
    if record.held_rows:
        metric = get_metric({"accuracy": "balanced_accuracy"}.get(record.metric, record.metric))
        figures.append(Cell(metric.value(row.source)))
    return figures


def _agreement(row: MethodResult) -> Cell | None:
    """How often it says what the others vote for, beside source-only with the same vote."""
    if row.agreement is None or row.baseline_agreement is None:
        return None
    if row.method == SOURCE_ONLY:
        return Cell(SHARE.value(row.agreement))
    tone = "good" if row.agreement >= row.baseline_agreement else "bad"
    compared = f"source-only {SHARE.value(row.baseline_agreement)}"
    return Cell(SHARE.value(row.agreement), compared, tone=tone)
