"""The head of a trained model, handed on to labels some of which it knows by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from headstart.core import BadInput, Classifier, Head, LabelKind, LinearHead, Model
from headstart.face import spell
from headstart.nn.heads import AdjustedHead

DEVIATION = 0.01  # of what is added to a new output's weights, so that no two are alike
SHOWN = 8  # classes that a note names
HeadChoice = str | Mapping[str, str]  # "keep", "new", or old names and new ones


@dataclass(frozen=True)
class TrainedHead:
    """A head, and the names of its outputs."""

    head: Head
    classes: tuple[str, ...]
    label_kind: LabelKind
    handed_on: bool = False  # whether it is for the labels that are learned now

    @classmethod
    def of(cls, model: Model) -> "TrainedHead | None":
        """The head of a model; None where the names of its outputs are not known."""
        return cls(model.head, tuple(model.classes), model.label_kind) if model.classes else None

    @property
    def classifier(self) -> Classifier | None:
        """The same as a layer that nobody changes; None where it is not linear or has no classes."""
        linear = as_linear(self.head) if self.label_kind == "classes" else None
        return None if linear is None else Classifier.of(linear, self.classes)


def names_of(choice: HeadChoice, trained: TrainedHead) -> tuple[str, ...]:
    """The names of a head's outputs after those that were asked for were renamed.

    Args:
        choice: "keep" renames none; else the old and the new name, as a mapping or as "maize=corn,oat=oats".
        trained: the head.

    Raises:
        BadInput: the text has another form, the head has no output of a name, or two get the same.
    """
    pairs = {} if choice == "keep" else _pairs(choice) if isinstance(choice, str) else dict(choice)
    if missing := [old for old in pairs if old not in trained.classes]:
        raise BadInput(
            f"head renames {missing[0]!r}, but the trained head has no such class. It has: "
            f"{_shown(trained.classes)}."
        )
    names = tuple(pairs.get(name, name) for name in trained.classes)
    if twice := [name for name in names if names.count(name) > 1]:
        raise BadInput(f"head gives two classes of the trained head the name {twice[0]!r}. Rename one.")
    return names


def _pairs(text: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(",")]
    if not all(old and equals and new for old, equals, new in pairs):
        raise BadInput(f"head is {text!r}; it must be 'keep', 'new', or names as in 'maize=corn,oat=oats'.")
    return {old.strip(): new.strip() for old, _, new in pairs}


def handed_on(
    trained: TrainedHead, names: Sequence[str], classes: Sequence[str], kind: LabelKind
) -> tuple[TrainedHead | None, str]:
    """A head for other labels that predicts what the trained one does for those that it knows by name.

    Outputs of labels that it does not know begin at the mean of its outputs (of tags and numbers at 0) and a
    little noise, outputs that are no label any more are left out.

    Args:
        trained: the head, which is not changed.
        names: of its outputs.
        classes: names of the labels.
        kind: of the labels.

    Returns:
        The head, None where nothing of the trained one can be kept, and a sentence on it.
    """
    kept = [name for name in classes if name in names]
    if kind != trained.label_kind or not kept:
        return None, (
            f"The trained head predicts {_shown(names)}, which are no {kind} of these data, so a new head is "
            f"learned. If they have other names here, say which: {spell('head', 'OLD=NEW')}."
        )
    linear = as_linear(trained.head)
    if linear is None:
        head = type(trained.head).__name__
        return None, f"The trained head is no linear layer but a {head}, so a new head is learned."
    weight, bias = _rows(linear, list(names), list(classes), kind)
    new = [name for name in classes if name not in names]
    gone = [name for name in names if name not in classes]
    changes = [f"; new: {_shown(new)}"] * bool(new) + [f"; left out: {_shown(gone)}"] * bool(gone)
    note = (
        f"Methods that tune a head begin with the trained one. Kept: {_shown(kept)}{''.join(changes)}. "
        "Scores on rows that it learned from before are too good."
    )
    return TrainedHead(LinearHead.of(weight, bias), tuple(classes), kind, handed_on=True), note


def as_linear(head: Head) -> LinearHead | None:
    """The head as a linear layer with the same outputs; None if it is none."""
    if isinstance(head, LinearHead):
        return head
    inner = as_linear(head.inner) if isinstance(head, AdjustedHead) else None
    if inner is None:
        return None
    assert isinstance(head, AdjustedHead)
    return LinearHead.of(inner.weight.detach(), inner.bias.detach() - head.offset)


def _rows(head: LinearHead, names: list[str], classes: list[str], kind: LabelKind) -> tuple[Tensor, Tensor]:
    """Weight (classes, width) and bias (classes,): known rows as they are, new ones from the mean."""
    weight, bias = head.weight.detach(), head.bias.detach()
    share = float(kind == "classes")  # softmax sees no difference if all rows are shifted by the same
    noise = torch.Generator().manual_seed(0)
    rows, offsets = [], []
    for name in classes:
        if name in names:
            rows.append(weight[names.index(name)])
            offsets.append(bias[names.index(name)])
            continue
        more = torch.randn(weight.shape[1], generator=noise).to(weight) * DEVIATION
        rows.append(weight.mean(0) * share + more)
        offsets.append(bias.mean() * share)
    return torch.stack(rows), torch.stack(offsets)


def _shown(names: Sequence[str]) -> str:
    more = [f"{len(names) - SHOWN} more"] if len(names) > SHOWN else []
    return ", ".join([*names[:SHOWN], *more])
