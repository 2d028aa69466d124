"""Reads examples: what is checked, and what the frozen backbone gives for it, computed once."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from headstart.data.modality import modalities
from headstart.data.samples import Raw, digest
from headstart.models.backbone import AnyBackbone
from headstart.models.fast import fast
from headstart.teaching.contents import checked


@dataclass(frozen=True)
class Seen:
    """What is known of an example.

    Attributes:
        features: (width,) float32.
        glance: what near duplicates are found by.
        digest: of its content.
        suffix: of its file.
    """

    features: Tensor
    glance: Any
    digest: str
    suffix: str


class ExampleReader:
    """Reads pictures or texts as a saved model with this backbone reads them.

    Args:
        kind: "pictures" or "texts".
        backbone: is not changed.
    """

    def __init__(self, kind: str, backbone: AnyBackbone) -> None:
        self.kind, self._reader, self._encoder = kind, backbone.reader, fast(backbone)

    def read(self, given: Raw, name: str) -> tuple[Seen, bytes]:
        """What is known of an example, and what its file holds.

        Args:
            given: the bytes of a picture's file, an array of pixels, or a text.
            name: for messages.

        Raises:
            BadData: it can't be read; the text names it.
        """
        found = checked(given, self.kind, name)
        x = modalities()[self.kind].inputs([found.raw], self._reader).x
        with torch.no_grad():
            [features] = self._encoder(x)
        return Seen(features, found.glance, digest(found.raw), found.suffix), found.stored
