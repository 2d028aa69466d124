"""The dataset of samples and labels that `load` returns."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from headstart.core import BadInput
from headstart.core.label_kind import LabelKind, label_kind_of

from .decode import read_picture
from .finding import Finding
from .labels import Labels, said, strata
from .levels import Window
from .modality import Modality, modalities
from .parallel import parallel_map
from .row_digests import row_digests
from .samples import Array, Kind, Raw, Rows, Samples, Texts, digest
from .tables import Table


@final
@dataclass(frozen=True, eq=False)
class Dataset:
    """n samples, each with a class, with tags or with numbers.

    Attributes:
        name: for titles and records.
        classes: names of the classes, of the tags, or of the columns of numbers.
        labels: int64 (n,), positions in `classes`; bool (n, k), which of k tags a row has; or float64
            (n, k), k numbers for each row.
        items: a file name or row name for each sample, for display.
        samples: the storage of the raw samples.
        groups: (n,) int64; rows of one group are always on the same side of a split.
        split: "train" or "test" for each row, if predefined by the user.
        attributes: (n,) int64, a nuisance attribute that may correlate with the class, such as the
            background; never an input of a model.
        attribute_names: of the values of `attributes`, which are positions in it.
        findings: what was noticed when the data were loaded, such as files that were left out.
        window: levels that become black and white in pictures of more than 8 bits; None if there are none.
        mixed: whether there are pictures of 8 bits beside those with a window.
        places: (n,) int64, the place of each row in the source; None if all are there, in their order.
    """

    name: str
    classes: tuple[str, ...]
    labels: Labels
    items: tuple[str, ...]
    samples: Samples
    groups: Rows | None = None
    split: tuple[str, ...] | None = None
    attributes: Rows | None = None
    attribute_names: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    window: Window | None = None
    mixed: bool = False
    places: Rows | None = None

    def __post_init__(self) -> None:
        columns: dict[str, Sequence[object] | Labels | Samples | None] = {
            "labels": self.labels,
            "items": self.items,
            "groups": self.groups,
            "split": self.split,
            "attributes": self.attributes,
        }
        for what, values in columns.items():
            if values is not None and len(values) != len(self.samples):
                raise BadInput(f"{self.name}: {len(self.samples)} samples, {len(values)} {what}.")
        if self.labels.ndim == 2 and self.labels.shape[1] != len(self.classes):
            raise BadInput(
                f"{self.name}: {self.labels.shape[1]} columns of labels, {len(self.classes)} names for them."
            )

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.samples)

    @property
    def label_kind(self) -> LabelKind:
        """Kind of the labels, from their dtype: "classes", "tags" or "numbers"."""
        return label_kind_of(self.labels)

    @cached_property
    def strata(self) -> Rows:
        """Strata (n,) int64: the rows of a stratum are spread evenly over the parts of a split.

        It is the class; of tags the rarest one that a row has, or one more for rows without any; of
        numbers the quantile of the first column.
        """
        return strata(self.labels)

    @property
    def kind(self) -> Kind:
        """Modality of the samples: "pictures", "texts", "tables", "numbers", or another modality."""
        return self.samples.kind

    @property
    def modality(self) -> "Modality[Dataset]":
        """The modality object, which implements all that depends on the kind of samples."""
        return modalities()[self.kind]

    @property
    def is_images(self) -> bool:
        """Whether the samples are pictures."""
        return self.kind == "pictures"

    @property
    def is_texts(self) -> bool:
        """Whether the samples are texts."""
        return self.kind == "texts"

    @property
    def table(self) -> Table | None:
        """All rows, if the samples are rows of a table; not a copy."""
        return self.samples if isinstance(self.samples, Table) else None

    @property
    def texts(self) -> Sequence[str] | None:
        """All texts, if the samples are texts; not a copy."""
        return self.samples.texts if isinstance(self.samples, Texts) else None

    @property
    def array(self) -> NDArray[np.generic] | None:
        """All samples as one array (n, ...), if they are stored as one; not a copy."""
        return self.samples.array if isinstance(self.samples, Array) else None

    def raw(self, row: int) -> Raw:
        """The raw sample as stored: encoded bytes, pixels or features."""
        return self.samples.raw(row)

    def shown(self, row: int, raw: Raw | None = None) -> Raw:
        """The raw sample as it is shown and compared: a picture of more than 8 bits in 8, by the window.

        Args:
            row: its number.
            raw: the sample as stored, if it was read already.

        Raises:
            BadData: it can't be read; the text names it.
        """
        raw = self.raw(row) if raw is None else raw
        if self.window is None or isinstance(raw, str):
            return raw
        return np.asarray(read_picture(raw, self.items[row], self.window))

    def picture(self, row: int) -> Image.Image | None:
        """The row as an RGB picture in its full size; None if the modality has none.

        Raises:
            BadData: it can't be read; the text names it.
        """
        return self.modality.picture(self.shown(row), self.items[row])

    def named(self, row: int) -> str:
        """Display name of a row: its item, with the first words of a text or a few cells of a table."""
        return self.modality.named(self, row)

    def said(self, row: int) -> str:
        """The label of a row in words: "cat", "red, round", "no tag", "price = 3.2"."""
        return said(self.labels[row], self.classes)

    @property
    def group_count(self) -> int:
        """How many groups the rows are in; without groups each row is one."""
        return len(self) if self.groups is None else len(np.unique(self.groups))

    def groups_of(self, rows: ArrayLike) -> Rows | None:
        """The groups (n,) of rows (n,); None if the data have no groups."""
        return None if self.groups is None else self.groups[np.asarray(rows, dtype=np.int64)]

    def subset(self, rows: ArrayLike) -> "Dataset":
        """Dataset of the given rows in the given order, with the same classes."""
        index: Rows = np.asarray(rows, dtype=np.int64).reshape(-1)
        part = Dataset(
            name=self.name,
            classes=self.classes,
            labels=self.labels[index],
            items=tuple(self.items[row] for row in index),
            samples=self.samples.take(index),
            groups=self.groups_of(index),
            split=None if self.split is None else tuple(self.split[row] for row in index),
            attributes=None if self.attributes is None else self.attributes[index],
            attribute_names=self.attribute_names,
            findings=self.findings,
            window=self.window,
            mixed=self.mixed,
            places=index if self.places is None else self.places[index],
        )
        known = self.__dict__.get("digests")
        return part if known is None else part.knowing(tuple(known[row] for row in index))

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """Hex digest of each row's raw content (128 bits; BLAKE2b, but for tables), computed once."""
        if self.table is not None:
            return row_digests(self.table)
        return tuple(parallel_map(lambda row: digest(self.raw(row)), range(len(self))))

    @cached_property
    def content(self) -> str:
        """Hex digest of all rows in their order, their labels and the class names."""
        whole = hashlib.blake2b(digest_size=16)
        whole.update(repr(self.classes).encode())
        if self.label_kind != "classes":
            whole.update(f"{self.label_kind} {self.labels.shape}".encode())
        whole.update(self.labels.tobytes())
        whole.update("".join(self.digests).encode())
        if self.attributes is not None:
            whole.update(repr(self.attribute_names).encode() + self.attributes.tobytes())
        if self.window is not None:
            whole.update(repr(self.window).encode())
        return whole.hexdigest()

    def knowing(self, digests: tuple[str, ...]) -> "Dataset":
        """Copy of this dataset with precomputed digests."""
        self.__dict__["digests"] = digests
        return self
