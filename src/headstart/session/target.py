"""The unlabelled rows of another domain beside a session's own, and which methods learn from them."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from headstart.data.dataset import Dataset
from headstart.data.train_test_split import Rows

if TYPE_CHECKING:
    from headstart.session.session import Session


@dataclass(frozen=True)
class TargetDomain:
    """Rows of the domain that a model is for.

    Attributes:
        session: on samples without labels, with the source's backbone.
        target_labelled: on labelled rows of the same domain to learn from; None: there are none.
        some: rows of `session` that may be learned from; None: all.
    """

    session: "Session"
    target_labelled: "Session | None" = None
    some: Rows | None = None

    @property
    def rows(self) -> Rows:
        """Those that may be learned from."""
        return np.arange(len(self.session.data)) if self.some is None else self.some


def attach_target(
    session: "Session", target: Dataset, target_labelled: Dataset | None = None, some: Rows | None = None
) -> TargetDomain:
    """The target for a session on the source: unlabelled rows, and maybe a few labelled ones."""

    def on(data: Dataset) -> "Session":
        augment = data.modality.augment if session.augment else None
        return replace(session, data=data, augment=augment, source=None, target=None)

    return TargetDomain(on(target), None if target_labelled is None else on(target_labelled), some)
