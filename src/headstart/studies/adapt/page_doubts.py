"""What to doubt: confidences, mistakes, the data, and the small print."""

from pathlib import Path
from typing import Any, NamedTuple

from headstart.records.record import Bin
from headstart.report.axis import linear
from headstart.report.figures import Plot
from headstart.report.html import picture_data
from headstart.report.metric import get_metric
from headstart.report.text import (
    MINUS,
    join_words,
    megabytes,
    minus,
    pairs,
    percent,
    pluralise,
    quoted,
    round_percent,
    seconds,
    shorten_middle,
    significant,
    whole,
)
from headstart.studies._page import versions
from headstart.studies.adapt import DataCheck, Mistake
from headstart.studies.adapt.summary import RunRecords

ERROR = get_metric("calibration_error")
TOUCHED = (
    "The test part, {test}, was set aside before the first training. It was touched once, after the choice "
    "was made, to score {models}; the choice itself rests on cross-validation inside the {rows}."
)
HALF = 0.02  # of the width of a bar
CLASSES = 60  # whose sizes are drawn
NOUNS = {  # a class, several, and what rows are said to be of
    "classes": ("class", "classes", "of each class"),
    "tags": ("tag", "tags", "with each tag"),
}


# --- calibration


class Words(NamedTuple):
    """How calibration is put, by kind of label."""

    row: str  # what is counted
    x: str
    y: str
    average: str
    each: str


ROWS = Words(
    "row",
    "confidence",
    "right",
    "The mean confidence is {confidence} and the accuracy {accuracy}",
    "confidence {confidence}, accuracy {accuracy}",
)
TAGS = Words(
    "pair",
    "probability",
    "so",
    "On average over all pairs of a row and a tag the model gives the tag {confidence}; {accuracy} of them "
    "have it",
    "given {confidence}, so in {accuracy}",
)


def calibration(run: RunRecords) -> dict[str, Any]:
    """The reliability diagram and the counts."""
    bins = [each for each in run.result.bins if each.rows]
    if not bins:
        return {"say": ["This run recorded no confidences."], "figure": "", "counts": ""}
    words = TAGS if run.result.label_kind == "tags" else ROWS
    say = [_verdict(bins, words)]
    if run.selected and "calibration_error" in run.selected.scores.figures:
        error = ERROR.shown(run.selected.scores["calibration_error"])
        say.append(f"The expected calibration error is {error}; 0 is perfect.")
    drawn = {"figure": _reliability(bins, words), "counts": _counts(bins, words)}
    return {"say": say, "tags": words is TAGS, **drawn}


def _verdict(bins: list[Bin], words: Words) -> str:
    """Over-confident, under-confident, or neither by more than two standard errors."""
    rows = sum(b.rows for b in bins)
    confidence = sum(b.rows * b.confidence for b in bins) / rows
    accuracy = sum(b.rows * b.accuracy for b in bins) / rows
    spread = sum(b.rows * b.accuracy * (1 - b.accuracy) for b in bins) ** 0.5 / rows
    averages = words.average.format(confidence=percent(confidence), accuracy=percent(accuracy))
    gap = confidence - accuracy
    if abs(gap) <= 2 * spread:
        return f"{averages}: that difference is within chance, so it is neither over- nor under-confident."
    kind = "over-confident" if gap > 0 else "under-confident"
    return f"{averages}: it is {kind} by {ERROR.size(abs(gap))}."


def _each(b: Bin, words: Words) -> str:
    return words.each.format(confidence=percent(b.confidence), accuracy=percent(b.accuracy))


def _reliability(bins: list[Bin], words: Words) -> str:
    x, y = (linear(0, 1, round_percent, title) for title in (words.x, words.y))
    plot = Plot(x, y, 280)
    plot.line([(0, 0), (1, 1)], "ideal")
    ordered = sorted(bins, key=lambda b: b.confidence)
    plot.line([(b.confidence, b.accuracy) for b in ordered], "s1")
    most = max(b.rows for b in bins)
    for b in ordered:
        hover = f"{pluralise(b.rows, words.row)}: {_each(b, words)}"
        plot.dot((b.confidence, b.accuracy), "s1", hover, 3 + 6 * (b.rows / most) ** 0.5)
    each = "; ".join(_each(b, words) for b in ordered)
    return plot.figure(f"Reliability diagram of {len(bins)} bins: {each}")


def _counts(bins: list[Bin], words: Words) -> str:
    many = f"{words.row}s"
    plot = Plot(linear(0, 1, round_percent, words.x), linear(0, max(b.rows for b in bins), whole, many), 280)
    for b in bins:
        hover = f"{pluralise(b.rows, words.row)}: {_each(b, words)}"
        plot.bar(b.confidence - HALF, b.confidence + HALF, b.rows, "s1", hover)
    each = ", ".join(f"{percent(b.confidence)} {pluralise(b.rows, words.row)}" for b in bins)
    return plot.figure(f"Test {many} by {words.x}: {each}")


# --- mistakes


def mistakes(run: RunRecords) -> dict[str, Any]:
    """Each mistake with its picture or its words inside the page."""
    worst, numbers = run.result.mistakes, run.result.label_kind == "numbers"
    if not worst:
        return {"say": [_none(run)], "mistakes": []}
    most = max(abs(m.error or 0.0) for m in worst)
    say = _errors(worst) if numbers else _confident(worst)
    return {"say": [say], "mistakes": [_card(run.folder, m, most) for m in worst]}


def _none(run: RunRecords) -> str:
    if run.result.label_kind != "classes":
        return "The selected model made no mistake on the test part."
    counts = run.result.confusion
    total = sum(map(sum, counts))
    if total and total == sum(row[i] for i, row in enumerate(counts)):
        return f"The selected model made no mistake on {pluralise(total, 'test row')}."
    return "This run recorded no mistakes one by one."


def _confident(worst: list[Mistake]) -> str:
    most = max(worst, key=lambda m: m.confidence)
    sure = sum(m.confidence >= 0.9 for m in worst)
    if len(worst) == 1:
        which = f"It took {most.item} for {quoted(most.answer)} with confidence {percent(most.confidence)}"
        return f"{which}; its label says {quoted(most.truth)}."
    return (
        f"Of these {len(worst):,} mistakes {sure:,} {'was' if sure == 1 else 'were'} made with "
        f"a confidence of 90 % or more; the highest is {percent(most.confidence)}. "
        "Look for wrong labels among them."
    )


def _errors(worst: list[Mistake]) -> str:
    if len(worst) == 1:
        return f"{worst[0].item} was predicted as {worst[0].answer} and is {worst[0].truth}."
    over = sum((m.error or 0.0) > 0 for m in worst)
    return (
        f"Of these {len(worst):,} rows {over:,} {'was' if over == 1 else 'were'} predicted too large, the "
        f"others too small. Look for wrong numbers among them."
    )


def _card(folder: Path, mistake: Mistake, most: float) -> dict[str, Any]:
    """`most` is the largest error of all."""
    value, part = percent(mistake.confidence), mistake.confidence
    if mistake.error is not None:
        value, part = minus(significant(mistake.error)), abs(mistake.error) / (most or 1.0)
        value = value if value.startswith(MINUS) else f"+{value}"
    return {
        "mistake": mistake,
        "source": picture_data(folder, mistake.picture),
        "confidence": value,
        "part": f"{part:.3f}",
    }


# --- the data check


def check(run: RunRecords) -> dict[str, Any]:
    """The size of every class, and the findings, warnings first."""
    result, nouns = run.result.check, NOUNS.get(run.result.label_kind, NOUNS["classes"])
    sizes = list(result.classes.items())
    shown, cut = sizes, ""
    if len(sizes) > CLASSES:
        ordered, half = sorted(sizes, key=lambda pair: -pair[1]), CLASSES // 2
        shown = ordered[:half] + ordered[-half:]
        cut = f"Of {len(sizes):,} {nouns[1]} the {half} largest and the {half} smallest are shown."
    most = max((rows for _, rows in shown), default=0) or 1
    findings = sorted(result.findings, key=lambda finding: finding.severity != "warning")
    return {
        "say": [_sizes(result, nouns), _found(result)],
        "bars": [
            {"name": shorten_middle(n, 28), "full": n, "rows": f"{rows:,}", "part": f"{rows / most:.3f}"}
            for n, rows in shown
        ],
        "heading": f"Rows {nouns[2]}",
        "label": f"Rows {nouns[2]}: {', '.join(f'{name} {rows:,}' for name, rows in shown)}",
        "cut": cut,
        "findings": [
            (each, f"and {each.count - len(each.items):,} more" if each.count > len(each.items) > 0 else "")
            for each in findings
        ],
    }


def _sizes(result: DataCheck, nouns: tuple[str, str, str]) -> str:
    sizes, rows = result.classes, pluralise(result.rows, "readable row")
    if not sizes:
        return f"{rows}." if result.rows else "The data check counted no classes."
    small, large = min(sizes, key=lambda c: sizes[c]), max(sizes, key=lambda c: sizes[c])
    of = "in" if nouns[0] == "class" else "with"
    what = f"{rows} {of} {pluralise(len(sizes), *nouns[:2])}"
    if sizes[small] == sizes[large]:
        return f"{what}, {sizes[small]:,} in each."
    times = f", {sizes[large] / sizes[small]:.1f} times as many" if sizes[small] else ""
    return f"{what}: from {sizes[small]:,} ({quoted(small)}) to {sizes[large]:,} ({quoted(large)}){times}."


def _found(result: DataCheck) -> str:
    if not result.findings:
        return "The check found nothing to remark on."
    warnings = sum(finding.severity == "warning" for finding in result.findings)
    counts = ((warnings, "warning"), (len(result.findings) - warnings, "note"))
    return f"The check gave {join_words([pluralise(n, word) for n, word in counts if n])}."


# --- the small print


def smallprint(run: RunRecords) -> dict[str, Any]:
    """Everything that is needed to doubt the report or to repeat the run."""
    result, timings = run.result, run.timings
    titles = {c.name: c.title for c in result.candidates}
    test, rows = pluralise(result.test_rows, "row"), pluralise(result.train_rows, "training row")
    models = pluralise(len(result.tested), "model")
    settings = {c.name: ", ".join(map(" = ".join, pairs(c.settings))) for c in result.candidates}
    steps = sorted(timings.steps.items(), key=lambda step: (-step[1].seconds, step[0])) if timings else []
    return {
        "say": [TOUCHED.format(test=test, models=models, rows=rows)],
        "result": result,
        "decisions": [*result.notes, *(f"{c.title}: {c.dropped}." for c in result.candidates if c.dropped)],
        "candidates": [(c.title, settings[c.name] or "none", c.paper) for c in result.candidates],
        "settings": pairs(result.settings),
        "preprocess": pairs(result.preprocess),
        "versions": [("seed", str(result.seed)), *versions(result)],
        "times": [
            (titles.get(name, name), seconds(cost.seconds), megabytes(cost.peak_megabytes))
            for name, cost in steps
        ],
        "machine": timings.machine if timings else "",
    }
