"""What happened when a model was fitted, and how it is told: as a text, in a notebook, on a model's card."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from math import isfinite

from headstart.core import LabelKind
from headstart.records.record import Record

FIRST = (
    "This is the first model of a run that was not finished, the best of the probes so far. The same again, "
    "resumed, goes on and replaces it by the selected one."
)
SHOWN = 12  # names that are listed
WIDTH, HEIGHT = 360, 90  # of the curve, in pixels
OUTPUTS = {"classes": "class", "tags": "tag", "numbers": "number"}


@dataclass(frozen=True)
class Training(Record):
    """What happened when a model was fitted.

    Attributes:
        method: with its settings, such as "lp-ft:probe=20".
        title: the same in words.
        rows: that it learned from.
        curve: the loss of each step; [] where nothing descended, as of a solved head.
        notes: what was chosen or left out, and what to beware of, as sentences.
        seconds: that it took; None if it was not measured.
        unfinished: whether it is the first model of a run of `adapt` that was not finished.
    """

    method: str
    title: str
    rows: int
    curve: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float | None = None
    unfinished: bool = False


def facts(training: Training | None) -> Iterator[str]:
    """How a model was fitted, as sentences without the notes."""
    if training is None:
        yield "Nothing is known of its training."
        return
    took = "" if training.seconds is None else f" in {training.seconds:.3g} s"
    yield f"{training.title}, fitted on {_count(training.rows, 'row')}{took}."
    if training.curve:
        first, last = training.curve[0], training.curve[-1]
        yield f"Loss {first:.3g} at first and {last:.3g} after {_count(len(training.curve), 'step')}."
    if training.unfinished:
        yield FIRST


def about_model(
    training: Training | None, title: str, kind: LabelKind, names: Sequence[str], samples: str, backbone: str
) -> str:
    """A model in a few lines: what it predicts, how it was fitted, notes.

    Args:
        training: of the model.
        title: of what is told, such as "Predictor".
        kind: of the labels.
        names: of the classes, tags or numbers.
        samples: what it takes, such as "pictures".
        backbone: its name.
    """
    notes = () if training is None else training.notes
    lines = [
        f"{title} of {outputs(kind, names)} from {samples}, on the backbone {backbone}",
        *facts(training),
    ]
    return "\n".join([*lines, *(f"Note: {note}" for note in notes)])


def about_model_html(
    training: Training | None, title: str, kind: LabelKind, names: Sequence[str], samples: str, backbone: str
) -> str:
    """The same as HTML, with a figure of the losses; every name and note is escaped."""
    notes = () if training is None else training.notes
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return (
        f"<div><p><strong>{escape(title)}</strong> of {escape(outputs(kind, names))} from {escape(samples)}, "
        f"on the backbone {escape(backbone)}</p><p>{' '.join(map(escape, facts(training)))}</p>"
        f"{_figure(() if training is None else training.curve)}"
        f"{f'<p>Notes</p><ul>{items}</ul>' if items else ''}</div>"
    )


def outputs(kind: LabelKind, names: Sequence[str]) -> str:
    """What is predicted, such as "2 classes (cat, dog)"."""
    word = OUTPUTS[kind]
    things = word if len(names) == 1 else f"{word}es" if kind == "classes" else f"{word}s"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{len(names)} {things} ({', '.join(names[:SHOWN])}{more})"


def card(training: Training | None, kind: LabelKind, names: Sequence[str]) -> str:
    """`README.md` of a saved model in Markdown, without front matter."""
    notes = () if training is None else training.notes
    lines = [
        "# A model of headstart",
        f"It predicts {outputs(kind, names)}.",
        " ".join(facts(training)),
        *(f"- {note}" for note in notes),
        '```python\nimport headstart as hs\n\nmodel = hs.open("this folder")\n```',
        "How good it is was not measured: `headstart evaluate FOLDER DATA` does so on labelled data.",
    ]
    return "\n\n".join(lines) + "\n"


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _figure(curve: Sequence[float]) -> str:
    """The losses as an SVG line from the first to the last step; "" of fewer than two."""
    values = [value for value in curve if isfinite(value)]
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    across, up = WIDTH / (len(values) - 1), HEIGHT / ((high - low) or 1.0)
    points = " ".join(f"{i * across:.1f},{(high - value) * up:.1f}" for i, value in enumerate(values))
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" viewBox="-2 -2 {WIDTH + 4} {HEIGHT + 4}" role="img">'
        f"<title>Loss of {len(values)} steps, from {values[0]:.3g} to {values[-1]:.3g}</title>"
        f'<polyline fill="none" stroke="currentColor" stroke-width="1.5" points="{points}"/></svg>'
    )
