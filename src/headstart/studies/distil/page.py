"""How `distil` is shown: accuracy against size and time, what distillation brings, what to do next."""

import shlex
from collections.abc import Iterator
from typing import Any

from headstart.report.metric import Metric, get_metric, tone
from headstart.report.text import Terminal, capitalise, data_size, join_words, pluralise, short
from headstart.studies._page import Cell, cell_text, over_seeds, page_view
from headstart.studies.distil import ALONE, DISTILLED, INT8, SCRATCH, TEACHER, ComparedModel, Distillation
from headstart.studies.distil.figures import LEGEND, plot_costs
from headstart.studies.distil.figures import milliseconds as ms

NEW = {"pictures": "photo.jpg", "texts": "--text 'A text.'", "tables": "rows.csv"}


def view(record: Distillation) -> dict[str, Any]:
    """What the page shows."""
    metric, best, teacher = get_metric(record.metric), record.best, record.teacher
    several = "" if len(record.students) < 2 else f", of {pluralise(len(record.students), 'student')}"
    return page_view(
        record,
        kind="distillation",
        task=record.task,
        headline=headline(record),
        say=list(sentences(record)),
        legend=_legend(record),
        figure=plot_costs(record, "bytes"),
        caption=_caption(record, "the bytes of the weights"),
        facts=[
            ("shipped", record.shipped, f"{_title(record, record.shipped)}{several}"),
            (
                "weights",
                _ratio(teacher.cost.bytes, best.cost.bytes, "smaller", "larger") or "not compared",
                _known(best.cost.bytes, data_size),
            ),
            ("time of one row", *_faster(record)),
            ("same answer", _share(best.agreement), "as the teacher, of the test rows"),
        ],
        reading=_reading(record, metric),
        headings=["model", *headings(record)],
        rows=[(name(record, row), _detail(record, row), cells(row, metric)) for row in record.rows],
        more=list(_more(record)),
        smallprint=list(_smallprint(record)),
    )


def terminal(record: Distillation) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    metric = get_metric(record.metric)
    return Terminal(
        title=f"{capitalise(metric.title)} on {record.test_rows:,} held-out rows of {record.task}",
        headings=["", *headings(record)],
        rows=[(name(record, row), *(cell_text(cell) for cell in cells(row, metric))) for row in record.rows],
        sentences=list(sentences(record)),
        answer=[headline(record)],
        next=list(_commands(record)),
        places=[("Model", "model")],
    )


# --- sentences


def headline(record: Distillation) -> str:
    """How good the shipped student is beside its teacher, and how much smaller and faster."""
    metric, best, teacher = get_metric(record.metric), record.best, record.teacher
    size = _ratio(teacher.cost.bytes, best.cost.bytes, "smaller", "larger")
    speed = _ratio(teacher.cost.seconds, best.cost.seconds, "faster", "slower")
    compared = f" The student is {size} and {speed}." if size and speed else ""
    return (
        f"{record.shipped}, distilled, has {metric.value(best.figure.value)} {metric.title}; the teacher has "
        f"{metric.value(teacher.figure.value)}.{compared}"
    )


def sentences(record: Distillation) -> Iterator[str]:
    """Whether distillation helped each student, and whether what was learned before did."""
    for student in record.students:
        row = record.row(student.name, DISTILLED)
        if row is not None and row.gain is not None:
            yield _gain(record, row)
    yield from _scratch(record)
    yield from _chosen(record)


def _gain(record: Distillation, row: ComparedModel) -> str:
    metric, gain = get_metric(record.metric).plain(1), row.gain
    assert gain is not None
    said = {
        "good": "Distillation helps",
        "bad": "Distillation does harm",
        "even": "Whether distillation helps is not clear",
    }[tone(gain)]
    lead = metric.lead(gain, "the same student on labels alone")
    advice = "" if tone(gain) == "good" else " Training it on labels alone costs less and needs no teacher."
    return f"{row.student}: {said}: {lead}, over {over_seeds([len(row.seeds)])}.{advice}"


def _scratch(record: Distillation) -> Iterator[str]:
    row, alone = record.row(record.shipped, SCRATCH), record.row(record.shipped, ALONE)
    if row is None or row.gain is None or alone is None:
        return
    metric = get_metric(record.metric).plain(1)
    yield (
        f"From scratch, {record.shipped} has {metric.value(row.figure.value)}, on labels alone "
        f"{metric.value(alone.figure.value)}."
    )


def _chosen(record: Distillation) -> Iterator[str]:
    if not record.selection_rows:
        return
    metric = get_metric(record.metric).plain(1)
    found = [
        f"{one.name} {metric.value(one.chosen_by.value)}"
        for one in record.students
        if one.chosen_by is not None
    ]
    yield (
        f"{record.shipped} is shipped: it is best on {record.selection_rows:,} rows that no student learned "
        f"from and that are not tested ({join_words(found)}). Where another is small enough and good enough, "
        "name it alone."
    )


def _ratio(whole: float | None, part: float | None, less: str, more: str) -> str:
    """How much less the student takes than the teacher; "" where one is not known."""
    if not whole or not part:
        return ""
    return f"{whole / part:.1f} times {less}" if part <= whole else f"{part / whole:.1f} times {more}"


def _faster(record: Distillation) -> tuple[str, str]:
    best, teacher = record.best.cost, record.teacher.cost
    if not teacher.seconds:
        return "not compared", f"{_known(best.seconds, ms)}; the teacher is no network of headstart's"
    of_32 = _ratio(teacher.seconds_of_32, best.seconds_of_32, "faster", "slower")
    one = _ratio(teacher.seconds, best.seconds, "faster", "slower")
    return one, f"{_known(best.seconds, ms)}; 32 rows {of_32}"


def _known(value: Any, text: Any) -> str:
    return "" if value is None else str(text(value))


def _share(figure: Any) -> str:
    return "not known" if figure is None else get_metric("accuracy").value(figure.value)


# --- the table


def headings(record: Distillation) -> list[str]:
    """Of the columns beside the names."""
    return [
        get_metric(record.metric).title,
        *(["teacher's answer"] if record.label_kind != "numbers" else []),
        "parameters",
        "weights",
        "one row",
        "32 rows",
    ]


def name(record: Distillation, row: ComparedModel) -> str:
    """Of a row: the student where there are several, and what it is."""
    if row.role == TEACHER:
        return "teacher"
    return f"{row.student}, {row.title}"


def cells(row: ComparedModel, metric: Metric) -> list[Cell | None]:
    """The figures of a row."""
    cost, same = row.cost, row.agreement
    agreed: list[Cell | None] = [Cell.of(get_metric("accuracy").shown(same)) if same else None]
    known = metric.name in ("r2", "rmse", "mae", "spearman")  # of numbers nothing is agreed on
    return [
        Cell.compare(metric, row.figure.value, row.figure, row.gain),
        *([] if known else agreed),
        None if cost.parameters is None else Cell(short(cost.parameters)),
        None if cost.bytes is None else Cell(data_size(cost.bytes)),
        None if cost.seconds is None else Cell(ms(cost.seconds)),
        None if cost.seconds_of_32 is None else Cell(ms(cost.seconds_of_32)),
    ]


def _detail(record: Distillation, row: ComparedModel) -> str:
    if row.role == TEACHER:
        return row.title
    return _title(record, row.student)


def _title(record: Distillation, student: str) -> str:
    return next((one.title for one in record.students if one.name == student), student)


def _reading(record: Distillation, metric: Metric) -> str:
    counts = [len(row.seeds) for row in record.rows if row.role not in (TEACHER, INT8)]
    mean = f"Mean over {over_seeds(counts)}: the" if max(counts) > 1 else "The"
    return (
        f"{mean} {metric.title} on {pluralise(record.test_rows, 'test row')} with its 95 % interval; below "
        "it the difference to the same student on labels alone, on the same rows, coloured where its "
        "interval does not reach zero. Then the share of rows with the teacher's answer, and what the model "
        "takes."
    )


def _legend(record: Distillation) -> list[tuple[str, str]]:
    roles = {row.role for row in record.rows}
    return [(style, title) for role, (style, title) in LEGEND.items() if role in roles]


def _caption(record: Distillation, what: str) -> str:
    title = capitalise(get_metric(record.metric).title)
    return (
        f"{title} on the test rows against {what}, with 95 % intervals. A student distilled is joined with "
        "itself on labels alone: what lies between them is what the teacher brings."
    )


# --- more


def _more(record: Distillation) -> Iterator[dict[str, Any]]:
    if figure := plot_costs(record, "seconds"):
        yield {
            "id": "time",
            "heading": "Against the time of one row",
            "say": [],
            "legend": _legend(record),
            "figure": figure,
            "caption": _caption(record, "the median time of one row"),
        }
    yield {
        "id": "next",
        "heading": "What to do next",
        "say": ["The shipped student is a model as any other. FOLDER is the folder of this page."],
        "command": "\n".join(_commands(record)),
    }


def _commands(record: Distillation) -> Iterator[str]:
    yield f"headstart predict FOLDER {NEW.get(record.kind, 'rows.npy')}"
    yield "headstart evaluate FOLDER later-data"
    if record.kind != "tables":
        yield "headstart export FOLDER FOLDER/model.onnx"
    tried = {one.name for one in record.students}
    if "half" in tried and record.command and "quarter" not in tried:
        words = shlex.split(record.command)[:3]
        yield shlex.join([*words, "--student", "quarter"])


def _smallprint(record: Distillation) -> Iterator[str]:
    yield (
        f"{pluralise(record.test_rows, 'row')} were tested on. Students learned from "
        f"{pluralise(record.train_rows, 'row')} by {record.method}"
        + (
            f", and from {pluralise(record.unlabelled_rows, 'unlabelled row')}."
            if record.unlabelled_rows
            else "."
        )
    )
    yield (
        f"Times are medians of {pluralise(int(record.settings.get('repeats', 0)), 'run')} of the network "
        f"alone, warm, all models in turn, with {pluralise(record.threads, 'thread')}; reading and preparing "
        "samples is not in them. The int8 file runs in ONNX Runtime, the others in torch."
    )
    yield (
        "All trainings of a student have the same rows, steps and rates. Intervals hold with 95 % confidence "
        "for other seeds and other test rows like these."
    )
