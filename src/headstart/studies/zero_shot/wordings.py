"""What every template by itself, and all together, say of the same rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from headstart.core import BadInput
from headstart.models.pairs import Pair
from headstart.nn.zero_shot import balancing_bias, class_embeddings, content_free_bias, most_alike
from headstart.solvers.temperature import best_scale
from headstart.studies.zero_shot import Alike
from headstart.studies.zero_shot.inputs import Words

CONTENT_FREE = ("N/A", "", "[MASK]")  # as in arXiv:2102.09690
SHADES = (0, 128, 255)  # of pictures without content
ALIKE = 0.95  # cosine of two classes from which on it is said
EQUAL = 1 - 1e-6  # cosine of two classes that nothing tells apart


@dataclass(frozen=True)
class Wordings:
    """Class embeddings by template, and of all templates together."""

    classes: tuple[str, ...]
    each: list[Tensor]  # (classes, d) of every template, unit length
    whole: Tensor  # (classes, d) of all together

    @classmethod
    def of(cls, pair: Pair, words: Words, templates: Sequence[str], kind: str | None) -> "Wordings":
        """Embed the prompts of all classes.

        Raises:
            BadInput: two classes have the same embedding, so that nothing tells them apart.
        """
        prompts = [pair.embed_classes(words, each, kind) for each in templates]
        whole = class_embeddings([torch.cat(of_class) for of_class in zip(*prompts, strict=True)])
        found = cls(tuple(words), [class_embeddings(one).cpu() for one in prompts], whole.cpu())
        if same := most_alike(found.whole, EQUAL):
            one, other, _ = same[0]
            raise BadInput(
                f"The classes {found.classes[one]!r} and {found.classes[other]!r} have the same embedding, "
                "so that nothing tells them apart. Give one of them other words, after =."
            )
        return found

    def alike(self) -> list[Alike]:
        """Pairs of classes that embed nearly alike, the most similar first."""
        found = most_alike(self.whole, ALIKE)
        return [Alike(self.classes[one], self.classes[other], cosine) for one, other, cosine in found]


def without_content(pair: Pair) -> Tensor:
    """Embeddings (3, d) of inputs that say nothing: empty texts, or pictures of one shade."""
    if pair.image is None:
        return pair.embed_texts(CONTENT_FREE).cpu()
    reader = pair.image.preprocess
    assert reader is not None
    plain = torch.tensor(SHADES, dtype=torch.uint8)[:, None, None, None].expand(-1, 3, *reader.size)
    return pair.embed_images(plain.contiguous()).cpu()


@dataclass(frozen=True)
class Scale:
    """How cosines become logits: scale * cosine + bias."""

    scale: float
    bias: Tensor  # (classes,)

    def logits(self, rows: Tensor, classes: Tensor) -> Tensor:
        """Logits (n, classes) of embeddings (n, d) and (classes, d), both of unit length."""
        return self.scale * (rows @ classes.T) + self.bias

    def at(self, temperature: float) -> "Scale":
        """The same decisions with another temperature."""
        factor = 1 / temperature / self.scale
        return Scale(self.scale * factor, self.bias * factor)

    def at_best(self, logits: Tensor, y: Tensor) -> "Scale":
        """The same with another temperature: that of the lowest log loss on rows that are not tested."""
        factor = best_scale(logits, y)
        return Scale(self.scale * factor, self.bias * factor)


def with_prior(prior: str, scale: float, rows: Tensor, empty: Tensor, classes: Tensor) -> Scale:
    """The scale with the bias of a prior.

    Args:
        prior: "none", "content-free" or "balanced".
        scale: of the cosines.
        rows: embeddings (n, d) of the rows that are made balanced.
        empty: embeddings (m, d) of inputs without content.
        classes: embeddings (classes, d).
    """
    plain = Scale(scale, torch.zeros(len(classes)))
    if prior == "none":
        return plain
    if prior == "balanced":
        return Scale(scale, balancing_bias(plain.logits(rows, classes)))
    return Scale(scale, content_free_bias(plain.logits(empty, classes)))


def unit(features: Tensor) -> Tensor:
    """Features (n, d) at unit length."""
    return normalize(features.float(), dim=1)
