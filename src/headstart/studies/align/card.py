"""The model card of an aligned model, in Markdown."""

from headstart.records.measures import MEASURES
from headstart.studies.align.record import TITLES, Alignment


def card(result: Alignment) -> str:
    """Text for `README.md` in the model's folder."""
    measure, row = MEASURES[result.metric], result.row(result.chosen)
    judged = "Not known: the target has no labels."
    if row.selected is not None:
        judged = (
            f"{measure.figure(row.selected.value)} {measure.title} ({measure.span(row.selected)}) on "
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
