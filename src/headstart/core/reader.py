"""How samples become the input of a backbone: of pictures, of texts, of tables, or as they are."""

from .preprocess import Preprocess
from .schema import Schema
from .tokens import Tokens

Reader = Preprocess | Tokens | Schema  # None in its place: arrays, which are taken as they are


def kind_read(reader: Reader | None) -> str:
    """The modality that a reader is made for: "pictures", "texts", "tables"; without one "numbers"."""
    return "numbers" if reader is None else reader.kind
