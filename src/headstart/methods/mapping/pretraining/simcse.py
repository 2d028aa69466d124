import math
from dataclasses import dataclass
from typing import Any, Literal, final

import torch
from torch import Tensor

from headstart.core import (
    About,
    Backbone,
    BadData,
    BadInput,
    Ctx,
    Descend,
    Embedded,
    Loss,
    Model,
    Parts,
    Seeded,
    Task,
)
from headstart.losses.contrastive.info_nce import info_nce
from headstart.methods.mapping.pretraining._contrast import of_all_processes
from headstart.methods.mapping.pretraining._self_supervised import SelfSupervised, encoder_parts, learning
from headstart.nn.random_forward import is_random
from headstart.nn.views.spans import AdjacentSpans, around


@final
@dataclass(frozen=True, kw_only=True)
class SimCSE(SelfSupervised[Seeded]):
    """Pre-train an encoder of texts to find the second view of a text among those of a batch.

    The embeddings are the backbone's features, as of all other methods, without a projection.

    Attributes:
        pairs: "dropout" reads each text twice, with other units dropped; "spans" takes two adjacent spans.
        least: tokens of a span, >= 1; a text with fewer than twice as many is taken whole.
        temperature: that cosines are divided by, > 0.
    """

    about = About(
        "simcse",
        "start",
        "mapping",
        Seeded,
        "arXiv:2104.08821",
        per_sample_loss=False,
        stochastic_loss=True,
        needs_dropout=True,
        display_name="SimCSE",
    )
    pairs: Literal["dropout", "spans"] = "dropout"
    least: int = 16
    temperature: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("pairs", self.pairs in ("dropout", "spans"), "'dropout' or 'spans'")
        self.check("least", self.least >= 1, ">= 1")
        self.check("temperature", self.temperature > 0, "> 0")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The encoder, and what cuts spans.

        Raises:
            BadInput: pairs by dropout, and nothing is dropped; or spans, and the samples are no texts.
        """
        if self.pairs == "spans":
            return encoder_parts(self, backbone, task, spans=spans_of(backbone, self.least))
        device = next((one.device for one in backbone.parameters()), torch.device("cpu"))
        example = torch.randn(2, *task.shape) if backbone.example is None else backbone.example
        if not is_random(backbone, example.to(device)):
            raise BadInput(
                "simcse compares two readings of a sample that differ by dropout, and this backbone "
                "has none: they would be identical. Take simcse:pairs=spans for texts, simclr for pictures, "
                "or scarf for tables and rows of numbers."
            )
        return encoder_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Any]]:
        """One descent on the encoder."""
        return (Descend(self.loss, on=learning(), embed=self.embed),)

    def embed(self, parts: Parts, batch: Seeded, ctx: Ctx) -> tuple[Tensor, ...]:
        """Embeddings (n, width) of two views of each row, in one forward.

        Raises:
            BadData: no text of the first batch is long enough for two spans.
        """
        views: tuple[Tensor, Tensor] = batch.x, batch.x
        if self.pairs == "spans":
            spans = parts["spans"]
            assert isinstance(spans, AdjacentSpans)
            if ctx.step == 0 and not bool(spans.long_enough(batch.x).any()):
                raise BadData(
                    f"None of the first {len(batch.x)} texts has the {2 * self.least} tokens of two spans of "
                    f"least={self.least}. Take a smaller least, or pairs=dropout."
                )
            views = spans(batch.x, batch.seed)
        a, b = parts["backbone"](torch.cat(views)).chunk(2)
        return a, b

    def loss(self, parts: Parts, found: Embedded, ctx: Ctx) -> Loss:
        """Cross-entropy of finding this process's second views among those of all processes."""
        a, b = of_all_processes(self, found, ctx)
        return Loss.sum(simcse=info_nce(a, b, self.temperature, own=ctx.own(found.z[0])))

    def chance_level(self, rows: int) -> float:
        """The logarithm of the number of candidates: the second views of a batch."""
        return math.log(rows)

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)


def spans_of(backbone: Backbone, least: int) -> AdjacentSpans:
    """What cuts spans of `least` tokens out of the texts that a backbone reads.

    Raises:
        BadInput: it reads no texts.
    """
    tokens = getattr(backbone, "tokens", None)
    if tokens is None:
        raise BadInput(
            "simcse:pairs=spans cuts texts into spans, and this backbone reads none. Give a backbone of "
            "texts, such as 'minilm', or take simclr."
        )
    return AdjacentSpans(*around(tokens), least)
