"""The model card: what the model is, how good, and how to use it, in Markdown."""

from .records import Result
from .words import percent, span

KINDS = {  # what the samples are: the tag on model hubs, and one of them
    "pictures": ("image-classification", '"new.jpg"'),
    "texts": ("text-classification", '"A text of yours."'),
    "tables": ("tabular-classification", "{column: cell, ...}"),
    "numbers": ("tabular-classification", "[0.5, 1.0, ...]"),
}


def card(result: Result) -> str:
    """Text for `README.md` in the model's folder, for people and for model hubs."""
    tested = result.tested[0]
    classes = ", ".join(f"`{name}`" for name in result.classes)
    rows = "\n".join(
        f"| {one.title} | {percent(one.scores.accuracy.value)} | {span(one.scores.accuracy)} |"
        for one in result.tested
    )
    tag, item = KINDS.get(result.kind, ("image-classification", '"new.jpg"'))
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

## Classes

{classes}

## How good

Measured once on {result.test_rows} held-out rows that nothing was chosen by; {result.train_rows} rows
were learned from.

| model | accuracy | 95 % interval |
|---|---|---|
{rows}

## Cautions

{cautions}
- The figures hold for new data of the same kind as the held-out rows.

Made with headstart {result.headstart}, seed {result.seed}.
"""
