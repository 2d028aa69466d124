"""Recall among the first k, both ways, with intervals."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from headstart.data.image_text_pairs import ImageTextPairs
from headstart.data.samples import Rows
from headstart.metrics.retrieval import chance, first_ranks, inverted, matches
from headstart.metrics.share_intervals import share
from headstart.records.record import Interval
from headstart.studies.retrieve import RecallAt

KS = (1, 5, 10)
Embeddings = Mapping[str, Tensor]  # (n, d) of unit length, of "image" and "text"


@dataclass(frozen=True)
class Direction:
    """Queries of one side, and the other side, which is ranked.

    Attributes:
        name: "text-to-picture" or "picture-to-text".
        sides: of the queries and of what is ranked, "image" or "text".
        queries: rows of the pairs.
        gallery: rows of the pairs.
        relevant: of each query the places in the gallery of what belongs to it.
        groups: of the queries, of pictures that depend on each other.
    """

    name: str
    sides: tuple[str, str]
    queries: list[int]
    gallery: list[int]
    relevant: list[list[int]]
    groups: Rows

    def ranks(self, found: Embeddings) -> Rows:
        """The rank of the first that belongs to each query, from 1."""
        queries, gallery = self.sides
        return first_ranks(found[queries][self.queries], found[gallery][self.gallery], self.relevant)

    @property
    def ks(self) -> list[int]:
        """Those that are smaller than the gallery."""
        return [k for k in KS if k < len(self.gallery)]

    def chance(self, k: int) -> float:
        """Recall of a random order."""
        return chance(self.relevant, len(self.gallery), k)


def directions(pairs: ImageTextPairs, groups: Rows) -> Iterator[Direction]:
    """Captions that find their picture, and pictures their caption; equal ones count once.

    Args:
        pairs: n.
        groups: (n,) of pictures that depend on each other.
    """
    pictures, texts, of_picture = matches(pairs.pictures.digests, pairs.texts)
    of_text = inverted(of_picture, len(texts))
    units = np.asarray(groups)
    yield Direction("text-to-picture", ("text", "image"), texts, pictures, of_text, units[texts])
    ordered = [sorted(some) for some in of_picture]
    yield Direction("picture-to-text", ("image", "text"), pictures, texts, ordered, units[pictures])


def recalls_at(pairs: ImageTextPairs, groups: Rows, found: Embeddings) -> list[RecallAt]:
    """Recall of both directions for each k."""
    made = []
    for one in directions(pairs, groups):
        ranks = one.ranks(found)
        made += [
            RecallAt(
                one.name,
                k,
                len(one.queries),
                len(one.gallery),
                Interval(*share(ranks <= k, one.groups)),
                one.chance(k),
            )
            for k in one.ks
        ]
    return made
