"""What every template by itself, and all together, say of the same rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from headstart.core import BadInput, Model
from headstart.data.dataset import Dataset
from headstart.models.pairs import Pair
from headstart.nn.zero_shot import class_embeddings, most_alike, zero_shot_head
from headstart.studies._runner import Job
from headstart.studies.zero_shot import Alike, ZeroShotSettings
from headstart.studies.zero_shot.inputs import Words
from headstart.studies.zero_shot.logits import Said, Scale

CONTENT_FREE = ("N/A", "", "[MASK]")  # as in arXiv:2102.09690
SHADES = (0, 128, 255)  # of pictures without content
ALIKE = 0.95  # cosine of two classes from which on it is said
EQUAL = 1 - 1e-6  # cosine of two classes that nothing tells apart


@dataclass(frozen=True)
class Wordings:
    """Class embeddings by template, and of all templates together."""

    pair: Pair
    classes: tuple[str, ...]
    each: list[Tensor]  # (classes, d) of every template, unit length
    whole: Tensor  # (classes, d) of all together
    scoring: str = "cosine"

    @property
    def scale(self) -> float:
        """Of the cosines, before one is fitted."""
        return self.pair.scale

    @property
    def encoders(self) -> list[str]:
        """Of texts, and of pictures."""
        return [each.name for each in (self.pair.text, self.pair.image) if each is not None]

    @classmethod
    def of(
        cls, pair: Pair, words: Words, templates: Sequence[str], kind: str | None, device: torch.device
    ) -> "Wordings":
        """Embed the prompts of all classes, on the device.

        Raises:
            BadInput: two classes have the same embedding, so that nothing tells them apart.
        """
        pair.text.to(device)
        prompts = [pair.embed_classes(words, each, kind) for each in templates]
        whole = class_embeddings([torch.cat(of_class) for of_class in zip(*prompts, strict=True)])
        found = cls(pair, tuple(words), [class_embeddings(one).cpu() for one in prompts], whole.cpu())
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

    def said_of(self, job: Job[ZeroShotSettings], data: Dataset) -> tuple[list[Said], Said]:
        """What each template and all together say of all rows, which are embedded once, and that is kept."""
        job.inputs["backbone"] = self.pair.rows
        everything = np.arange(len(data))
        session = job.session(data, everything, augment=False)
        kept = job.folder.once(
            "embed the rows", lambda: {"value": session.logits(self.pair.rows, everything)}
        )
        rows, nothing = unit(kept["value"]), torch.zeros(0, self.whole.shape[1])
        if job.settings.prior == "content-free":
            nothing = without_content(self.pair)
        whole, *each = (Said(rows @ one.T, nothing @ one.T) for one in (self.whole, *self.each))
        return each, whole

    def model(self, job: Job[ZeroShotSettings], chosen: int | None, scale: Scale) -> Model:
        """The encoder of rows with the classes as a head: of one template, or of all together."""
        classes = self.whole if chosen is None else self.each[chosen]
        return Model(self.pair.rows, zero_shot_head(classes, scale.scale, scale.bias))


def without_content(pair: Pair) -> Tensor:
    """Embeddings (3, d) of inputs that say nothing: empty texts, or pictures of one shade."""
    if pair.image is None:
        return pair.embed_texts(CONTENT_FREE).cpu()
    reader = pair.image.preprocess
    assert reader is not None
    plain = torch.tensor(SHADES, dtype=torch.uint8)[:, None, None, None].expand(-1, 3, *reader.size)
    return pair.embed_images(plain.contiguous()).cpu()


def unit(features: Tensor) -> Tensor:
    """Features (n, d) at unit length."""
    return normalize(features.float(), dim=1)
