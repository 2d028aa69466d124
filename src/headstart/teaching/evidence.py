"""How good the answers are, by leaving examples out; computed anew after each change."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.data.modality import modalities
from headstart.data.near_duplicates import Pair, groups_of_pairs, pairs_of_equals
from headstart.data.train_test_split import Rows
from headstart.metrics.classification import confusion
from headstart.metrics.intervals import share
from headstart.records.record import Interval
from headstart.report.text import join_words, pluralise, quoted
from headstart.session.scoring import UNBALANCED
from headstart.solvers.nested_leave_one_out import nested_leave_one_out
from headstart.solvers.threads import threads_for
from headstart.studies.evaluate import ClassFigures
from headstart.teaching.reader import Seen
from headstart.teaching.state import State

FEW = 10  # examples of a class below which they are called few
SHOWN = 3  # names in a caution
MORE = {
    "pictures": "Add some that differ in place, light and viewpoint.",
    "texts": "Add some that differ in length and wording.",
}


@dataclass(frozen=True)
class Answer:
    """What the model says of an example when it has not seen it.

    Attributes:
        label: the class.
        probability: of that class, in [0, 1].
    """

    label: str
    probability: float


@dataclass(frozen=True)
class Evidence:
    """Leave-one-out figures of a session's examples.

    Attributes:
        accuracy: share of the examples that are answered right by the model without them and their near
            duplicates, with its 95 % interval; None where it can't be measured yet.
        missing: why there is no accuracy, as a sentence; "" where there is one.
        answers: one an example; () without an accuracy.
        per_class: recall and precision of each class.
        confusion: counts, truth x answer.
        constant: the share of the largest class.
        copies: groups (n,) of near duplicates: equal numbers.
        cautions: what to beware of, as sentences.
    """

    accuracy: Interval | None = None
    missing: str = ""
    answers: tuple[Answer, ...] = ()
    per_class: tuple[ClassFigures, ...] = ()
    confusion: list[list[int]] = field(default_factory=list)
    constant: float = 0.0
    copies: Rows = field(default_factory=lambda: np.zeros(0, np.int64))
    cautions: tuple[str, ...] = ()

    @property
    def copied(self) -> int:
        """How many examples are near duplicates of another one."""
        counts = Counter(self.copies.tolist())
        return sum(count for count in counts.values() if count > 1)


@dataclass(frozen=True)
class Examples:
    """What evidence is computed of.

    Attributes:
        features: (n, width), float32.
        labels: a class each (n,).
        glances: what near duplicates are found by (n,).
        digests: of their contents (n,).
        classes: with an example, in the order of the model's outputs.
        kind: "pictures" or "texts".
    """

    features: Tensor
    labels: Sequence[str]
    glances: Sequence[Any]
    digests: Sequence[str]
    classes: tuple[str, ...]
    kind: str

    @classmethod
    def of(cls, state: State, seen: Mapping[int, Seen], features: Tensor, kind: str) -> "Examples":
        """The examples of a session, of which `seen` tells by number."""
        found = [seen[each.number] for each in state.examples]
        labels, digests = [each.label for each in state.examples], [each.digest for each in found]
        return cls(features, labels, [each.glance for each in found], digests, state.labels, kind)

    @property
    def numbers(self) -> Rows:
        """The classes' places (n,)."""
        place = {name: number for number, name in enumerate(self.classes)}
        return np.array([place[label] for label in self.labels], dtype=np.int64)


def evidence(examples: Examples) -> Evidence:
    """Leave every example out, together with its near duplicates, and see what the others say of it.

    The head is that of `RidgeProbe`, and neither the fit nor its penalty has seen the example; see
    `nested_leave_one_out`.
    """
    if not len(examples.labels):
        return Evidence(missing=_missing(examples, np.zeros(0, np.int64)))
    copies = groups_of_pairs(len(examples.labels), _pairs(examples))
    cautions = tuple(_cautions(examples, copies))
    if missing := _missing(examples, copies):
        return Evidence(missing=missing, copies=copies, cautions=cautions)
    truth, classes = examples.numbers, len(examples.classes)
    with threads_for(examples.features.numel()):
        logits = nested_leave_one_out(
            examples.features, torch.from_numpy(truth), classes, torch.from_numpy(copies)
        )
    probabilities = logits.softmax(1).numpy()
    said = probabilities.argmax(1)
    right = said == truth
    return Evidence(
        accuracy=Interval(*share(right, copies)),
        answers=tuple(
            Answer(examples.classes[answer], float(row[answer]))
            for answer, row in zip(said, probabilities, strict=True)
        ),
        per_class=tuple(_by_class(examples.classes, truth, said, copies)),
        confusion=confusion(said, truth, classes).tolist(),
        constant=float(np.bincount(truth).max() / len(truth)),
        copies=copies,
        cautions=cautions,
    )


def _pairs(examples: Examples) -> list[Pair]:
    """Near duplicates; of pictures equal files too, which may be blank."""
    near = modalities()[examples.kind].near_duplicates(examples.glances)
    return [*near, *pairs_of_equals(examples.digests)]


def _missing(examples: Examples, copies: Rows) -> str:
    if len(examples.classes) < 2:
        return "Accuracy needs two classes with two examples each."
    for name in examples.classes:
        rows = [row for row, label in enumerate(examples.labels) if label == name]
        if len(rows) < 2:
            return f"Accuracy needs two examples of each class: add one to {quoted(name)}."
        if len(set(copies[rows].tolist())) < 2:
            return f"All examples of {quoted(name)} are copies of each other: add another one."
    return ""


def _by_class(classes: Sequence[str], truth: Rows, said: Rows, copies: Rows) -> Iterator[ClassFigures]:
    right = said == truth

    def part(rows: Any) -> Interval | None:
        return Interval(*share(right[rows], copies[rows])) if rows.any() else None

    for number, name in enumerate(classes):
        of, as_ = truth == number, said == number
        yield ClassFigures(name, int(of.sum()), int(as_.sum()), part(of), part(as_))


def _cautions(examples: Examples, copies: Rows) -> Iterator[str]:
    counts = Counter(examples.labels)
    yield from _about_conflicts(examples, copies)
    if few := [name for name in examples.classes if counts[name] < FEW]:
        have = "has" if len(few) == 1 else "have"
        yield f"{_names(few)} {have} fewer than {FEW} examples. {MORE[examples.kind]}"
    if counts and max(counts.values()) > UNBALANCED * min(counts.values()):
        (large, most), *_, (small, least) = counts.most_common()
        yield (
            f"{quoted(large)} has {most} examples and {quoted(small)} has {least}: the larger class is "
            "answered more often than it should be. Add some to the smaller one."
        )
    if copied := len(copies) - len(set(copies.tolist())):
        are, them = ("is a near duplicate", "it is") if copied == 1 else ("are near duplicates", "they are")
        yield (
            f"{copied} of {pluralise(len(copies), 'example')} {are} of another one; {them} left out together "
            "with it."
        )


def _about_conflicts(examples: Examples, copies: Rows) -> Iterator[str]:
    """The same example in two classes."""
    labels: dict[int, set[str]] = {}
    for group, label in zip(copies.tolist(), examples.labels, strict=True):
        labels.setdefault(group, set()).add(label)
    thing = examples.kind.removesuffix("s")
    for names in sorted({tuple(sorted(found)) for found in labels.values() if len(found) > 1})[:SHOWN]:
        yield f"The same {thing} is in {_names(names)}: move or delete one of them."


def _names(names: Sequence[str]) -> str:
    more = [f"{len(names) - SHOWN} more"] if len(names) > SHOWN else []
    return join_words([*map(quoted, names[:SHOWN]), *more])
