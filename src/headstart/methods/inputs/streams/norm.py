from dataclasses import dataclass
from typing import Any, final

from torch import Tensor

from headstart.core import About, Ctx, Do, Parts, Unlabelled

from ._streaming import Normed


@final
@dataclass(frozen=True, kw_only=True)
class Norm(Normed):
    """Let batch normalisations go by the statistics of the stream, and change nothing else.

    Other kinds of normalisation already go by each row alone: with them the answers are the source's.
    """

    about = About(
        "norm",
        "mapping",
        "inputs",
        Unlabelled,
        "arXiv:2006.16971",
        batch_statistics=True,
        display_name="Norm: statistics of the stream (AdaBN)",
    )

    def moves(self) -> tuple[Any, ...]:
        """Predict; running statistics are written to."""
        return (Do(self.predict, changes=("backbone",)),)

    def predict(self, parts: Parts, batch: Unlabelled, ctx: Ctx) -> Tensor:
        """Logits (n, outputs)."""
        return self.answer(parts, batch.x)
