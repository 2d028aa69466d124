"""How the contributions to an answer are computed: what suits which inputs, and its settings."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from headstart.attribution.coalitions import Attributed, Value, leave_one_out, shapley
from headstart.core import BadInput, Unknown, derive_seed

Attribution = Literal["occlusion", "integrated-gradients", "leave-one-out", "shapley"]
WAYS: dict[str, tuple[Attribution, ...]] = {  # what suits which inputs, the usual one first
    "pictures": ("occlusion", "integrated-gradients"),
    "texts": ("leave-one-out", "shapley"),
    "columns": ("shapley", "leave-one-out"),
}
PERMUTATIONS = 200
BACKGROUND = 100  # training rows that each column's value is replaced from, by leave-one-out


@dataclass
class Attributions:
    """How contributions are computed.

    Attributes:
        wanted: see `Explains.explain`, as of the next four.
        permutations: of Shapley values.
        patch: of occlusion.
        stride: likewise.
        seed: of what is drawn.
        way: what is carried out, once the inputs are known; see `settle`.
    """

    wanted: str | None
    permutations: int
    patch: int | None
    stride: int | None
    seed: int
    way: str = ""

    def settle(self, kind: str) -> None:
        """Choose the attribution for inputs of a kind, or refuse the wanted one."""
        fine = WAYS[kind]
        self.way = self.wanted or fine[0]
        if self.way not in {way for ways in WAYS.values() for way in ways}:
            raise Unknown("attribution", self.way, {way for ways in WAYS.values() for way in ways})
        if self.way not in fine:
            of = "tables and rows of numbers" if kind == "columns" else kind
            raise BadInput(f"attribution is {self.way!r}; of {of} it is {fine[0]} or {fine[1]}.")
        for name, value, least in (
            ("permutations", self.permutations, 2),
            ("patch", self.patch, 1),
            ("stride", self.stride, 1),
        ):
            if value is not None and value < least:
                raise BadInput(f"{name} is {value}; it is a whole number >= {least}.")

    def generator(self, row: int) -> np.random.Generator:
        """Of an item."""
        return np.random.Generator(np.random.PCG64(derive_seed(self.seed, "explain", row)))

    def attributed(self, value: Value, parts: int, backgrounds: int, row: int) -> Attributed:
        """The contributions of words or columns."""
        if self.way == "leave-one-out":
            return leave_one_out(value, parts, min(backgrounds, BACKGROUND))
        return shapley(value, parts, backgrounds, self.permutations, self.generator(row))
