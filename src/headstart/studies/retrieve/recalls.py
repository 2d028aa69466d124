"""Recall among the first k, both ways, with intervals."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
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
    def sizes(self) -> tuple[int, int]:
        """How many queries there are, and how many are ranked."""
        return len(self.queries), len(self.gallery)

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


def hits(
    pairs: ImageTextPairs, groups: Rows, *found: Embeddings
) -> Iterator[tuple[Direction, int, list[NDArray[np.bool_]]]]:
    """Each direction and k, and for each of the embeddings which queries (n,) find what belongs to them."""
    for one in directions(pairs, groups):
        ranks = [one.ranks(each) for each in found]
        for k in one.ks:
            yield one, k, [each <= k for each in ranks]


def recalls_at(pairs: ImageTextPairs, groups: Rows, found: Embeddings) -> list[RecallAt]:
    """Recall of both directions for each k."""
    return [
        RecallAt(one.name, k, *one.sizes, Interval(*share(right, one.groups)), one.chance(k))
        for one, k, (right,) in hits(pairs, groups, found)
    ]
