"""The result in sentences and as a model card: the verdict follows the figures and their intervals."""

from headstart.report.metric import get_metric
from headstart.studies.align import SOURCE_ONLY, TITLES, Alignment, EvalPoint, MethodResult


def verdict(row: MethodResult) -> str:
    """Of the chosen method: "nothing", "unknown", "helped", "harmed" or "unclear"."""
    if row.method == SOURCE_ONLY:
        return "nothing"
    if row.gain is None:
        return "unknown"
    if row.gain.low > 0:
        return "helped"
    return "harmed" if row.gain.high < 0 else "unclear"


def headline(row: MethodResult, metric: str, select: str, test_rows: int) -> str:
    """One sentence for the top of the page."""
    shown, by = get_metric(metric).plain(), TITLES[select]
    found = verdict(row)
    if found == "nothing":
        return f"Nothing was better than training on the source alone, by {by}: that model is kept."
    if found == "unknown":
        return (
            f"{row.title} was chosen by {by}. How good it is on the target can't be said without labelled "
            "target rows; label a few dozen and give them with the target."
        )
    assert row.gain is not None
    assert row.selected is not None
    figures = f"{shown.value(row.selected.value)} {shown.title} on {test_rows} target rows"
    low, high = shown.change(row.gain.low), shown.change(row.gain.high)
    gain = f"{shown.change(row.gain.value)} ({low} to {high}) {shown.change_unit}"
    if found == "helped":
        return f"{row.title} helps: {figures}, {gain} against training on the source alone."
    if found == "harmed":
        return (
            f"Negative transfer: {row.title}, chosen by {by}, has {figures}, {gain} against the source alone."
        )
    return f"{row.title} was chosen by {by}: {figures}, {gain} against the source alone, which may be chance."


def dissent(chosen: EvalPoint, alone: EvalPoint, select: str) -> str:
    """What is to be said if most other scores prefer training on the source alone; else "".

    Args:
        chosen: the model that is shipped.
        alone: the end of training on the source alone.
        select: what was chosen by.
    """
    both = [name for name in TITLES if name != select and name in chosen.scores and name in alone.scores]
    against = [name for name in both if alone.scores[name] > chosen.scores[name]]
    if chosen.method == SOURCE_ONLY or 2 * len(against) <= len(both):
        return ""
    named = ", ".join(TITLES[name] for name in against)
    return (
        f"The scores disagree: {len(against)} of {len(both)} others ({named}) prefer training on the source "
        "alone to the model that is shipped. Label a few dozen target rows before you trust it."
    )


def cautions(table: list[MethodResult], chosen: str, metric: str) -> list[str]:
    """What a reader must know besides: methods that harm, a choice that missed a better one."""
    found = []
    harmed = [row.title for row in table if row.gain is not None and row.gain.high < 0]
    if harmed:
        many = "is" if len(harmed) == 1 else "are"
        found.append(f"Negative transfer: {', '.join(harmed)} {many} clearly worse than the source alone.")
    judged = [row for row in table if row.selected is not None]
    if judged:
        top = max(judged, key=lambda row: row.selected.value if row.selected else 0.0)
        mine = next(row for row in table if row.method == chosen)
        assert top.selected is not None
        assert mine.selected is not None
        if top.method != chosen and top.selected.value - mine.selected.value > 0.02:
            figure = get_metric(metric).plain().value(top.selected.value)
            found.append(
                f"By its labels {top.title} would have been better ({figure}): "
                "the choice without labels missed it."
            )
    return found


def card(result: Alignment) -> str:
    """Text for `README.md` in the model's folder."""
    metric, row = get_metric(result.metric).plain(), result.row(result.chosen)
    judged = "Not known: the target has no labels."
    if row.selected is not None:
        judged = (
            f"{metric.value(row.selected.value)} {metric.title} ({metric.span(row.selected)}) on "
            f"{result.test_rows} target rows that nothing was learned from or chosen by; mean over "
            f"{row.seeds} seeds."
        )
    cautions = "\n".join(f"- {note}" for note in result.notes) or "- None beyond the intervals."
    return f"""---
library_name: headstart
tags: [transfer-learning, domain-adaptation]
---
# {row.title} on {result.backbone}: {result.source} to {result.target}

{result.headline}

Learned from {result.source_rows} labelled rows of {result.source} and {result.target_rows} rows of
{result.target} without labels; chosen by {TITLES[result.chosen_by]}, without labels of the target.

## Use

```python
import headstart as hs

model = hs.open("model")
```

## How good

{judged}

## Cautions

{cautions}

Made with headstart {result.headstart}, seed {result.seed}.
"""
