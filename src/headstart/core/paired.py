"""Two encoders of the same objects, such as of pictures and of their captions, as one backbone."""

from typing import Self

from torch import Tensor

from .model import Backbone


class PairedBackbone(Backbone):
    """The encoders of two views of an object, whose features may differ in width.

    As a backbone it is its encoder of pictures.

    Attributes:
        image: the encoder of what `Pairs.a` holds.
        text: the encoder of what `Pairs.b` holds.
    """

    image: Backbone
    text: Backbone

    def __init__(self, image: Backbone, text: Backbone) -> None:
        super().__init__()
        self.image, self.text = image, text
        self.width = image.width
        self.name = f"{getattr(image, 'name', 'image')} and {getattr(text, 'name', 'text')}"

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, width) of pictures x (n, ...)."""
        found: Tensor = self.image(x)
        return found

    def untrained(self, seed: int) -> Self:
        """Both architectures with random weights, a function of `seed`."""
        return type(self)(self.image.untrained(seed), self.text.untrained(seed))
