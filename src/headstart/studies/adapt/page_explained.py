"""The section of the report on a few answers, and on what columns are worth."""

import shlex
from pathlib import Path
from typing import Any

from headstart.records.explanation import EXPLANATIONS, RunExplanations
from headstart.report.metric import get_metric
from headstart.report.text import quoted
from headstart.studies._page import read_record
from headstart.studies.adapt.summary import RunRecords
from headstart.studies.explain.page_items import item_parts
from headstart.studies.explain.words import meaning, together

CAUTION = "This says what the model reacts to, not what causes the label."
OTHERS = "Why it answers as it does for other files: headstart explain {run} FILE."


def explained(run: RunRecords) -> dict[str, Any] | None:
    """What the macro shows; None if nothing was explained."""
    record = _read(run.folder)
    if record is None:
        return None
    parts = list(item_parts(record.explanations, record.label_kind, run.folder))
    for part, truth in zip(parts, record.truths, strict=True):
        part["say"] = [f"Truth: {truth}. {part['say'][0]}"]
    metric = get_metric(record.metric) if record.metric else None
    columns = (
        []
        if metric is None
        else [
            (each.name, metric.change(each.mean), metric.size(each.deviation)) for each in record.importance
        ]
    )
    return {
        "say": [
            meaning(record.explanations, record.kind, record.label_kind),
            *_importance(record),
            CAUTION + together(record.kind, "what they share is given to either"),
            OTHERS.format(run=shlex.quote(run.folder.resolve().name)),
        ],
        "parts": parts,
        "columns": columns,
        "headings": [] if metric is None else ["column", f"{metric.title} lost", "standard deviation"],
    }


def _read(folder: Path) -> RunExplanations | None:
    return read_record(RunExplanations, folder / EXPLANATIONS) if (folder / EXPLANATIONS).is_file() else None


def _importance(record: RunExplanations) -> list[str]:
    if not record.importance:
        return []
    first, metric = record.importance[0], get_metric(record.metric).plain(1)
    cost = f"{metric.size(abs(first.mean))} of the {metric.title}"
    return [f"Permuting {quoted(first.name)} among the test rows costs most: {cost}."]
