"""What the terminal tells while a run begins: what was found, what is held out, and what the time is for."""

import math
from collections import Counter
from collections.abc import Sequence

from headstart.data.check import Checked
from headstart.data.dataset import Dataset
from headstart.data.finding import Finding
from headstart.models.backbone import AnyBackbone
from headstart.report.text import SPACE, join_words, pluralise, quoted, round_percent, seconds, short
from headstart.studies.adapt.plan import Plan
from headstart.studies.adapt.settings import AdaptSettings

Fact = tuple[str, str]  # a word, and what is said of it
SAMPLES = {"pictures": "picture", "texts": "text", "tables": "row", "numbers": "row", "sounds": "sound"}
NOUNS = {"classes": ("class", "classes"), "tags": ("tag", "tags"), "numbers": ("number", "numbers")}
COLUMNS = {  # by kind of column: what it holds, one and several
    "numeric": ("number", "numbers"),
    "categorical": ("category", "categories"),
    "boolean": ("truth value", "truth values"),
    "date": ("date", "dates"),
    "duration": ("duration", "durations"),
    "text": ("text", "texts"),
}
MOST = 6  # findings that are told; the page has all


def about_inputs(
    given: int, checked: Checked, parts: Sequence[Dataset], backbone: AnyBackbone, settings: AdaptSettings
) -> list[Fact]:
    """Lines on the data, the backbone, the parts, the check and the budget.

    Args:
        given: rows before the check.
        checked: the readable ones, and what was found.
        parts: training and test part.
        backbone: as it was given.
        settings: of the study.
    """
    data = checked.dataset
    parameters = short(sum(parameter.numel() for parameter in backbone.parameters()))
    return [
        ("Data", f"{data.name}: {_rows(given, checked)}"),
        ("Labels", _labels(checked)),
        *([("Columns", _columns(data))] if data.table is not None else []),
        ("Backbone", f"{backbone.name}, {parameters} parameters"),
        ("Held out", _held_out(data, parts, settings)),
        *_findings(checked.findings),
        ("Budget", _budget(settings)),
    ]


def about_too_little(least: float, settings: AdaptSettings) -> list[Fact]:
    """That the budget is too small for anything but the least, which takes so many seconds."""
    told = (
        f"! reading the data, one probe, the test and the page take about {seconds(least)} here, and the "
        f"budget is {seconds(settings.seconds)}: nothing else is tried"
    )
    return [("Budget", told.replace(SPACE, " "))]


def about_plan(plan: Plan, settings: AdaptSettings, elapsed: float, closed: int) -> list[Fact]:
    """What the rest of the time is for.

    Args:
        plan: that was made.
        settings: of the study.
        elapsed: seconds since the start.
        closed: methods that are solved in one pass, which have been tried by now.
    """
    done = f"{pluralise(closed, 'method')} solved in one pass"
    if not plan.tuning:
        ahead = "no training of whole models" + " but from scratch" * bool(plan.scratch)
        return [("Plan", f"{done}; {ahead}")]
    blocks = f"the last {plan.last} blocks" if plan.last else "whole models"
    if plan.rivals < plan.folds:
        folds = (
            f"each on {pluralise(plan.rivals, 'fold')} to choose one of them, that one on "
            f"{plan.folds} of {settings.folds}"
        )
    else:
        folds = f"each on {plan.folds} of {settings.folds} folds"
    scratch = f"; from scratch for {pluralise(plan.scratch, 'epoch')}" if plan.scratch else ""
    told = f"{done}; {blocks} tuned for {pluralise(plan.epochs, 'epoch')}, {folds}{scratch}"
    if settings.epochs is None:
        told += f". {seconds(elapsed)} of {seconds(settings.seconds)} are over".replace(SPACE, " ")
    return [("Plan", told)]


def _rows(given: int, checked: Checked) -> str:
    """How many rows are taken; those without a label were left out before the check."""
    data = checked.dataset
    what = pluralise(len(data), SAMPLES.get(data.kind, "row"))
    left_out = given - len(data) + sum(each.count for each in checked.findings if each.kind == "no-label")
    return f"{what}, {left_out:,} left out" if left_out else what


def _labels(checked: Checked) -> str:
    """How many classes with their smallest and largest; of tags likewise; of numbers their columns."""
    data, counts = checked.dataset, checked.class_counts
    one, several = NOUNS[data.label_kind]
    what = pluralise(len(data.classes), one, several)
    if not counts:
        return f"{what} to predict: {join_words([quoted(name) for name in data.classes[:MOST]])}"
    small, large = min(counts, key=lambda name: counts[name]), max(counts, key=lambda name: counts[name])
    if counts[small] == counts[large]:
        return f"{what}, {counts[small]:,} rows in each"
    return f"{what}: from {counts[small]:,} rows ({quoted(small)}) to {counts[large]:,} ({quoted(large)})"


def _columns(data: Dataset) -> str:
    assert data.table is not None
    kinds = Counter(data.table.kinds)
    each = [pluralise(count, *COLUMNS[kind]) for kind, count in kinds.items() if kind in COLUMNS]
    return f"{len(data.table.names):,}: {', '.join(each)}"


def _held_out(data: Dataset, parts: Sequence[Dataset], settings: AdaptSettings) -> str:
    train, test = parts
    how = "as the data say" if data.split is not None else round_percent(settings.test)
    alone = data.group_count == len(data)
    groups = "" if alone else f"; copies, and rows of a group, stay together ({data.group_count:,} groups)"
    return (
        f"{pluralise(len(test), 'row')} ({how}) for one test at the end; {len(train):,} to learn from, in "
        f"{settings.folds} folds{groups}"
    )


def _findings(findings: Sequence[Finding]) -> list[Fact]:
    """Each finding in a line of its own, warnings first."""
    if not findings:
        return [("Check", "nothing to remark on")]
    ordered = sorted(findings, key=lambda finding: finding.severity != "warning")
    told = [f"{'! ' if each.severity == 'warning' else ''}{each.text}" for each in ordered[:MOST]]
    if len(ordered) > MOST:
        told.append(f"and {len(ordered) - MOST} more in the report")
    return [("Check" if number == 0 else "", text) for number, text in enumerate(told)]


def _budget(settings: AdaptSettings) -> str:
    if settings.epochs is not None:
        return f"none: what is asked for is trained, {pluralise(settings.epochs, 'epoch')} each"
    assert math.isfinite(settings.seconds)
    return f"{seconds(settings.seconds)}, quality {settings.quality}".replace(SPACE, " ")
