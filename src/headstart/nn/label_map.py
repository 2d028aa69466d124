"""Map the logits of a trained classifier to those of new classes, by a matrix."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from headstart.core import Backbone, BadInput, Classifier, LinearHead, Unknown

from .label_assignment import assigned, predicted_counts


class SourceLogits(nn.Module):
    """The classifier that a backbone was trained with, frozen: features (n, width) -> logits (n, sources)."""

    weight: Tensor  # (sources, width)
    bias: Tensor  # (sources,)

    def __init__(self, classifier: Classifier) -> None:
        """Copy its tensors."""
        super().__init__()
        self.register_buffer("weight", classifier.weight.clone())
        self.register_buffer("bias", classifier.bias.clone())

    def forward(self, z: Tensor) -> Tensor:
        """Logits (n, sources) of features (n, width)."""
        return linear(z, self.weight, self.bias)

    def mapped(self, matrix: Tensor, bias: Tensor | None = None, scale: float = 1.0) -> LinearHead:
        """The head that gives scale * (matrix @ these logits + bias), for a matrix (outputs, sources)."""
        wide = matrix.detach().double()
        weight, offset = wide @ self.weight.double(), wide @ self.bias.double()
        more = 0.0 if bias is None else bias.detach().double()
        return LinearHead.of(weight * scale, (offset + more) * scale)


class LabelMap(nn.Module):
    """A matrix from the logits of source classes to those of new ones.

    Attributes:
        matrix: (outputs, sources).
        counts: (outputs, sources), how often each source class was predicted for each new one, lately.
        rows: that are one epoch, before which predictions are forgotten.
    """

    matrix: Tensor
    counts: Tensor

    def __init__(self, outputs: int, sources: int, rows: int = 1) -> None:
        """Make one of zeros."""
        super().__init__()
        self.rows = rows
        self.register_buffer("matrix", torch.zeros(outputs, sources))
        self.register_buffer("counts", torch.zeros(outputs, sources))

    def forward(self, logits: Tensor) -> Tensor:
        """Logits (n, outputs) for logits (n, sources)."""
        return linear(logits, self.matrix.to(logits))

    @torch.no_grad()
    def follow(self, logits: Tensor, y: Tensor, weights: Tensor | None = None) -> None:
        """Count the predictions for a batch, forget those from before the last `rows`, and assign anew."""
        self.counts *= max(0.0, 1 - len(y) / max(self.rows, 1))
        self.counts += predicted_counts(logits, y, weights, len(self.counts)).to(self.counts)
        self.matrix.copy_(assigned(self.counts))


def classifier_of(backbone: Backbone, method: str) -> Classifier:
    """The classifier that a backbone was trained with.

    Raises:
        BadInput: it is not known.
    """
    if backbone.classifier is None:
        name = getattr(backbone, "name", type(backbone).__name__)
        raise BadInput(
            f"{method} maps the classes that a backbone was trained to tell apart, and no trained classifier "
            f"of {name} is known. Take a pretrained one by name, such as 'efficientnet_lite0', or one of "
            "your own, hs.models.classifier(module, classes=...), or another method, such as ridge-probe."
        )
    return backbone.classifier


def named_assignment(given: str, classes: Sequence[str], sources: Sequence[str]) -> Tensor:
    """The matrix (outputs, sources) of a mapping as a text, whose rows add up to 1.

    Args:
        given: "cat=tabby|Persian cat;dog=beagle", all new classes, each with one or more source classes. Of a
            source class called "tench, Tinca tinca" either name will do.
        classes: names of the new classes.
        sources: names of the source classes.

    Raises:
        Unknown: there is no class of a name.
        BadInput: the text has another form, or does not name all new classes.
    """
    places, known = _places(sources), {name: number for number, name in enumerate(classes)}
    matrix = torch.zeros(len(classes), len(sources))
    for new, names in _pairs(given):
        if new not in known:
            raise Unknown("new class", new, known)
        for name in names:
            if name not in places:
                raise Unknown("source class", name, places)
            matrix[known[new], places[name]] = 1
    if missing := [name for name, row in zip(classes, matrix, strict=True) if not row.any()]:
        raise BadInput(f"given is {given!r}, which says no source class for {', '.join(missing[:5])}.")
    return matrix / matrix.sum(1, keepdim=True)


def _pairs(given: str) -> Iterator[tuple[str, list[str]]]:
    for pair in given.split(";"):
        new, equals, names = pair.partition("=")
        found = [name.strip() for name in names.split("|") if name.strip()]
        if not new.strip() or not equals or not found:
            raise BadInput(f"given is {given!r}; it must be as 'cat=tabby|Persian cat;dog=beagle'.")
        yield new.strip(), found


def _places(sources: Sequence[str]) -> dict[str, int]:
    """Numbers of source classes by their names, and by the parts between commas that only one has."""
    parts = [(part.strip(), number) for number, name in enumerate(sources) for part in name.split(",")]
    names = [part for part, _ in parts]
    single = {part: number for part, number in parts if names.count(part) == 1}
    return single | {name: number for number, name in enumerate(sources)}
