"""Guides against each control: the gains with their intervals, and the accuracy of every draw."""

from collections.abc import Iterator
from typing import Any

from headstart.report.axis import Axis
from headstart.report.figures import Dot, Plot, dots
from headstart.report.metric import Metric, get_metric, tone
from headstart.studies.scouts import GUIDED, PLAIN, Scouting

STYLES = {GUIDED: "s1", PLAIN: "s2"}


def controls(record: Scouting) -> Iterator[dict[str, Any]]:
    """A section with a row for each other way of training; none without a target, or of one draw."""
    rivals = [(arm, arm.behind) for arm in record.arms if arm.behind is not None]
    if not rivals:
        return
    metric = get_metric("accuracy")
    rows = [Dot(arm.title, gain, metric.change(gain.value), tone(gain)) for arm, gain in rivals]
    low, high = min(0.0, *(gain.low for _, gain in rivals)), max(0.0, *(gain.high for _, gain in rivals))
    words = ", ".join(f"over {arm.title} {metric.gained(gain)}" for arm, gain in rivals)
    figure = dots(rows, metric.change_axis(low, high, "points"), f"Gain of guides: {words}", zero=0.0)
    panels = [
        {
            "title": "Gain of guides over each",
            "figure": figure,
            "caption": "Points of accuracy in pairs of the same draw, with 95 % intervals over draws.",
        },
        {
            "title": "Accuracy of each draw",
            "figure": _draws(record, metric),
            "caption": "Blue: guides; orange: no guides; grey: the other ways.",
        },
    ]
    yield {
        "id": "controls",
        "heading": "Guides against each control",
        "say": [],
        "panels": panels,
        "headings": ["guides against", "points gained", "95 % interval"],
        "rows": [
            [arm.title, metric.change(gain.value), metric.gained(gain).interval] for arm, gain in rivals
        ],
    }


def _draws(record: Scouting, metric: Metric) -> str:
    scores = [score for arm in record.arms for score in arm.scores]
    many = len(record.arms[0].scores)
    ticks = tuple((float(number), f"{number}") for number in range(1, many + 1, 1 + many // 11))
    plot = Plot(Axis(0.5, many + 0.5, ticks, "draw"), metric.axis(scores, metric.title))
    for arm in sorted(record.arms, key=lambda arm: arm.name in STYLES):
        for number, score in enumerate(arm.scores, 1):
            hover = f"{arm.title}, draw {number}: {metric.value(score)}"
            plot.dot((number, score), STYLES.get(arm.name, "rest"), hover)
    return plot.figure(f"Accuracy of {many} draws in {len(record.arms)} ways")
