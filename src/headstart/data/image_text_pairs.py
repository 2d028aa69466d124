"""Pictures with captions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike

from headstart.core import BadData, BadInput

from .dataset import Dataset
from .finding import Finding, finding
from .samples import Rows, Samples, Texts

CLASS = "unlabelled"


@final
@dataclass(frozen=True, eq=False)
class ImageTextPairs:
    """n pictures, each with a caption; a picture with several captions is several rows.

    Attributes:
        pictures: (n,) without labels.
        captions: (n,) texts, those of the pictures in order.
        findings: what was noticed when they were loaded, such as pictures without a caption.
    """

    pictures: Dataset
    captions: Dataset
    findings: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        """The number of pairs."""
        return len(self.pictures)

    @property
    def name(self) -> str:
        """For titles and records."""
        return self.pictures.name

    @property
    def texts(self) -> list[str]:
        """The captions (n,)."""
        return list(self.captions.texts or ())

    def subset(self, rows: ArrayLike) -> "ImageTextPairs":
        """The pairs of the given rows, in that order."""
        return replace(self, pictures=self.pictures.subset(rows), captions=self.captions.subset(rows))


def paired(items: Iterable[str], samples: Samples, captions: Sequence[Any], name: str) -> ImageTextPairs:
    """Pairs of pictures and captions; those with an empty caption are left out.

    Raises:
        BadInput: a caption is no text.
        BadData: fewer than two have a caption.
    """
    items = list(items)
    for row, text in enumerate(captions):
        if not isinstance(text, str):
            raise BadInput(f"Caption {row} is {text!r}, which is no text. Leave the pair out, or give ''.")
    full: Rows = np.flatnonzero([bool(text.strip()) for text in captions])
    if len(full) < 2:
        many = "1 pair" if len(full) else "no pairs"
        raise BadData(f"{name} has {many} with a caption. Give at least two.")
    empty = [item for item, text in zip(items, captions, strict=True) if not text.strip()]
    names = tuple(items[row] for row in full)
    labels = np.zeros(len(full), np.int64)
    texts = Texts([captions[row].strip() for row in full])
    return ImageTextPairs(
        Dataset(name, (CLASS,), labels, names, samples.take(full)),
        Dataset(name, (CLASS,), labels, names, texts),
        left_out(empty, "the caption is empty"),
    )


def left_out(items: Sequence[str], why: str) -> tuple[Finding, ...]:
    """A finding on pictures that are left out; none if there are none."""
    if not items:
        return ()
    many = "1 picture is" if len(items) == 1 else f"{len(items)} pictures are"
    return (finding("left-out", "warning", f"{many} left out, as {why}: {items[0]}.", items),)


def with_findings(pairs: ImageTextPairs, *found: tuple[Finding, ...]) -> ImageTextPairs:
    """The pairs with more findings before their own."""
    return replace(pairs, findings=(*(one for some in found for one in some), *pairs.findings))
