"""Preprocessing of a backbone's inputs: pictures, texts, tables, or plain arrays."""

from .preprocess import Preprocess
from .schema import Schema
from .tokens import Tokens

Reader = Preprocess | Tokens | Schema  # None instead of one: arrays, which are passed on unchanged


def kind_read(reader: Reader | None) -> str:
    """The modality of a reader: "pictures", "texts", "tables"; without one "numbers"."""
    return "numbers" if reader is None else reader.kind
