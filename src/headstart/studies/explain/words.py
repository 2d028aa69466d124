"""Contributions in words: with their sign, the strongest first."""

from collections.abc import Sequence

from headstart.records.explanation import Contribution, Explanation, HeatMap
from headstart.report.text import MINUS, minus, quoted, shorten_middle, significant

MEANS = {  # what a contribution is, by attribution and whether it is of words
    "occlusion": "A place contributes what the {value} {lose} if the picture's mean colour covers it.",
    "integrated-gradients": "Contributions are integrated gradients from the picture's mean colour to the "
    "picture; they add up to the {value} less that of the mean colour.",
    "leave-one-out": "{Part} contributes what the {value} {lose} {without}. Contributions do not add up.",
    "shapley": "Contributions are Shapley values by sampling; they add up from {base} to the {value}.",
}
PARTS = {"texts": "words", "tables": "columns", "numbers": "columns"}  # by kind of data
LOG_ODDS = "Log-odds are log(p / (1 \u2212 p)) of the probability p: +0.693 doubles p / (1 \u2212 p)."
SHOWN = 8  # words, columns or places in the terminal
LONGEST = 40  # letters of a name


def signed(value: float, label_kind: str) -> str:
    """A contribution with its sign, unless it rounds to 0."""
    size = _size(value, label_kind)
    return f"{MINUS if value < 0 else '+'}{size}" if size.strip("0.") else size


def _size(value: float, label_kind: str) -> str:
    """Log-odds have three decimals, numbers three digits."""
    return significant(abs(value)) if label_kind == "numbers" else f"{abs(value):.3f}"


def value_in_words(value: float, label_kind: str) -> str:
    """Log-odds and probabilities with three decimals, a number with four digits."""
    return minus(significant(value, 4) if label_kind == "numbers" else f"{value:.3f}")


def with_error(part: Contribution, label_kind: str) -> str:
    """A contribution, with its standard error if it has one."""
    text = signed(part.contribution, label_kind)
    return text if part.error is None else f"{text} \u00b1 {_size(part.error, label_kind)}"


def answer_in_words(each: Explanation, label_kind: str) -> str:
    """What is predicted, and the value that is explained."""
    value = value_in_words(explained_value(each), label_kind)
    if label_kind == "numbers":
        return f"{each.predicted}. Explained: {each.output} = {value}."
    of = "" if each.output == each.predicted else f" of {quoted(each.output)}"
    return f"{each.predicted}, probability{of} {value}."


def together(kind: str, consequence: str) -> str:
    """A sentence on parts that go together, if those of a kind of data have names; else ""."""
    parts = PARTS.get(kind)
    return f" Where {parts} go together, {consequence}." if parts else ""


def explained_value(each: Explanation) -> float:
    """The probability of a class or a tag, or a number."""
    return each.value if each.probability is None else each.probability


def unit_of(each: Explanation, label_kind: str) -> str:
    """What contributions are measured in; runs of older versions have those to a probability."""
    return {"numbers": "number"}.get(label_kind, "probability" if each.probability is None else "log-odds")


def strongest(each: Explanation, label_kind: str) -> list[tuple[str, str, str]]:
    """What counts most in an item: its name, its value, what it contributes."""
    if each.map is not None:
        return [(place, "", signed(value, label_kind)) for value, place in strongest_places(each.map)]
    return [
        (
            shorten_middle(part.name, LONGEST),
            shorten_middle(part.value, LONGEST),
            with_error(part, label_kind),
        )
        for part in each.strongest(SHOWN)
    ]


def strongest_places(places: HeatMap) -> list[tuple[float, str]]:
    """The places that speak most for the class, none of which overlaps a stronger one, in words."""
    cells = [
        (value, top, left)
        for top, row in zip(places.tops, places.contributions, strict=True)
        for left, value in zip(places.lefts, row, strict=True)
        if value > 0
    ]
    (height, width), found = places.size, list[tuple[float, int, int]]()
    for value, top, left in sorted(cells, key=lambda cell: -cell[0]):
        if all(abs(top - y) >= height or abs(left - x) >= width for _, y, x in found):
            found.append((value, top, left))
    return [
        (value, f"{left} to {left + width} across, {top} to {top + height} down")
        for value, top, left in found[: SHOWN // 2]
    ]


def meaning(explanations: Sequence[Explanation], kind: str, label_kind: str) -> str:
    """What a contribution is."""
    if not explanations:
        return ""
    each, words = explanations[0], kind == "texts"
    value = unit_of(each, label_kind)
    odds = value == "log-odds"
    base = "that of an empty text" if words else "the mean over training rows"
    without = "without it" if words else "on average when it is replaced by that of a training row"
    part = "A word" if words else "The value of a column"
    lose = "lose" if odds else "loses"
    said = MEANS[each.attribution].format(value=value, lose=lose, base=base, without=without, Part=part)
    return f"{said} {LOG_ODDS}" if odds else said
