"""A pair of encoders whose embeddings are compared by cosine: of texts, and of pictures or again of texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from headstart.core import BadInput
from headstart.nn.zero_shot import class_embeddings

from . import image_text, minilm
from .backbone import AnyBackbone, backbone
from .encoders import save_encoder
from .lengths import by_length
from .pair_folder import FILES, Logits, pair_folder, read_logits, write_logits
from .prompts import fill

SCALE = 20.0  # of cosines, where none was learned: that of the training of sentence encoders
BATCH = 64


@dataclass(frozen=True, eq=False)
class Pair:
    """Encoders of texts and of rows, whose embeddings have the same width.

    Attributes:
        text: the encoder of texts.
        image: the encoder of pictures; None: rows are texts, too.
        scale: what cosines are multiplied by to be logits, > 0.
        learned_scale: whether the encoders learned that scale.
    """

    text: AnyBackbone
    image: AnyBackbone | None = None
    scale: float = SCALE
    learned_scale: bool = False

    @property
    def rows(self) -> AnyBackbone:
        """The encoder of what is classified."""
        return self.text if self.image is None else self.image

    def embed_texts(self, texts: Sequence[str]) -> Tensor:
        """Embeddings (n, d) of unit length, on the device of the encoder; see `truncated`.

        Raises:
            BadInput: one text instead of a list, or what is no text.
        """
        assert self.text.tokens is not None
        if isinstance(texts, str):
            raise BadInput(f"The texts are one text, {texts!r}. Give a list: [{texts!r}].")
        given: Sequence[object] = texts
        if wrong := [text for text in given if not isinstance(text, str)]:
            raise BadInput(f"The texts hold {wrong[0]!r}, which is no text.")
        if not len(texts):
            return torch.zeros(0, self.text.width, device=self.text.mean.device)
        with torch.inference_mode():
            ids = self.text.tokens(list(texts)).to(self.text.mean.device)
            return normalize(by_length(self.text, ids), dim=1)

    def embed_images(self, x: Tensor) -> Tensor:
        """Embeddings (n, d) of unit length of pictures (n, 3, h, w), uint8 or normalised floats."""
        if self.image is None:
            raise BadInput(f"{self.text.name} is an encoder of texts alone: it can't embed pictures.")
        with torch.inference_mode():
            device = self.image.mean.device
            found = [self.image(some.to(device)) for some in torch.split(x, BATCH) if len(some)]
            return normalize(torch.cat([torch.zeros(0, self.image.width, device=device), *found]), dim=1)

    def save(self, folder: str | Path) -> None:
        """Write both encoders into a folder, which `pair` and "image-encoder:FOLDER" take.

        Raises:
            BadInput: it is an encoder of texts alone.
            CannotWrite: no space or no right.
        """
        if self.image is None:
            raise BadInput(f"{self.text.name} is an encoder of texts alone: hs.models.save_encoder saves it.")
        for file, encoder in zip(FILES.values(), (self.image, self.text), strict=True):
            save_encoder(encoder, Path(folder) / file)
        write_logits(Path(folder), Logits(self.scale))

    def truncated(self, texts: Sequence[str]) -> list[str]:
        """Those of the texts that are longer than the encoder takes, so that their ends are not read."""
        assert self.text.tokens is not None
        _, cut = self.text.tokens.ids(list(texts))
        return [text for text, too_long in zip(texts, cut, strict=True) if too_long]

    def embed_classes(
        self, classes: Mapping[str, Sequence[str]], template: str, kind: str | None = None
    ) -> list[Tensor]:
        """Of each class the embeddings (words, d) of a template filled with its words.

        Args:
            classes: words by class, as `prompts.words_of_classes` gives them.
            template: with a place {} for the class.
            kind: of thing that the classes are, such as "food".
        """
        prompts = [fill(template, words, kind) for words in classes.values()]
        found = self.embed_texts([text for some in prompts for text in some])
        return list(torch.split(found, [len(some) for some in prompts]))

    def classifier(
        self, classes: Mapping[str, Sequence[str]], templates: Sequence[str], kind: str | None = None
    ) -> Tensor:
        """Class embeddings (classes, d) of unit length, over all templates; see `nn.zero_shot`."""
        found = [self.embed_classes(classes, each, kind) for each in templates]
        return class_embeddings([torch.cat(of_class) for of_class in zip(*found, strict=True)])


def pair(
    text: str | nn.Module = minilm.NAME,
    image: str | nn.Module | None = None,
    *,
    scale: float | None = None,
) -> Pair:
    """Two encoders for zero-shot classification, or one of texts alone.

    Args:
        text: a local folder of a model with both encoders, such as CLIP's or SigLIP's, as transformers saves
            it (safetensors), or the run of `headstart pretrain-pairs`, which gives both; or an encoder of
            texts: any that `hs.models.backbone` takes.
        image: the encoder of pictures, if `text` is one of texts alone; None: texts are classified.
        scale: of the cosines, > 0; None takes what a model with both learned, else 20.

    Raises:
        BadInput: the encoder can't read texts, or pictures, their embeddings have different widths, or the
            scale is not above 0.
        MissingPackage: transformers is not installed.
    """
    trained = None
    if isinstance(text, str) and image_text.is_folder(text):
        if (folder := pair_folder(text)) is not None:
            trained = read_logits(folder).scale
        if image is not None:
            raise BadInput(f"{text} has an encoder of pictures of its own; leave out the other one.")
        text, image = f"text-encoder:{text}", f"image-encoder:{text}"
    words, pictures = backbone(text).eval(), None if image is None else backbone(image).eval()
    _require_reader(words, pictures)
    own = words.inner.logit_scale if isinstance(words.inner, image_text.TextEncoder) else trained
    if scale is not None and not scale > 0:
        raise BadInput(f"scale is {scale:g}; it must be > 0.")
    chosen = scale or own or SCALE
    return Pair(words, pictures, float(chosen), scale is None and own is not None)


def _require_reader(words: AnyBackbone, pictures: AnyBackbone | None) -> None:
    if words.tokens is None:
        raise BadInput(
            f"{words.name} reads no texts, and zero-shot classification reads the names of the classes. Give "
            f"an encoder of texts, such as {minilm.NAME!r}, or a folder with CLIP."
        )
    if pictures is not None and pictures.preprocess is None:
        raise BadInput(f"{pictures.name} reads no pictures. Give an encoder of pictures.")
    if pictures is not None and pictures.width != words.width:
        raise BadInput(
            f"{words.name} gives embeddings of {words.width} numbers and {pictures.name} of "
            f"{pictures.width}; they can be compared only if they have one length and learned together."
        )
