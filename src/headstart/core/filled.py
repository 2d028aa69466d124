"""What a method that hides parts of samples fills in, for pages."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Blank:
    """A hidden part of a text or of a row of a table, and what is filled in.

    Attributes:
        place: number of the token in the text, from 0 on, or name of the column.
        truth: the token, the category or the number that was hidden.
        guesses: what is filled in, the most likely first, with its probability; of a number one, without.
    """

    place: int | str
    truth: str
    guesses: tuple[tuple[str, float | None], ...]


@dataclass(frozen=True)
class Filled:
    """What was hidden of one sample, and what is filled in.

    Attributes:
        blanks: the hidden parts of a text or a row of a table, in order.
        tokens: of a text, all of its tokens.
        pictures: of a picture: as it is, without the hidden parts, and filled in; float (c, h, w), in [0, 1]
            where the backbone's normalisation is known.
    """

    blanks: tuple[Blank, ...] = ()
    tokens: tuple[str, ...] = ()
    pictures: tuple[Tensor, Tensor, Tensor] | None = None
