"""An encoder with a linear projection behind it: one side of two encoders that were trained together."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from headstart.core import Preprocess

from .layout import Layout
from .untrained import reset
from .wrapped import AnyBackbone

KIND = "projected"  # of such backbones, in their `source`


class Projected(nn.Module):
    """An encoder and the projection of its features, both trained."""

    def __init__(self, encoder: AnyBackbone, projection: nn.Linear) -> None:
        super().__init__()
        self.encoder, self.projection = encoder, projection

    def forward(self, x: Tensor) -> Tensor:
        """Embeddings (n, width), not normalised, of normalised pictures or of ids."""
        found: Tensor = self.projection(self.encoder(x))
        return found

    def untrained(self, seed: int) -> "Projected":
        """The same with random weights, a function of `seed`."""
        projection = nn.Linear(self.projection.in_features, self.projection.out_features, bias=False)
        reset(projection, seed)
        return Projected(self.encoder.untrained(seed), projection)


def projected(encoder: AnyBackbone, projection: nn.Linear) -> AnyBackbone:
    """A backbone whose features are the projected ones of another; it takes over both.

    Args:
        encoder: of pictures or of texts.
        projection: from its width, without a bias.
    """
    width = projection.out_features
    parts = replace(encoder.anatomy.under("encoder.inner."), head=None, width=width, output=Layout(0, 1))
    source = {"kind": KIND, "name": encoder.name, "encoder": encoder.source, "width": width}
    inner = Projected(encoder, projection).eval()
    made = AnyBackbone(inner, parts, encoder.name, source, encoder.preprocess, encoder.example)
    made.tokens, made.notes = encoder.tokens, encoder.notes
    made.kind = encoder.kind
    return made


def rebuilt(
    source: Mapping[str, Any], encoder: AnyBackbone, preprocess: Preprocess | None = None
) -> AnyBackbone:
    """The architecture of a `source`, with random weights, around its rebuilt encoder."""
    projection = nn.Linear(encoder.width, int(source["width"]), bias=False)
    reset(projection, 0)
    made = projected(encoder, projection)
    made.preprocess = preprocess
    return made
