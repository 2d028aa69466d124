import math
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor
from torch.nn.functional import cross_entropy

from headstart.core import About, Backbone, Ctx, Descend, Loss, Model, Parts, Seeded, Task
from headstart.core.draws import reseeded, uniforms
from headstart.methods.mapping.pretraining._proxy import encode_two, pixels_of, read
from headstart.methods.mapping.pretraining._self_supervised import SelfSupervised, encoder_parts, learning
from headstart.nn.pair_head import COMPARISONS, Comparison, PairHead
from headstart.nn.views.turned import as_angle, in_disc, patches


@final
@dataclass(frozen=True, kw_only=True)
class RelativeRotation(SelfSupervised[Seeded]):
    """Pre-train a Siamese encoder to tell the angle between two rotated patches of one picture.

    Attributes:
        angles: rotations that are told apart, at equal distances over a full turn, >= 2. With others than 2
            and 4 patches are discs, and both of a pair are rotated by one more angle that is drawn, so that
            neither corners nor interpolation give the answer away.
        crop: smallest share of a picture's area that a patch has, in (0, 1]; 1 takes whole pictures.
        compare: the comparison r of the two embeddings: "concat", "difference", "product", or "all" of them.
        hidden: width of the head's hidden layer, >= 1.
    """

    about = About("relative-rotation", "start", "mapping", Seeded, "arXiv:1803.07728", needs_pictures=True)
    angles: int = 4
    crop: float = 0.5
    compare: Comparison = "all"
    hidden: int = 256

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("angles", self.angles >= 2, ">= 2")
        self.check("crop", 0 < self.crop <= 1, "in (0, 1]")
        self.check("compare", self.compare in COMPARISONS, "'concat', 'difference', 'product' or 'all'")
        self.check("hidden", self.hidden >= 1, ">= 1")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The encoder, and the head that compares two embeddings.

        Raises:
            BadInput: the samples are no pictures.
            BadData: the pictures are not square.
        """
        pixels = pixels_of(self.about.name, backbone, task)
        head = PairHead(backbone.width, self.hidden, self.angles, self.compare)
        return encoder_parts(self, backbone, task, pixels=pixels, proxy=head)

    def moves(self) -> tuple[Descend[Any]]:
        """One descent on the encoder and the head of the proxy task."""
        return (Descend(self.loss, on=learning("proxy")),)

    def loss(self, parts: Parts, batch: Seeded, ctx: Ctx) -> Loss:
        """Cross-entropy over the angles between the patches."""
        first, second, y = self.pairs(read(parts, batch.x), batch.seed)
        logits = parts["proxy"](*encode_two(parts, first, second))
        return Loss.sum(relative_rotation=cross_entropy(logits.float(), y))

    def pairs(self, x: Tensor, seed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Two patches of each picture, and how many steps y (n,) the second is rotated further.

        The first is rotated by k1 steps anticlockwise, the second by k2, and y = (k2 - k1) mod `angles`.
        """
        draws = uniforms(reseeded(seed, 0), 3)
        steps = (draws[:, :2] * self.angles).long()
        both = draws[:, 2] if self.round else 0 * draws[:, 2]
        first = self.patch(x, reseeded(seed, 1), steps[:, 0] + both)
        second = self.patch(x, reseeded(seed, 2), steps[:, 1] + both)
        return first, second, (steps[:, 1] - steps[:, 0]) % self.angles

    def patch(self, x: Tensor, seed: Tensor, steps: Tensor) -> Tensor:
        """A patch of each picture, of a size and at a place that are drawn, rotated by so many steps (n,)."""
        draws = uniforms(seed, 3)
        side = (self.crop + (1 - self.crop) * draws[:, 0]).sqrt()
        centre = (1 - side)[:, None] * (2 * draws[:, 1:] - 1)
        found = patches(x, centre, side, as_angle(steps, self.angles))
        return in_disc(found) if self.round else found

    @property
    def round(self) -> bool:
        """Whether patches are discs."""
        return self.angles not in (2, 4)

    def chance_level(self, rows: int) -> float:
        """The logarithm of the number of angles."""
        return math.log(self.angles)

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)
