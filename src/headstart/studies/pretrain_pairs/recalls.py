"""Recall among the first k, both ways, before and after a training, with intervals."""

from headstart.data.image_text_pairs import ImageTextPairs
from headstart.data.samples import Rows
from headstart.metrics.share_intervals import share, share_difference
from headstart.records.record import Interval
from headstart.studies.pretrain_pairs import Recall
from headstart.studies.retrieve.recalls import Embeddings, hits


def recalls_of(pairs: ImageTextPairs, groups: Rows, before: Embeddings, after: Embeddings) -> list[Recall]:
    """Pictures found by captions and captions by pictures.

    Args:
        pairs: n, that were held out.
        groups: (n,) of pictures that depend on each other.
        before: embeddings of both sides.
        after: likewise.
    """
    return [
        Recall(
            one.name,
            k,
            *one.sizes,
            Interval(*share(last, one.groups)),
            Interval(*share(first, one.groups)),
            Interval(*share_difference(last, first, one.groups)),
            one.chance(k),
        )
        for one, k, (first, last) in hits(pairs, groups, before, after)
    ]
