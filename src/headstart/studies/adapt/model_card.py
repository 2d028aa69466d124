"""The model card: what the model is, how good, and how to use it, in Markdown."""

from headstart.report.metric import get_metric
from headstart.studies.adapt import Result, Tested

KINDS = {  # what the samples are: the tag on model hubs, and one of them
    "pictures": ("image-classification", '"new.jpg"'),
    "texts": ("text-classification", '"A text of yours."'),
    "tables": ("tabular-classification", "{column: cell, ...}"),
    "numbers": ("tabular-classification", "[0.5, 1.0, ...]"),
}
OUTPUTS = {"classes": "Classes", "tags": "Tags", "numbers": "Numbers"}  # what is told, as a heading
SECOND = {"numbers": "mae"}  # a metric that is told beside the main one


def card(result: Result) -> str:
    """Text for `README.md` in the model's folder, for people and for model hubs."""
    tested, metrics = result.tested[0], [result.metric]
    if len(result.classes) == 1 and result.label_kind in SECOND:
        metrics.append(SECOND[result.label_kind])
    classes = ", ".join(f"`{name}`" for name in result.classes)
    rows = "\n".join(f"| {one.title} | {_figures(one, metrics)} |" for one in result.tested)
    headings = " | ".join(f"{get_metric(name).title} | 95 % interval" for name in metrics)
    tag, item = KINDS.get(result.kind, ("image-classification", '"new.jpg"'))
    if result.label_kind == "numbers":
        tag = tag.replace("classification", "regression")
    cautions = "\n".join(f"- {warning}" for warning in result.warnings) or "- None beyond the intervals."
    return f"""---
license: other
library_name: headstart
tags: [transfer-learning, {tag}]
---
# {result.task}: {tested.title} on {result.backbone}

{result.headline}

{result.why}

## Use

```python
import headstart as hs

model = hs.open("model")
model.predict([{item}])
```

## {OUTPUTS[result.label_kind]}

{classes}

## How good

Measured once on {result.test_rows} held-out rows that nothing was chosen by; {result.train_rows} rows
were learned from.

| model | {headings} |
|---|{"---|---|" * len(metrics)}
{rows}

## Cautions

{cautions}
- The figures hold for new data of the same kind as the held-out rows.

Made with headstart {result.headstart}, seed {result.seed}.
"""


def _figures(tested: Tested, metrics: list[str]) -> str:
    """The figures of a model and their intervals as cells."""
    found = [(get_metric(name).plain(), tested.scores[name]) for name in metrics]
    return " | ".join(f"{one.value(figure.value)} | {one.span(figure)}" for one, figure in found)
