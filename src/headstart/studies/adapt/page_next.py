"""What to do next, as the evidence of the run says: each step has its reason."""

import math
from collections.abc import Iterator
from statistics import fmean
from typing import Any, NamedTuple

from headstart.face import spell
from headstart.metrics.shares import wilson
from headstart.models.saved import adapters_of
from headstart.report.metric import drawn_metric, get_metric
from headstart.report.text import capitalise, data_size, join_words, percent, pluralise, quoted, seconds
from headstart.studies._curves import CLASS, by_method, mean
from headstart.studies.adapt import Result
from headstart.studies.adapt.choice import lacks_time
from headstart.studies.adapt.page_doubts import finding_title
from headstart.studies.adapt.page_labels import read_label_errors
from headstart.studies.adapt.page_training import FINAL
from headstart.studies.adapt.summary import RunRecords

SURE = 0.9  # confidence of a mistake that asks for a look at its label
LITTLE = 0.01  # of a share, for twice as many labels: less is not worth their price
WIDE = 0.1  # of an interval of a share
FOUND = 0.5  # share of the positive rows: where fewer are found, another threshold is worth a thought
OVERFIT = 2.0  # times the training's loss


class Step(NamedTuple):
    """A few words, and the reason in a sentence or two."""

    title: str
    reason: str


def next_steps(run: RunRecords) -> dict[str, Any]:
    """The steps that the records speak for; one at least."""
    result = run.result
    steps = [
        *_no_transfer(run),
        *_data(result),
        *_texts_alone(result),
        *_labels_to_check(run),
        *_more_labels(run),
        *_hardest(result),
        *_threshold(result),
        *_budget(result),
        *_more_test_rows(run),
        *_adapters_alone(run),
    ]
    last = (
        "Try it on new data",
        "Figures here hold for rows like these: headstart evaluate measures others.",
    )
    return {"say": [], "steps": steps or [last]}


def _no_transfer(run: RunRecords) -> Iterator[Step]:
    better = [tested.title for tested, gain in run.baselines if gain.high < 0]
    if better:
        yield Step(
            "Try another backbone",
            f"{capitalise(join_words([title.lower() for title in better]))} did better than {run.title} on "
            "the test part: headstart rank compares backbones on these data.",
        )


def _data(result: Result) -> Iterator[Step]:
    warned = [one for one in result.check.findings if one.severity == "warning"]
    if warned:
        kinds = join_words(list(dict.fromkeys(finding_title(one.kind) for one in warned)))
        many = pluralise(len(warned), "warning")
        yield Step(
            "Mend the data",
            f"The data check gave {many} ({kinds}); what they say limits every figure here.",
        )


def _texts_alone(result: Result) -> Iterator[Step]:
    columns = [one.items[0] for one in result.check.findings if one.kind == "text-column"]
    if columns and result.backbone == "table":
        yield Step(
            "Try the texts alone",
            f"Words of {quoted(columns[0])} were counted beside the other columns. A pretrained network "
            f"reads the texts with {spell('text_column', columns[0])}: where they decide, it knows more.",
        )


def _labels_to_check(run: RunRecords) -> Iterator[Step]:
    result, errors = run.result, read_label_errors(run.folder)
    if errors is not None and errors.found:
        many = pluralise(errors.found, "training label looks", "training labels look")
        yield Step("Check some labels", f"{many} wrong: they stand under Labels to check.")
        return
    sure = [one for one in result.mistakes if one.confidence >= SURE]
    if sure and result.label_kind != "numbers":
        rows = "one mistake was" if len(sure) == 1 else f"{len(sure):,} mistakes were"
        yield Step(
            "Check some labels",
            f"{capitalise(rows)} made with a confidence of {percent(SURE)} or more: they are wrong "
            "labels, or what the model has yet to learn. They stand among the mistakes above.",
        )


# --- more labels, and of which class


def _more_labels(run: RunRecords) -> Iterator[Step]:
    result = run.result
    metric = drawn_metric(result.metric, result.label_kind)
    found = by_method(result.size_curve, result.selected)
    curves = [c for c in found if len(c) > 1 and c[-2].labels_per_class < c[-1].labels_per_class]
    if not curves:
        yield from _overfitted(run)
        return
    before, last = curves[0][-2:]
    gain = mean(last) - mean(before)
    of = CLASS if result.label_kind == "classes" else ""
    doublings = math.log2(last.labels_per_class / before.labels_per_class)
    change = (
        f"From {before.labels_per_class:,} to {pluralise(last.labels_per_class, 'label')}{of} the "
        f"{metric.title} of {last.title} went from {metric.value(mean(before))} to {metric.value(mean(last))}"
    )
    if gain / doublings >= LITTLE:
        yield Step("Label more rows", f"{change}, and it has not levelled off: more labels should help.")
    else:
        yield Step(
            "Do not label more of the same", f"{change}: more labels of the same kind would bring little."
        )


def _overfitted(run: RunRecords) -> Iterator[Step]:
    """Without a curve over sizes, the gap between the loss of the training and that of the test part."""
    result, scores = run.result, run.selected.scores if run.selected else None
    final = [c for c in result.curves if c.fold == FINAL and c.method == result.selected]
    if not final or scores is None or "log_loss" not in scores.figures:
        return
    losses = final[0].losses
    trained, tested = fmean(losses[-max(1, len(losses) // 10) :]), scores["log_loss"]
    if tested.low > OVERFIT * trained:
        yield Step(
            "Label more rows",
            f"The last training ended at a loss of {trained:.3f}, and that of the test part is "
            f"{get_metric('log_loss').value(tested.value)}: the model knows its rows better than new ones, "
            "which more labels change.",
        )


def _hardest(result: Result) -> Iterator[Step]:
    """The class that is found least often, if clearly less than the others; or the tag with fewest rows."""
    counts = result.confusion
    rows = sum(map(sum, counts))
    if not rows or len(counts) < 3:
        return
    right = sum(row[i] for i, row in enumerate(counts)) / rows
    shares = [(wilson(row[i], sum(row)), i) for i, row in enumerate(counts) if sum(row)]
    share, place = min(shares, key=lambda pair: pair[0].value)
    if share.high >= right:
        return
    row, name = counts[place], result.classes[place]
    taken = max((i for i in range(len(row)) if i != place), key=lambda i: row[i])
    size = result.check.classes.get(name)
    has = f", which has {pluralise(size, 'row')} in all," if size else ""
    yield Step(
        f"Begin with the class {name}",
        f"Of {quoted(name)}{has} {row[place]:,} of {pluralise(sum(row), 'test row')} were right "
        f"({percent(share.low)} to {percent(share.high)}), of all {percent(right)}. It is taken most often "
        f"for {quoted(result.classes[taken])}: more rows of both tell them apart.",
    )


# --- the threshold, the budget, the test


def _threshold(result: Result) -> Iterator[Step]:
    found = result.two_classes
    if found is None or found.rule:
        return
    recall = found.points[0].recall
    if recall is not None and recall.value < FOUND:
        yield Step(
            "Choose a threshold",
            f"At 0.5 {percent(recall.value)} of the {pluralise(found.positives, 'row')} of "
            f"{quoted(found.positive)} are found. {spell('threshold')}, as max:f1 or recall=0.9, chooses a "
            "lower one "
            f"on out-of-fold rows; the ROC curve above shows what it costs.",
        )


def _budget(result: Result) -> Iterator[Step]:
    cut = [c for c in result.candidates if lacks_time(c.dropped)]
    budget = result.settings.get("budget")
    if not cut or not isinstance(budget, int | float):
        return
    never = [c.title for c in cut if not c.folds]
    parts = [f"{join_words(never)} {'was' if len(never) == 1 else 'were'} not tried"] if never else []
    if fewer := [c.title for c in cut if c.folds and c.name != result.selected]:
        parts.append(f"{join_words(fewer)} {'was' if len(fewer) == 1 else 'were'} not tried on all folds")
    if parts:
        known = round(result.larger_budget)  # as the terminal says; it says none where none was measured
        larger = spell("budget", known) if known else f"a larger {spell('budget')}"
        yield Step(
            "Give it more time",
            f"In {seconds(budget)} {join_words(parts)}. The same again with {spell('resume', True)} and "
            f"{larger} goes on with this run and has room for more.",
        )


def _more_test_rows(run: RunRecords) -> Iterator[Step]:
    metric = get_metric(run.result.metric)
    figure = run.selected.scores.main_figure if run.selected else None
    if figure is not None and metric.is_share and figure.high - figure.low > WIDE:
        yield Step(
            "Measure on more rows",
            f"The interval of the {metric.title} is {metric.size(figure.high - figure.low)} wide, as there "
            f"are {pluralise(run.result.test_rows, 'test row')}. headstart evaluate takes other rows.",
        )


def _adapters_alone(run: RunRecords) -> Iterator[Step]:
    if adapters_of(run.folder) is not None and run.candidate is not None:
        yield Step(
            "Ship the adapters alone",
            f"Beside {run.result.backbone} this task needs {data_size(run.candidate.added_bytes)}: headstart "
            "export --to adapters writes them to a file, which headstart predict takes in place of the run.",
        )
