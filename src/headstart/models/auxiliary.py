"""Auxiliary heads: outputs in the middle of a network that only its own training used."""

import re
from collections.abc import Collection, Iterable, Mapping

from torch import Tensor

NAME = re.compile(
    r"aux(iliary)?_?(logits?|classifiers?|heads?|net|out(put)?|layer|branch|fc|loss)?_?\d*", re.IGNORECASE
)


def auxiliary_head(key: str) -> str | None:
    """The auxiliary head that a key belongs to by its name, such as aux1 or AuxLogits; None if to none."""
    pieces = key.split(".")
    for depth, piece in enumerate(pieces[:-1], 1):
        if NAME.fullmatch(piece):
            return ".".join(pieces[:depth])
    return None


def without_auxiliary_heads(
    state: Mapping[str, Tensor], own: Collection[str]
) -> tuple[Mapping[str, Tensor], list[str]]:
    """The tensors of a file without those auxiliary heads that a model has none of, and a note on each.

    Args:
        state: tensors of the file.
        own: keys of the model.
    """
    spare = _only_in(state, own)
    kept = {key: value for key, value in state.items() if auxiliary_head(key) not in spare}
    return kept, [
        f"{head} ({count} tensors) left out, as it is an auxiliary head, which the model is built without"
        for head, count in spare.items()
    ]


def unused_auxiliary_heads(
    own: Collection[str], state: Collection[str], unused: Collection[str]
) -> tuple[set[str], list[str]]:
    """The keys of auxiliary heads of a model that no output depends on and a file has none of, with notes.

    Args:
        own: keys of the model.
        state: keys of the file.
        unused: parameters that no operation of a forward used.
    """
    heads = {auxiliary_head(name) for name in unused} & _only_in(own, state).keys()
    keys = {key for key in own if auxiliary_head(key) in heads}
    notes = [
        f"{head} is not in the file; it is an auxiliary head, on which no output depends"
        for head in sorted(filter(None, heads))
    ]
    return keys, notes


def _only_in(keys: Iterable[str], others: Iterable[str]) -> dict[str, int]:
    """The auxiliary heads of some keys that are not among those of others, and how many keys each has."""
    known = {auxiliary_head(key) for key in others}
    heads = [head for key in keys if (head := auxiliary_head(key)) is not None and head not in known]
    return {head: heads.count(head) for head in dict.fromkeys(heads)}
