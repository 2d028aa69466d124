import math
from dataclasses import dataclass
from typing import Any, final

import torch
from torch.nn.functional import cross_entropy

from headstart.core import About, Backbone, Ctx, Descend, Embedded, Loss, Model, Parts, Seeded, Task
from headstart.methods.mapping.pretraining._contrast import embed_views, of_all_processes
from headstart.methods.mapping.pretraining._self_supervised import encoder_parts, learning
from headstart.methods.mapping.pretraining._views import ViewSettings, views_of
from headstart.nn.pair_head import COMPARISONS, Comparison, PairHead


@final
@dataclass(frozen=True, kw_only=True)
class SameOrNot(ViewSettings[Seeded]):
    """Pre-train a Siamese encoder to tell whether two random views are of one sample.

    Each row of a batch gives a pair of its own views, and one with a view of the next row: half and half.

    Attributes:
        compare: the comparison r of the two embeddings: "concat", "difference", "product", or "all" of them.
        pair_hidden: width of the head's hidden layer, >= 1.
    """

    about = About(
        "same-or-not",
        "start",
        "mapping",
        Seeded,
        "https://proceedings.neurips.cc/paper/1993/hash/288cc0ff022877bd3df94bc9360b9c5d-Abstract.html",
        per_sample_loss=False,
    )
    compare: Comparison = "all"
    pair_hidden: int = 256

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("compare", self.compare in COMPARISONS, "'concat', 'difference', 'product' or 'all'")
        self.check("pair_hidden", self.pair_hidden >= 1, ">= 1")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The encoder, the views, and the head that compares two embeddings."""
        head = PairHead(backbone.width, self.pair_hidden, 2, self.compare)
        return encoder_parts(self, backbone, task, views=views_of(self, backbone, task), proxy=head)

    def moves(self) -> tuple[Descend[Any]]:
        """One descent on the encoder and the head of the proxy task."""
        return (Descend(self.loss, on=learning("proxy"), embed=embed_views),)

    def loss(self, parts: Parts, found: Embedded, ctx: Ctx) -> Loss:
        """Cross-entropy over the pairs of the rows of all processes, 1 for the same sample.

        Raises:
            BadInput: a batch has a single row.
        """
        a, b = of_all_processes(self, found, ctx)
        logits = parts["proxy"](torch.cat([a, a]), torch.cat([b, b.roll(-1, 0)])).float()
        same = torch.arange(2, device=a.device).flip(0).repeat_interleave(len(a))
        return Loss.sum(same_or_not=cross_entropy(logits, same))

    def chance_level(self, rows: int) -> float:
        """The logarithm of the two answers."""
        return math.log(2)

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)
