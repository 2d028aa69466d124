"""The result in plain sentences, each worked out from the numbers."""

from collections.abc import Sequence

from .records import Interval, Tested


def percent(value: float) -> str:
    """A share as whole per cents."""
    return f"{100 * value:.0f} %"


def span(interval: Interval) -> str:
    """The 95 % interval as whole per cents."""
    return f"{100 * interval.low:.0f} to {100 * interval.high:.0f} %"


def brief(text: str, most: int) -> str:
    """The beginning of a text, up to a space, with a sign that there is more.

    >>> brief("a good film", 8), brief("a good film", 80)
    ('a good…', 'a good film')
    """
    if len(text) <= most:
        return text
    return (text[:most].rpartition(" ")[0] or text[: most - 1]) + "\u2026"


def headline(tested: Sequence[Tested], rows: int, task: str) -> str:
    """What the selected model does on the held-out test part, and what transfer brought."""
    accuracy = tested[0].scores.accuracy
    text = (
        f"{percent(accuracy.value)} of {rows} unseen rows of {task} labelled right "
        f"(95 % interval {span(accuracy)})"
    )
    scratch = next((one for one in tested if one.name == "from-scratch"), None)
    if scratch is None or scratch.gain is None:
        return text + "."
    points = 100 * scratch.gain.value
    more = "more" if points >= 0 else "fewer"
    return text + f", {abs(points):.0f} points {more} than training from scratch."


def warnings(tested: Sequence[Tested]) -> list[str]:
    """Where the selected model is not clearly better than what needs no transfer."""
    said = []
    for other in tested[1:]:
        if other.gain is None:
            continue
        between = f"{100 * other.gain.low:+.0f} to {100 * other.gain.high:+.0f} points"
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
