"""The model card of a run, for people and for model hubs: licences, what it is for, how good, its limits."""

from collections.abc import Iterator, Sequence
from typing import Any

from headstart.predictor.licences import backbone_licence, data_licence
from headstart.predictor.model_card import front_matter, model_index, task_of
from headstart.report.metric import Metric, get_metric
from headstart.studies.adapt import Result, Tested

SAMPLES = {  # by kind of sample, as Python
    "pictures": '"new.jpg"',
    "texts": '"A text of yours."',
    "tables": "{column: cell, ...}",
    "numbers": "[0.5, 1.0, ...]",
    "sounds": '"new.wav"',
}
OUTPUTS = {"classes": "Classes", "tags": "Tags", "numbers": "Numbers"}  # by kind of label: what is predicted
ONE = {"classes": "one of its classes", "tags": "any of its tags", "numbers": "its numbers"}
FEW = 20  # rows of a class: with fewer, it is named among the limits
SHOWN = 12  # such classes that are named


def model_card(result: Result) -> str:
    """`README.md` of the model's folder in Markdown with the front matter of model hubs."""
    tested, names = result.tested[0], [result.metric]
    if result.label_kind == "numbers" and len(result.classes) == 1:
        names.append("mae")
    metrics = [get_metric(name).plain() for name in names]
    classes = ", ".join(f"`{name}`" for name in result.classes)
    headings = " | ".join(f"{metric.title} | 95 % interval" for metric in metrics)
    rows = "\n".join(f"| {model.title} | {_cells(model, metrics)} |" for model in result.tested)
    levels = ""
    if window := result.preprocess.get("window"):
        levels = f"\nLevels of pictures from {window[0]:g} to {window[1]:g} become black to white.\n"
    limits = "\n".join(f"- {limit}" for limit in _limits(result))
    task = task_of(result.kind, result.label_kind)
    return f"""{front_matter(task, result.backbone, (result.kind,), _index(result, task))}
# {result.task}: {tested.title} on {result.backbone}

{result.headline}

{result.why}

## Use

```python
import headstart as hs

model = hs.open("model")
model.predict([{SAMPLES.get(result.kind, SAMPLES["pictures"])}])
```
{levels}
It is meant for {result.kind} like those of {result.task}, of which it predicts {ONE[result.label_kind]}.

## {OUTPUTS[result.label_kind]}

{classes}
{_deciding(result)}
## How good

Measured once on {result.test_rows} held-out rows that nothing was chosen by; {result.train_rows} rows
were learned from.

| model | {headings} |
|---|{"---|---|" * len(metrics)}
{rows}

## Limits

{limits}

## Licences

- Backbone `{result.backbone}`: {backbone_licence(result.backbone).text}.
- Data `{result.task}`: {data_licence(result.task)}.

## Training

{f"`{result.command}`" if result.command else "In Python, without a command."}

Made with headstart {result.headstart}, seed {result.seed}.
"""


def _index(result: Result, task: str) -> list[dict[str, Any]]:
    """`model-index`: the figures of the selected model on the held-out rows, with their intervals."""
    scores, figures = result.tested[0].scores, {}
    for name, figure in scores.figures.items():
        metric = get_metric(name).plain(1)
        figures[name] = figure.value, f"{metric.title}, 95 % interval {metric.span(figure)}"
    title = f"{result.task}: {result.tested[0].title} on {result.backbone}"
    return model_index(title, task, result.task, f"{scores.rows} held-out rows", figures)


def _limits(result: Result) -> Iterator[str]:
    """What is to be feared, as sentences."""
    yield from result.warnings
    few = [f"`{name}` ({rows})" for name, rows in result.check.classes.items() if rows < FEW]
    if few and result.label_kind != "numbers":
        more = f" and {len(few) - SHOWN} more" if len(few) > SHOWN else ""
        yield f"Fewer than {FEW} rows: {', '.join(few[:SHOWN])}{more}."
    yield from (one.text for one in result.check.findings if one.severity == "warning")
    if result.label_kind == "classes":
        yield "What belongs to no class gets one of them, too; `predict --abstain` says unsure instead."
    yield "The figures hold for new data of the same kind as the held-out rows."


def _deciding(result: Result) -> str:
    """How the model decides between two classes, if by a threshold."""
    found = result.two_classes
    if found is None or not found.rule:
        return ""
    return (
        f"\nThe model predicts `{found.positive}` where its probability is {found.threshold:.3f} or more. "
        f"{found.threshold_why} No test row took part in that.\n"
    )


def _cells(model: Tested, metrics: Sequence[Metric]) -> str:
    """The figures of a model and their intervals."""
    cells = []
    for metric in metrics:
        figure = model.scores[metric.name]
        cells += [metric.value(figure.value), metric.span(figure)]
    return " | ".join(cells)
