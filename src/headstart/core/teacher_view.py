"""What a method learns from inside a teacher."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class TeacherView:
    """What a method asks of a teacher beside its outputs, and of the student likewise.

    Attributes:
        blocks: how many blocks are compared, at equal distances in depth, the last block last, >= 1; 0: the
            features that the head reads.
        places: the most places of a block's output, such as of a map, that are kept, >= 1; others are
            averaged with their neighbours.
        squares: whether the mean over features of their squares is kept instead of the features.
    """

    blocks: int = 0
    places: int = 1
    squares: bool = False

    def chosen(self, blocks: Sequence[str]) -> tuple[str, ...]:
        """The names of the compared blocks out of those of a backbone: fewer where it has fewer."""
        count = min(self.blocks, len(blocks))
        return tuple(blocks[-(-number * len(blocks) // count) - 1] for number in range(1, count + 1))
