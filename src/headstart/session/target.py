"""The unlabelled rows of another domain beside a session's own, and which methods learn from them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.core import BadInput, Domains, LabelKind, Method, Unlabelled, walk
from headstart.data.dataset import Dataset
from headstart.data.train_test_split import Rows

if TYPE_CHECKING:
    from headstart.session.session import Session


@dataclass(frozen=True)
class TargetRows:
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


def facing(
    session: "Session", target: Dataset, target_labelled: Dataset | None = None, some: Rows | None = None
) -> TargetRows:
    """The target for a session on the source: unlabelled rows, and maybe a few labelled ones."""

    def on(data: Dataset) -> "Session":
        augment = data.modality.augment if session.augment else None
        return replace(session, data=data, augment=augment, source=None, target=None)

    return TargetRows(on(target), None if target_labelled is None else on(target_labelled), some)


def without_labels(stages: Sequence[Method[Any]]) -> tuple[Method[Any], ...]:
    """The stages that need no labels at all.

    Raises:
        BadInput: there are none.
    """
    found = tuple(stage for stage in stages if stage.about.needs is Unlabelled)
    if not found:
        raise BadInput(
            f"{stages[-1].label} learns from labelled rows of the source, and there is only a saved model. "
            "Take shot, which needs no source, or give the source."
        )
    return found


def needs_target(method: Method[Any], kind: LabelKind = "classes") -> bool:
    """Whether a method learns from unlabelled rows, in any of its stages."""
    return any(issubclass(stage.about.needs, Domains | Unlabelled) for stage in method.stages(kind))


def refuse_targeted(methods: Iterable[Method[Any]], where: str) -> None:
    """Refuse methods that learn from an unlabelled target where there is none, such as in a curve.

    Raises:
        BadInput: it names the first of them and what takes a target.
    """
    for method in methods:
        if needs_target(method):
            raise BadInput(
                f"{method.label} learns from an unlabelled target too, and {where} has none. Take headstart "
                "align, hs.align, or hs.fit with hs.data.Domains(source, target)."
            )


def refuse_untargeted(methods: Iterable[Method[Any]]) -> None:
    """Refuse methods that can make nothing of a target.

    Raises:
        BadInput: it names those that can.
    """
    for method in methods:
        if learns_from_domains(method):
            continue
        if needs_target(method):
            raise BadInput(
                f"{method.label} adapts a model that is there while it answers, and learns none from labels. "
                "Take headstart stream or hs.stream."
            )
        able = sorted(kind.about.name for kind in walk() if learns_from_domains(kind()))
        raise BadInput(
            f"There is a target, but {method.label} makes nothing of it. These do: {', '.join(able)}."
        )


def refuse_without_target_labels(methods: Iterable[Method[Any]], target_labelled: object) -> None:
    """Refuse methods that need labelled rows of the target, where `target_labelled` is None.

    Raises:
        BadInput: it names the first of them and how to give such rows.
    """
    for method in methods:
        if target_labelled is None and method.about.needs_target_labels:
            raise BadInput(
                f"{method.label} learns from labelled rows of the target, and there are none. Give some: "
                "--target-labels, hs.align(..., target_labelled=(x, y)) or "
                "hs.data.Domains(source, target, target_labelled=(x, y)). "
                "coral and importance-weighting need none."
            )


def learns_from_domains(method: Method[Any]) -> bool:
    """Whether a method learns from a labelled source what suits an unlabelled target."""
    stages = method.stages()
    return any(issubclass(stage.about.needs, Domains) for stage in stages) or method.about.weights_source_rows
