"""The result in plain sentences, each worked out from the numbers."""

from collections.abc import Callable, Sequence

from headstart.report.metric import Metric, get_metric
from headstart.report.text import significant
from headstart.studies.adapt import Tested


def brief(text: str, most: int) -> str:
    """The beginning of a text, up to a space, with a sign that there is more.

    >>> brief("a good film", 8), brief("a good film", 80)
    ('a good…', 'a good film')
    """
    if len(text) <= most:
        return text
    return (text[:most].rpartition(" ")[0] or text[: most - 1]) + "\u2026"


def headline(tested: Sequence[Tested], rows: int, task: str, outputs: int) -> str:
    """What the selected model does on the held-out test part, and what transfer brought.

    Args:
        tested: the selected model first.
        rows: of the test part.
        task: name of the data.
        outputs: how many classes, tags or columns of numbers there are.
    """
    scores = tested[0].scores
    metric, figure = get_metric(scores.main).plain(), scores.main_figure
    text = _OPENINGS[scores.main](metric, tested, f"{rows} unseen rows of {task}", outputs)
    text += f" (95 % interval {metric.span(figure)})"
    scratch = next((one for one in tested if one.name == "from-scratch"), None)
    if scratch is None or scratch.gain is None:
        return text + "."
    gain = scratch.gain.value
    if metric.change(gain) == metric.change(0.0):
        return text + ", as much as training from scratch."
    less = "fewer" if metric.is_share else "less"
    more = "more" if gain >= 0 else less
    return text + f", {metric.size(abs(gain))} {more} than training from scratch."


def _right(metric: Metric, tested: Sequence[Tested], rows: str, outputs: int) -> str:
    return f"{metric.value(tested[0].scores.main_figure.value)} of {rows} labelled right"


def _ranked(metric: Metric, tested: Sequence[Tested], rows: str, outputs: int) -> str:
    of = "a tag" if outputs == 1 else f"{outputs} tags"
    figure = metric.value(tested[0].scores.main_figure.value)
    return f"{metric.title.capitalize()} of {figure} for {of} on {rows}"


def _off(metric: Metric, tested: Sequence[Tested], rows: str, outputs: int) -> str:
    """The typical error in the target's units, which several columns have none of in common."""
    scores = tested[0].scores
    explained = f"{metric.title} is {metric.value(scores.main_figure.value)}"
    if outputs > 1:
        return f"{explained} on average of {outputs} numbers on {rows}"
    mean = next((one for one in tested if one.name == "mean"), None)
    told = f"Off by {significant(scores['mae'].value)} on average on {rows}"
    than = f"; always telling the mean is off by {significant(mean.scores['mae'].value)}" if mean else ""
    return f"{told}{than}. {explained}"


_OPENINGS: dict[str, Callable[[Metric, Sequence[Tested], str, int], str]] = {
    "accuracy": _right,
    "average_precision": _ranked,
    "r2": _off,
}


def warnings(tested: Sequence[Tested]) -> list[str]:
    """Where the selected model is not clearly better than what needs no transfer."""
    said = []
    metric = get_metric(tested[0].scores.main).plain()
    for other in tested[1:]:
        if other.gain is None:
            continue
        low, high = metric.change(other.gain.low), metric.change(other.gain.high)
        between = f"{low} to {high} {metric.change_unit}"
        if other.gain.high < 0:
            said.append(
                f"Transfer hurts here: {other.title.lower()} is better on the held-out test part "
                f"(difference {between}). Use it instead, or another backbone."
            )
        elif other.gain.low <= 0:
            said.append(
                f"No clear gain over {other.title.lower()}: the difference is {between}, "
                f"so it may be chance. More labels would tell."
            )
    return said
