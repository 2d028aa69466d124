"""Recall among the first k, both ways, before and after a training, with intervals."""

from headstart.data.image_text_pairs import ImageTextPairs
from headstart.data.samples import Rows
from headstart.metrics.share_intervals import share, share_difference
from headstart.records.record import Interval
from headstart.studies.pretrain_pairs import Recall
from headstart.studies.retrieve.recalls import Embeddings, directions


def recalls_of(pairs: ImageTextPairs, groups: Rows, before: Embeddings, after: Embeddings) -> list[Recall]:
    """Pictures found by captions and captions by pictures.

    Args:
        pairs: n, that were held out.
        groups: (n,) of pictures that depend on each other.
        before: embeddings of both sides.
        after: likewise.
    """
    made = []
    for one in directions(pairs, groups):
        first, last = one.ranks(before), one.ranks(after)
        made += [
            Recall(
                one.name,
                k,
                len(one.queries),
                len(one.gallery),
                Interval(*share(last <= k, one.groups)),
                Interval(*share(first <= k, one.groups)),
                Interval(*share_difference(last <= k, first <= k, one.groups)),
                one.chance(k),
            )
            for k in one.ks
        ]
    return made
