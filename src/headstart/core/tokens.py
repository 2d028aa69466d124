"""Tokenisation for a backbone: specified in `models`, carried out in `data`."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from .errors import BadInput, MissingPackage

if TYPE_CHECKING:
    from torch import Tensor

NOTHING = -1  # pads a row to the longest of its batch; no tokenizer has such an id


@dataclass(frozen=True)
class Tokens:
    """Converts texts to token ids.

    Attributes:
        tokenizer: the content of a `tokenizer.json`.
        limit: largest number of ids of a text, special tokens included; longer texts are truncated.
        most: upper bound of `limit`; 0: the model takes any length.
        pad: the id that the model itself gets for padding.
    """

    kind: ClassVar[str] = "texts"

    tokenizer: str
    limit: int = 256
    most: int = 0
    pad: int = 0

    def __post_init__(self) -> None:
        if self.limit < 1 or (self.most and self.limit > self.most):
            upto = f" and at most {self.most}, as the model takes no more" if self.most else ""
            raise BadInput(f"The limit is {self.limit} tokens a text; it must be at least 1{upto}.")

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # immutable

    def ids(self, texts: Sequence[str]) -> tuple[list[NDArray[np.int32]], NDArray[np.bool_]]:
        """The ids (length,) of each text, at least one, and which texts (n,) were truncated."""
        encode = _reader(self.tokenizer, self.limit)
        found = encode([text.encode("utf-8", "replace").decode() for text in texts])
        ids = [np.array(one.ids or [self.pad], dtype=np.int32) for one in found]
        return ids, np.array([bool(one.overflowing) for one in found], dtype=np.bool_)

    def __call__(self, texts: Sequence[str]) -> "Tensor":
        """The backbone's input: int64 (n, longest), shorter rows padded with -1."""
        return filled_up(self.ids(texts)[0])

    def settings(self) -> dict[str, Any]:
        """Settings as JSON values; the tokenizer is represented by its digest."""
        digest = hashlib.blake2b(self.tokenizer.encode(), digest_size=16).hexdigest()
        return {"limit": self.limit, "most": self.most, "pad": self.pad, "tokenizer": digest}

    @classmethod
    def from_settings(cls, values: Mapping[str, Any], tokenizer: str) -> Self:
        """The inverse of `settings`, given the content of the `tokenizer.json`.

        Raises:
            BadInput: the tokenizer has another digest.
        """
        made = cls(tokenizer, *(int(values[name]) for name in ("limit", "most", "pad")))
        if made.settings()["tokenizer"] != values["tokenizer"]:
            raise BadInput("tokenizer.json is not the one that the model was made with. Copy it again.")
        return made


def filled_up(ids: Sequence[NDArray[np.int32]]) -> "Tensor":
    """The same as `padded`, as a tensor."""
    import torch

    return torch.from_numpy(padded(ids))


def padded(ids: Sequence[NDArray[np.int32]]) -> NDArray[np.int64]:
    """Pad rows of different lengths to int64 (n, longest) with -1."""
    longest = max((len(one) for one in ids), default=1)
    rows = np.full((len(ids), longest), NOTHING, dtype=np.int64)
    for row, one in zip(rows, ids, strict=True):
        row[: len(one)] = one
    return rows


@lru_cache(maxsize=4)
def _reader(tokenizer: str, limit: int) -> Any:
    """A function of texts that gives their encodings."""
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise MissingPackage("tokenizers", "Reading texts", "text") from error
    try:
        made = Tokenizer.from_str(tokenizer)
        made.no_padding()
        made.enable_truncation(limit)
        around = made.num_special_tokens_to_add(False)
    except Exception as reason:  # the package raises nothing more specific
        raise BadInput(f"This is no tokenizer that can be used: {reason}. Give a tokenizer.json.") from reason
    if limit < around:  # the package then truncates nothing, without a word
        raise BadInput(
            f"The limit is {limit} tokens a text, but {around} of them are put around each text. Take more."
        )
    return made.encode_batch
