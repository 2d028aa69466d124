"""What the page of a curve says of the labels that pre-training saves."""

from typing import Any

from headstart.report.text import pluralise
from headstart.studies.curve import CurveStart, Saving, SizeCurve

READING = (
    "With how many labels{of} {first} are as good as a pre-training with fewer, read off the line through "
    "the means of {first}, over the logarithm of the labels. In brackets the same for the ends of the 95 % "
    "interval of the gain; how far that line itself may be off is not in it."
)
ONCE = (
    "Each pre-training was carried out once with every seed, and no test row is in it. {}. Where a backbone "
    "has learned nothing, each seed begins with other random weights."
)


def describe_savings(record: SizeCurve, of: str) -> list[str]:
    """A sentence a pre-training and method, at the middle one of the sizes, whatever it brings there."""
    titles = {(p.start, p.method): p.title for p in record.points}
    sizes = record.labels_per_class
    middle = sizes[(len(sizes) - 1) // 2] if sizes else 0
    found = [each for each in record.savings if each.labels_per_class == middle]
    return [_sentence(each, titles[each.start, each.method], record, of) for each in found]


def _sentence(saving: Saving, title: str, record: SizeCurve, of: str) -> str:
    first = record.starts[0].title.lower()
    labels = f"{pluralise(saving.labels_per_class, 'label')}{of}"
    if not saving.clear:
        return f"{title} saves no label that is sure with {labels}: its gain over {first} may be 0 or less."
    return f"{title} with {labels} is as good as {first} with {counted(saving, record)}."


def counted(saving: Saving, record: SizeCurve) -> str:
    """The labels that the first start needs, with the interval: "38 (21 to more than 50)"."""
    most = max(p.labels_per_class for p in record.points if p.start == record.starts[0].label)
    if saving.equals is None and saving.low is None:
        return f"more than {most:,}"
    between = " to ".join(_number(end, most) for end in (saving.low, saving.high))
    return f"{_number(saving.equals, most)} ({between})"


def _number(labels: float | None, most: int) -> str:
    return f"more than {most:,}" if labels is None else f"{labels:.0f}" if labels >= 10 else f"{labels:.2g}"


def saved_table(record: SizeCurve, of: str) -> list[dict[str, Any]]:
    """The section with the savings at every size; none without pre-training."""
    if not record.savings:
        return []
    first = record.starts[0].title.lower()
    titles = {(p.start, p.method): p.title for p in record.points}
    sizes = sorted({each.labels_per_class for each in record.savings})
    cells = {(titles[each.start, each.method], each.labels_per_class): each for each in record.savings}
    rows = [
        (title, *(_cell(cells.get((title, size)), record) for size in sizes))
        for title in dict.fromkeys(name for name, _ in cells)
    ]
    return [
        {
            "id": "savings",
            "heading": "Labels saved",
            "say": [READING.format(of=of, first=first)],
            "headings": ["pre-training and method", *(pluralise(size, "label") for size in sizes)],
            "rows": rows,
        }
    ]


def _cell(saving: Saving | None, record: SizeCurve) -> str:
    if saving is None:
        return ""
    return counted(saving, record) if saving.clear else "no saving that is sure"


def explain_starts(record: SizeCurve) -> list[str]:
    """What was learned before, and on which rows."""
    learned = [each for each in record.starts if each.rows]
    if not learned:
        return []
    said = "; ".join(f"{each.title}: {_rows(each, record)}" for each in learned)
    return [ONCE.format(said)]


def _rows(start: CurveStart, record: SizeCurve) -> str:
    own = f"all {start.rows:,} rows to learn from, without their labels"
    return own if not start.label.endswith(" upstream") else f"{start.rows:,} rows of {start.data}"
