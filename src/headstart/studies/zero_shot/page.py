"""How `zero-shot` is shown: which wording wins and by how much, confusions, calibration, mistakes."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from headstart.report.figures import metric_dots
from headstart.report.html import picture_data
from headstart.report.metric import VERDICTS, get_metric, tone
from headstart.report.text import Terminal, capitalise, percent, pluralise, quoted
from headstart.studies._page import Cell, cell_text, page_view
from headstart.studies.adapt import page_outputs as outputs
from headstart.studies.adapt.page_calibration import calibration_section
from headstart.studies.evaluate import ClassFigures
from headstart.studies.evaluate.page import BY_CLASS
from headstart.studies.zero_shot import Wording, ZeroShot
from headstart.studies.zero_shot.classifier import PREDICTIONS

SHARE = get_metric("accuracy")
ALL, CHOICE = "all together", "the chosen template"
MOST = 12  # templates in the figure
CHOSEN = (
    "The best wording was found on the rows that it is tested on, so its figure is too high by chance: "
    "choose one on other rows than those you report."
)
UNITS = (
    "Intervals hold with 95 % confidence for new rows of the same kind. Rows of a group, and rows that are "
    "copies of each other, are drawn together."
)
TEMPERATURE = "The temperature changes no predicted class, and the probabilities alone."


def view(record: ZeroShot, folder: Path) -> dict[str, Any]:
    """What the page shows."""
    tested = record.scores is not None
    fitted = (
        f"fitted on {pluralise(record.calibration_rows, 'other row')}"
        if record.calibration_rows
        else "not fitted"
    )
    return page_view(
        record,
        kind="zero-shot classification",
        task=record.task,
        headline=headline(record),
        say=list(sentences(record)),
        figure=_figure(record),
        caption=_caption(record),
        facts=[
            ("rows", f"{record.rows:,}", "tested" if tested else "without labels"),
            ("classes", f"{len(record.classes):,}", "described by words, no row to learn from"),
            (
                "language model" if record.scoring == "cloze" else "encoders",
                " and ".join(record.encoders),
                pluralise(len(record.wordings), "template"),
            ),
            ("temperature", f"{record.temperature:.3g}", fitted),
        ],
        reading=_reading(record),
        headings=headings(record),
        rows=[(name, detail, cells) for name, detail, cells in rows(record)],
        more=list(_more(record, folder)),
        smallprint=[*([CHOSEN] if tested and len(record.wordings) > 1 else []), UNITS, TEMPERATURE],
    )


def terminal(record: ZeroShot, folder: Path | None) -> Terminal:
    """What the command prints."""
    return Terminal(
        title=f"Zero-shot classification of {record.task}",
        headings=headings(record),
        rows=[(name, *map(cell_text, cells)) for name, _, cells in rows(record)],
        sentences=list(sentences(record)),
        answer=[headline(record)],
        places=[("Rows", PREDICTIONS), ("Model", "model")],
        next=["headstart predict FOLDER NEW"] if folder else [],
    )


def whole(record: ZeroShot) -> str:
    """What answers: all templates, or one of them."""
    return ALL if record.chosen is None else CHOICE


def headings(record: ZeroShot) -> list[str]:
    """Of the table of templates."""
    agreement = f"says the same as {whole(record)}"
    return ["template", *([get_metric(record.metric).title] if record.scores else []), agreement]


def rows(record: ZeroShot) -> Iterator[tuple[str, str, list[Cell]]]:
    """A row for all templates together, and for each of them, best first."""
    if record.scores is not None:
        metric = get_metric(record.metric)
        yield whole(record), "", [Cell.of(metric.shown(record.scores.main_figure)), Cell("")]
    for each in record.wordings:
        yield each.template, "", [*_scored(record, each), Cell.of(SHARE.shown(each.agreement))]


def _scored(record: ZeroShot, each: Wording) -> list[Cell]:
    if each.score is None:
        return []
    metric = get_metric(record.metric)
    return [Cell.compare(metric, each.score.value, each.score, each.gain)]


def headline(record: ZeroShot) -> str:
    """The main figure, or how many rows were classified."""
    if record.scores is None:
        counts = sorted(record.per_class, key=lambda each: -each.predicted)
        most = ", ".join(f"{each.predicted:,} {each.name}" for each in counts[:3])
        return f"{pluralise(record.rows, 'row')} of {record.task} classified: {most}."
    metric, figure = get_metric(record.metric).plain(1), record.scores.main_figure
    of = f"{pluralise(record.rows, 'row')} of {record.task}"
    few = f"by a template that {pluralise(record.choice_rows, 'other row')} chose"
    how = few if record.choice_rows else "without a row to learn from"
    return (
        f"{capitalise(metric.title)} {metric.value(figure.value)} on {of} {how} (95 % interval "
        f"{metric.span(figure)})."
    )


def sentences(record: ZeroShot) -> Iterator[str]:
    """Against the largest class, the wordings against each other, the temperature."""
    if record.scores is not None:
        yield _against_constant(record)
        if record.choice_rows and record.chosen is not None:
            yield (
                f"{quoted(record.chosen)} was chosen of {len(record.wordings)} templates on "
                f"{pluralise(record.choice_rows, 'row')} that are not tested, so its figure is not too high "
                "by chance."
            )
        yield from _wordings(record)
        yield from _temperature(record)
    elif len(record.wordings) > 1:
        last = record.wordings[-1]
        yield (
            f"All {len(record.wordings)} templates give {SHARE.value(record.unanimous.value)} of the rows "
            f"the same class; {quoted(last.template)} differs most from {whole(record)}, on "
            f"{SHARE.value(1 - last.agreement.value)}. Labels of some rows would tell which wording is right."
        )


def _against_constant(record: ZeroShot) -> str:
    assert record.gain is not None
    assert record.constant is not None
    metric = get_metric(record.metric).plain(1)
    better = {"good": "better than", "bad": "worse than", "even": "not clearly better than"}[
        tone(record.gain)
    ]
    return (
        f"That is {better} always the largest class, which gives {metric.value(record.constant.value)} "
        f"(difference {metric.change(record.gain.low)} to {metric.change(record.gain.high)} "
        f"{metric.change_unit})."
    )


def _wordings(record: ZeroShot) -> Iterator[str]:
    if record.spread is None:
        return
    metric, best, worst = get_metric(record.metric).plain(1), record.wordings[0], record.wordings[-1]
    assert best.gain is not None
    lead = metric.lead(record.spread, quoted(worst.template))
    found = f"{metric.gained(best.gain)}, {VERDICTS[tone(best.gain)]}"
    compared = f" The best compared with {whole(record)}: {found}." if best.template != record.chosen else ""
    yield (
        f"The best wording, {quoted(best.template)}, has {lead}, the worst.{compared} All "
        f"{len(record.wordings)} give {SHARE.plain(1).value(record.unanimous.value)} of the rows the same "
        "class."
    )


def _temperature(record: ZeroShot) -> Iterator[str]:
    before, after = record.uncalibrated, record.scores
    if not record.calibration_rows or before is None or after is None:
        return
    found = []
    for name in ("log_loss", "calibration_error"):
        metric = get_metric(name).plain(1)
        was, now = (metric.value(each[name].value) for each in (before, after))
        found.append(f"the {metric.title} from {was} to {now}")
    yield (
        f"A temperature of {record.temperature:.3g} instead of {record.own_temperature:.3g}, fitted on "
        f"{pluralise(record.calibration_rows, 'row')} that are not tested, takes {' and '.join(found)}."
    )


def _figure(record: ZeroShot) -> str:
    metric = get_metric(record.metric) if record.scores else SHARE
    drawn = [(each.template, each.score or each.agreement, "") for each in record.wordings]
    if len(drawn) > MOST:
        drawn = [*drawn[: MOST // 2], *drawn[-MOST // 2 :]]
    if record.scores is not None and record.constant is not None:
        drawn.insert(0, (whole(record), record.scores.main_figure, ""))
        drawn.append(("always the largest class", record.constant, ""))
    return metric_dots(metric, drawn, "Templates")


def _caption(record: ZeroShot) -> str:
    title = (
        get_metric(record.metric).title
        if record.scores
        else f"share of the rows that get the same class as by {whole(record)}"
    )
    left = len(record.wordings) - MOST
    cut = f" The {pluralise(left, 'template')} between them are in the table." if left > 0 else ""
    return f"{capitalise(title)} of each template with 95 % intervals.{cut}"


def _reading(record: ZeroShot) -> str:
    several = record.chosen is None
    if record.scores is None:
        those = "all together give" if several else f"{CHOICE} gives"
        return f"The templates, by the share of the rows that they give the class that {those}."
    title = get_metric(record.metric).title
    return (
        f"{capitalise(title)} with its 95 % interval, and below it the difference to "
        f"{'all templates together' if several else CHOICE} on the same rows, coloured where its interval "
        "does not reach zero."
    )


def _more(record: ZeroShot, folder: Path) -> Iterator[dict[str, Any]]:
    # the parts of the page of `adapt` on outputs ask for these alone
    as_run: Any = SimpleNamespace(result=record, selected=SimpleNamespace(scores=record.scores))
    yield {
        "id": "words",
        "heading": "What stands for the classes",
        "say": [_filled(record)],
        "headings": ["class", "words", *(["bias of the logit"] if record.prior != "none" else [])],
        "rows": list(_words(record)),
    }
    if record.scores is not None:
        yield {"id": "confusion", "heading": "Which classes are confused", **outputs.confusion(as_run)}
    yield {
        "id": "classes",
        "heading": "Class by class",
        "say": [BY_CLASS] if record.scores else ["How often each class is predicted."],
        "headings": ["class", *(["rows", "recall"] if record.scores else []), "predicted for"]
        + (["precision"] if record.scores else []),
        "rows": [_class_row(each, record.scores is not None) for each in record.per_class],
    }
    yield from calibration_section(as_run)
    if record.mistakes:
        yield {
            "id": "mistakes",
            "heading": "The worst mistakes",
            "say": ["They tell which words of a class mislead."],
            "cards": [_card(each, folder) for each in record.mistakes],
        }


def _filled(record: ZeroShot) -> str:
    if record.scoring == "cloze":
        return "The logit of a class is that of its word at the mask, or the mean over its words."
    return f"Each template is filled with these words{_typed(record)}."


def _typed(record: ZeroShot) -> str:
    kind = record.settings.get("type")
    return f" and ends in {quoted(f', a type of {kind}')}" if kind else ""


def _words(record: ZeroShot) -> Iterator[list[str]]:
    for name, words, bias in zip(record.classes, record.words, record.bias, strict=True):
        yield [name, ", ".join(words), *([f"{bias:+.2f}"] if record.prior != "none" else [])]


def _class_row(each: ClassFigures, labelled: bool) -> list[str]:
    predicted = f"{each.predicted:,}"
    if not labelled:
        return [each.name, predicted]
    recall, precision = (
        "" if one is None else str(SHARE.shown(one)) for one in (each.recall, each.precision)
    )
    return [each.name, f"{each.rows:,}", recall, predicted, precision]


def _card(each: Any, folder: Path) -> dict[str, Any]:
    return {
        "text": each.text,
        "source": picture_data(folder, each.picture),
        "alt": each.item,
        "part": f"{each.confidence:.3f}",
        "value": percent(each.confidence),
        "item": each.item,
        "detail": f"is {each.truth}, predicted {each.answer}",
    }
