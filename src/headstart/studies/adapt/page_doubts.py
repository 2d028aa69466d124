"""What to doubt: confidences, mistakes, the data, and the small print."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headstart.report.html import picture_data
from headstart.report.text import (
    MINUS,
    SPACE,
    join_words,
    megabytes,
    minus,
    pairs,
    percent,
    plain,
    pluralise,
    quoted,
    seconds,
    shorten_middle,
    significant,
)
from headstart.studies._page import versions
from headstart.studies.adapt import DataCheck, Mistake, Result
from headstart.studies.adapt.summary import RunRecords

TOUCHED = (
    "The test part, {test}, was set aside before the first training. It was touched once, after the choice "
    "was made, to score {models}; the choice itself rests on cross-validation inside the {rows}."
)
CLASSES = 60  # whose sizes are drawn
READING = {"pictures": "How pictures are read", "texts": "How texts are read"}  # by kind of sample
FINDINGS = {  # kinds of findings whose name says too little
    "empty": "empty texts",
    "label-kind": "what is predicted",
    "left-out": "left out",
    "no-label": "rows without a label",
    "repeated-names": "rows that belong together",
    "text-column": "column of texts",
    "thousands": "separators of thousands",
    "unread-files": "files that were not read",
    "unreadable": "unreadable rows",
}
NOUNS = {  # a class, several, and what rows are said to be of
    "classes": ("class", "classes", "of each class"),
    "tags": ("tag", "tags", "with each tag"),
}


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
    some = f"Of these {len(worst):,} mistakes {sure:,} {'was' if sure == 1 else 'were'}"
    some = some if sure else f"None of these {len(worst):,} mistakes was"
    return (
        f"{some} made with a confidence of 90{SPACE}% or more; the highest is {percent(most.confidence)}. "
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
        "sizes": f"Rows {nouns[2]}",
        "label": f"Rows {nouns[2]}: {', '.join(f'{name} {rows:,}' for name, rows in shown)}",
        "cut": cut,
        "findings": [
            (
                each,
                finding_title(each.kind),
                f"and {each.count - len(each.items):,} more" if each.count > len(each.items) > 0 else "",
            )
            for each in findings
        ],
    }


def finding_title(kind: str) -> str:
    """The kind of a finding in words."""
    return FINDINGS.get(kind, kind.replace("-", " "))


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


def step_words(name: str, titles: Mapping[str, str]) -> str:
    """A step of the run in words: `fit-lp-ft-on-...` is "fit LP-FT on ..."."""
    for method in sorted(titles, key=len, reverse=True):
        before, found, after = name.partition(method)
        if found:
            return " ".join(f"{before.replace('-', ' ')}{titles[method]}{after.replace('-', ' ')}".split())
    return name.replace("-", " ")


def _left_out(result: Result) -> list[str]:
    """Why methods were not tried on all folds, a sentence a reason."""
    reasons: dict[str, list[str]] = {}
    for candidate in result.candidates:
        if candidate.dropped:
            reasons.setdefault(candidate.dropped, []).append(candidate.title)
    return [f"{join_words(titles)}: {why}." for why, titles in reasons.items()]


def smallprint(run: RunRecords) -> dict[str, Any]:
    """Everything that is needed to doubt the report or to repeat the run."""
    result, timings = run.result, run.timings
    titles = {c.name: c.title for c in result.candidates}
    test, rows = pluralise(result.test_rows, "row"), pluralise(result.train_rows, "training row")
    models = pluralise(len(result.tested), "model")
    settings = {  # by the names that are typed
        c.name: ", ".join(f"{name} = {plain(value)}" for name, value in c.settings.items())
        for c in result.candidates
    }
    steps = sorted(timings.steps.items(), key=lambda step: (-step[1].seconds, step[0])) if timings else []
    return {
        "say": [TOUCHED.format(test=test, models=models, rows=rows)],
        "result": result,
        "decisions": [*result.notes, *_left_out(result)],
        "reading": READING.get(result.kind, READING["pictures"]),
        "candidates": [(c.title, settings[c.name] or "it has none", c.paper) for c in result.candidates],
        "settings": pairs(result.settings),
        "preprocess": pairs(result.preprocess),
        "versions": [("seed", str(result.seed)), *versions(result)],
        "times": [
            (step_words(name, titles), seconds(cost.seconds), megabytes(cost.peak_megabytes))
            for name, cost in steps
        ],
        "machine": timings.machine if timings else "",
    }
