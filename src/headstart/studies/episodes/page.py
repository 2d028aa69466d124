"""The page of learners on new tasks: who learns best, by shots and by steps, and what it looks like."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headstart.records.record import Interval
from headstart.report.metric import Metric, get_metric, tone
from headstart.report.text import Terminal, capitalise, pluralise, seconds, short
from headstart.studies._page import Cell, cell_text, page_view
from headstart.studies.episodes import ALONE, LEARNER, TRANSFER, UNCLEAR, MetaLearning, TestedLearner
from headstart.studies.episodes.page_curves import curves, guess, legend
from headstart.studies.episodes.page_tasks import example_sections, function_panels

WINS = {
    LEARNER: "Learning to learn wins",
    TRANSFER: "Plain transfer wins",
    UNCLEAR: "There is no sure winner",
}
PAIRED = (
    "All are tested on the same tasks, whose classes and rows no training has seen. Intervals hold with 95 % "
    "confidence for the mean over tasks; differences are paired, task by task."
)


def metric_of(record: MetaLearning) -> Metric:
    """How scores are written."""
    if record.answers == "classes":
        return get_metric("accuracy")
    return Metric(record.metric, "mean squared error", "units", lower=True)


def view(record: MetaLearning, run: Path | None = None) -> dict[str, Any]:
    """What the template shows; `run` is the folder of the pictures."""
    metric = metric_of(record)
    return page_view(
        record,
        kind="learning to learn",
        task=record.task,
        headline=headline(record),
        say=list(sentences(record)),
        legend=legend(record),
        figure=curves(record, metric, "by_shots"),
        caption=_caption(record, metric),
        facts=_facts(record, metric),
        reading=_reading(record, metric),
        headings=headings(record, metric),
        rows=list(rows(record)),
        more=[*_by_steps(record, metric), *function_panels(record), *example_sections(record, run)],
        smallprint=[PAIRED, *_smallprint(record)],
    )


def terminal(record: MetaLearning, run: Path | None = None) -> Terminal:
    """What the command prints: the same rows as the page's table."""
    saved = [("Learners", "learners")] if any(one.folder for one in record.learners) else []
    return Terminal(
        title=f"{capitalise(metric_of(record).title)} on {record.test_tasks:,} new tasks of {record.task}",
        headings=headings(record, metric_of(record)),
        rows=[(name, *map(cell_text, cells)) for name, _, cells in rows(record)],
        sentences=list(sentences(record)),
        answer=[headline(record)],
        places=saved,
    )


def headings(record: MetaLearning, metric: Metric) -> list[str]:
    """Of the table."""
    return ["learner", metric.title, "training", "parameters"]


def rows(record: MetaLearning) -> Iterator[tuple[str, str, list[Cell | None]]]:
    """A row a learner, the best first."""
    metric = metric_of(record)
    for one in record.learners:
        told = {"transfer baseline": one.transfer, "answers queries together": one.together}
        detail = ", ".join(words for words, holds in told.items() if holds)
        time = Cell(seconds(one.seconds), f"{one.steps:,} steps") if one.steps else Cell("none")
        own = Cell(f"{one.parameters:,}" if one.parameters < 10_000 else short(one.parameters))
        yield called(record, one), detail, [_score(metric, one), time, own]


def called(record: MetaLearning, one: TestedLearner) -> str:
    """The title of a learner, with its settings where the title alone does not tell it from others."""
    alike = [other for other in record.learners if other.title == one.title]
    settings = one.name.partition(":")[2]
    return one.title if len(alike) == 1 or not settings else f"{one.title}, {settings.replace(',', ', ')}"


def headline(record: MetaLearning) -> str:
    """Who learns best, and the two scores."""
    metric = metric_of(record)
    top = record.learner(record.best or record.reference)
    said = f"{metric.title} after {_shots(record)}: {_scored(record, metric, top)}"
    if record.verdict == ALONE:
        return f"On new tasks of {record.task}, {said}."
    other = _scored(record, metric, record.learner(record.reference))
    return f"{WINS[record.verdict]} on {record.task}. {capitalise(said)}, by plain transfer {other}."


def _scored(record: MetaLearning, metric: Metric, one: TestedLearner) -> str:
    """Such as "40.0 % with Prototypical networks"; titles are singular or plural."""
    return f"{metric.value(one.score.value)} with {called(record, one)}"


def sentences(record: MetaLearning) -> Iterator[str]:
    """Whether the difference is sure, and what a guess has."""
    metric = metric_of(record)
    top = record.learner(record.best or record.reference)
    if record.best and top.gain is not None:
        base = called(record, record.learner(record.reference))
        sure = "The difference is sure" if tone(top.gain) != "even" else "The difference may be chance"
        yield f"{sure}: with {called(record, top)} {_lead(metric, top.gain)} than with {base}, task by task."
    elif record.verdict == ALONE and record.best:
        yield "There is no transfer baseline to compare with."
    better = [one for one in record.learners if not one.transfer and one.gain and one.gain.low > 0]
    others = len([one for one in record.learners if not one.transfer])
    if others > 1 and record.reference:
        yield _how_many(len(better), others)
    yield f"{capitalise(guess(record))} has {metric.value(record.chance)}."


def _how_many(better: int, of: int) -> str:
    if not better:
        return f"None of the {of} learners is clearly better than the best baseline."
    some = "All" if better == of else f"{better} of the"
    verb = "is" if better == 1 and of > 1 else "are"
    return (
        f"{some} {of} learners {verb} clearly better than the best baseline. Of several, the best is a "
        "little lucky, too."
    )


def _lead(metric: Metric, gain: Interval) -> str:
    """Such as "12.1 points (11.0 to 13.2) more accuracy"; of what may be chance, from less to more."""
    word = "less" if (gain.value >= 0) == metric.lower else "more"
    sign = -1 if gain.value < 0 else 1
    low, high = sorted((sign * gain.low, sign * gain.high))
    ends = f"{metric.change(low).removeprefix('+')} to {metric.change(high).removeprefix('+')}"
    return f"{metric.size(abs(gain.value))} ({ends}) {word} {metric.title}"


def _score(metric: Metric, one: TestedLearner) -> Cell:
    if one.gain is None:
        return Cell.of(metric.shown(one.score)) if not one.transfer else _reference_cell(metric, one)
    return Cell.compare(metric, one.score.value, one.score, one.gain)


def _reference_cell(metric: Metric, one: TestedLearner) -> Cell:
    shown = metric.shown(one.score)
    return Cell(shown.value, shown.interval, "reference", "even", "gains are over it")


def _shots(record: MetaLearning) -> str:
    if record.answers == "classes":
        return pluralise(record.shots, "row a class", "rows a class")
    return pluralise(record.shots, "point")


def _reading(record: MetaLearning, metric: Metric) -> str:
    said = f"{capitalise(metric.title)} on {record.test_tasks:,} new tasks with its 95 % interval"
    if not record.reference:
        return f"{said}."
    base = called(record, record.learner(record.reference))
    return (
        f"{said}, and how much better that is than the best transfer baseline ({base}), coloured where the "
        "interval of the difference does not reach zero."
    )


def _facts(record: MetaLearning, metric: Metric) -> list[tuple[str, str, str]]:
    least, most = record.train_shots
    shots = f"{least}" if least == most else f"{least} to {most}"
    sizes = f"{record.ways} classes" if record.ways else "functions"
    facts = [
        ("a task", sizes, f"{_shots(record)} to learn from; trained with {shots}"),
        ("test tasks", f"{record.test_tasks:,}", "the same for all"),
        (guess(record), metric.value(record.chance), f"of {metric.title}"),
    ]
    if record.test_classes:
        both = f"{len(record.train_classes)} and {len(record.test_classes)}"
        facts.insert(1, ("classes", both, "to train on, and others to test with"))
    if record.backbone:
        facts.append(("backbone", record.backbone, "frozen; all learn from its features"))
    return facts


def _caption(record: MetaLearning, metric: Metric) -> str:
    least, most = record.train_shots
    trained = f"{least}" if least == most else f"{least} to {most}"
    log = " Both axes are logarithmic." if metric.lower else ""
    of = "rows of each class" if record.answers == "classes" else "points"
    return (
        f"{capitalise(metric.title)} on new tasks against the {of} that are learned from, with 95 % "
        f"intervals. Learners were trained with {trained}.{log}"
    )


def _by_steps(record: MetaLearning, metric: Metric) -> Iterator[dict[str, Any]]:
    several = [one for one in record.learners if len(one.by_steps) > 1]
    if not several:
        return
    own = [f"{called(record, one)}, {pluralise(one.adaptation or 0, 'step')}" for one in several]
    yield {
        "id": "steps",
        "heading": "By steps of adaptation",
        "say": [f"Where nothing else is said: {'; '.join(own)}."],
        "panels": [
            {
                "title": f"{capitalise(metric.title)} after steps on the rows of a new task",
                "figure": curves(record, metric, "by_steps"),
                "caption": "Bands are 95 % intervals. Colours are those of the figure above. Points where a "
                "learner diverges are left out.",
            }
        ],
    }


def _smallprint(record: MetaLearning) -> Iterator[str]:
    if record.reference:
        yield (
            "The reference is the transfer baseline with the best mean on these very tasks, which favours it "
            "a little. Baselines learn all training classes, or all functions, as one problem first."
        )
    if record.train_classes:
        both = (", ".join(names) for names in (record.train_classes, record.test_classes))
        yield "Classes to train on: {}. To test with: {}.".format(*both)
