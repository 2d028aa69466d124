"""The figures of a pre-training: accuracy, loss, monitors, and the map of the embeddings."""

from typing import Any

from headstart.report.axis import Axis, around, linear, within
from headstart.report.figures import Plot
from headstart.report.metric import get_metric
from headstart.report.text import fixed, minus, pluralise, significant
from headstart.studies.pretrain import Pretraining

ACCURACY = get_metric("accuracy")
WATCHED = (("knn", "s1", "nearest neighbours"), ("probe", "s2", "linear probe"))


def plot_accuracy(record: Pretraining) -> dict[str, Any]:
    """Accuracy over the steps; nothing where the rows have no classes."""
    if not record.classes:
        return {}
    points = record.points
    values = [
        end
        for one in points
        for each in (one.knn, one.probe)
        if each is not None
        for end in (each.low, each.high)
    ]
    plot = Plot(_steps(record), linear(*within(0, 1, values, least=0.1), ACCURACY.tick, ACCURACY.title))
    legend = []
    for name, style, title in WATCHED:
        found = [(one.step, figure) for one in points if (figure := getattr(one, name)) is not None]
        plot.intervals(found, style)
        plot.line([(step, figure.value) for step, figure in found], style)
        for step, figure in found:
            plot.dot((step, figure.value), style, f"{title}, {_after(step)}: {ACCURACY.shown(figure)}")
        legend.append((style, title))
    if record.random is not None and record.random.knn is not None:
        level = record.random.knn.value
        plot.line([(0, level), (record.steps, level)], "rest")
        legend.append(("rest", "random weights, nearest neighbours"))
    return {
        "legend": legend,
        "figure": plot.figure(f"Accuracy on held-out rows of {record.task} over the steps"),
        "caption": "Accuracy on held-out rows, which the encoder never sees. Step 0 is the encoder as it "
        "began. Bands are 95 % intervals.",
    }


def plot_loss(record: Pretraining) -> dict[str, Any]:
    """The loss over the steps, and its chance level."""
    losses = [(point.step, point.loss) for point in record.loss]
    values = [loss for _, loss in losses] + ([record.chance] if record.chance else [])
    plot = Plot(_steps(record), around(values, _tick, "loss"))
    plot.line(losses, "s1")
    legend = [("s1", "loss")]
    if record.chance:
        plot.line([(0, record.chance), (record.steps, record.chance)], "base")
        legend.append(("base", f"chance: {significant(record.chance)}"))
    chance = (
        f" An encoder that tells nothing apart has {significant(record.chance)} with {record.batch} rows a "
        "step."
        if record.chance
        else " Its level at chance is not known."
    )
    return {
        "legend": legend,
        "figure": plot.figure(f"Loss over {pluralise(record.steps, 'step')}"),
        "caption": f"Loss of the pre-training.{chance}",
    }


def plot_monitor(record: Pretraining, name: str, title: str, level: float | None = None) -> str:
    """One monitor over the steps, with a level to compare it with; "" where it is not known."""
    found = [(one.step, value) for one in record.points if (value := getattr(one, name)) is not None]
    if not found:
        return ""
    values = [value for _, value in found] + ([] if level is None else [level])
    plot = Plot(_steps(record), around(values, _tick, title), 170)
    if level is not None:
        plot.line([(0, level), (record.steps, level)], "base")
    plot.line(found, "s1")
    for step, value in found:
        plot.dot((step, value), "s1", f"{title}, {_after(step)}: {fixed(value, 3)}")
    return plot.figure(f"{title} over the steps")


def _tick(value: float) -> str:
    return minus(f"{value:.4g}")  # ticks are multiples of 1, 2, 2.5 or 5 times a power of ten


def _after(step: int) -> str:
    return f"after step {step:,}" if step else "before"


def _steps(record: Pretraining) -> Axis:
    axis = linear(0, record.steps, lambda step: f"{step:,.0f}", "step")
    return Axis(0, max(axis.high, record.steps), axis.ticks, "step")


def monitors_of(record: Pretraining) -> list[tuple[str, str, float | None, str]]:
    """Name, title, the level to compare with, and what the figure means, of each monitor."""
    return [
        (
            "effective_rank",
            "effective rank",
            None,
            f"How many directions the features use, of {record.width} (RankMe). Near 1 is a collapse.",
        ),
        (
            "spread",
            "spread",
            record.width**-0.5,
            "Standard deviation of features of unit length. The line is that at random; 0 is a collapse.",
        ),
        (
            "uniformity",
            "uniformity",
            None,
            "0 is a collapse, less is more uniform (Wang and Isola).",
        ),
        (
            "alignment",
            "alignment",
            None,
            "Squared distance of two views of a row: small where the encoder ignores what the views change.",
        ),
    ]
