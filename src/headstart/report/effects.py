"""The effects that a claim rests on: seeds, the mean with its interval, and the margin it has to pass."""

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

from headstart.records.claims import MeasuredEffect, Verdict
from headstart.report.axis import Axis, linear
from headstart.report.figures import share, tag, written
from headstart.report.metric import Metric
from headstart.report.text import Shown, amount, minus, significant

POINTS = Metric("share", "share", "share")
TONES: Mapping[Verdict, str] = {"holds": "good", "fails": "bad", "open": "even"}


def effect_size(effect: MeasuredEffect) -> Shown:
    """An effect and the ends of its interval, in words.

    Such as "+12.3 points" and "+4.5 to +18.2".
    """
    mean = effect.mean
    if effect.unit == "points":
        return POINTS.gained(mean)
    value, low, high = (minus(significant(each)) for each in (mean.value, mean.low, mean.high))
    return Shown(f"{value} {effect.unit}".strip(), f"{low} to {high}")


def effect_margin(effect: MeasuredEffect) -> str:
    """The margin of an effect in words, in its unit: "2" of points."""
    return minus(f"{100 * effect.above if effect.unit == 'points' else effect.above:g}")


def draw_effects(effects: Sequence[MeasuredEffect], verdicts: Mapping[Verdict, str]) -> str:
    """Rows of effects as HTML; those of one unit have one axis.

    Args:
        effects: 1 or more.
        verdicts: what verdicts are called.
    """
    groups: dict[str, list[MeasuredEffect]] = {}
    for effect in effects:
        groups.setdefault(effect.unit, []).append(effect)
    drawn: list[Element] = []
    for group in groups.values():
        axis = _axis(group)
        drawn += [_row(effect, axis, verdicts[effect.verdict]) for effect in group]
        drawn.append(_ticks(axis))
    said = [f"{each.title}: {effect_size(each)}, margin {effect_margin(each)}" for each in effects]
    return written(tag("div", *drawn, class_="effects dots", role="img", aria_label="; ".join(said)))


def _axis(group: Sequence[MeasuredEffect]) -> Axis:
    """Holds every seed, every interval, every margin and 0."""
    values = [0.0, *(value for each in group for value in each.values)]
    values += [value for each in group for value in (each.above, each.mean.low, each.mean.high)]
    if group[0].unit == "points":
        return POINTS.change_axis(min(values), max(values), "points")
    return linear(min(values), max(values), amount, group[0].unit, 5)


def _row(effect: MeasuredEffect, axis: Axis, verdict: str) -> Element:
    low, spot, high, margin = map(
        share, map(axis.at, (effect.mean.low, effect.mean.value, effect.mean.high, effect.above))
    )
    shapes = [_upright("grid", share(axis.at(value))) for value, _ in axis.ticks]
    shapes.append(_upright("zero", margin))
    shapes.append(tag("line", class_="span", x1=low, x2=high, y1="42%", y2="42%"))
    shapes += [tag("circle", class_="one", cx=share(axis.at(each)), cy="74%", r=3) for each in effect.values]
    shapes.append(tag("circle", class_="dot", cx=spot, cy="42%", r=5.5))
    size = effect_size(effect)
    tone = TONES[effect.verdict]
    return tag(
        "div",
        tag("span", f"{effect.title} ", tag("span", verdict, class_=f"verdict {tone}"), class_="dots-name"),
        tag("span", tag("svg", *shapes), class_="strip"),
        tag(
            "span",
            tag("span", size.value, class_="value"),
            tag("span", f"{size.interval}; margin {effect_margin(effect)}", class_="interval"),
            class_="dots-value",
        ),
        class_=f"dots-row {tone}",
    )


def _upright(kind: str, x: str) -> Element:
    return tag("line", class_=kind, x1=x, x2=x, y1="0", y2="100%")


def _ticks(axis: Axis) -> Element:
    texts = [tag("text", text, class_="tick", x=share(axis.at(value)), y=14) for value, text in axis.ticks]
    return tag(
        "div",
        tag("span", axis.title, class_="dots-name axis"),
        tag("span", tag("svg", *texts, height=18), class_="scale"),
        tag("span", class_="dots-value"),
        class_="dots-row dots-axis",
    )
