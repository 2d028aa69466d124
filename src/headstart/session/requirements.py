"""What methods learn from beside labelled rows, by the batches that they eat and by their traits."""

from collections.abc import Iterable, Sequence
from typing import Any

from headstart.core import BadInput, Domains, LabelKind, Method, SourceLabelled, TwoTasks, Unlabelled, walk


def learns_on_source_alone(stage: Method[Any]) -> bool:
    """Whether a stage learns from the source task alone."""
    return stage.about.needs is SourceLabelled


def needs_source(method: Method[Any], kind: LabelKind = "classes") -> bool:
    """Whether a method learns from a source task, in any of its stages."""
    return any(stage.about.needs in (SourceLabelled, TwoTasks) for stage in method.stages(kind))


def needs_target(method: Method[Any], kind: LabelKind = "classes") -> bool:
    """Whether a method learns from unlabelled rows of a target domain, in any of its stages."""
    return any(issubclass(stage.about.needs, Domains | Unlabelled) for stage in method.stages(kind))


def learns_from_domains(method: Method[Any]) -> bool:
    """Whether a method learns from a labelled source what suits an unlabelled target."""
    stages = method.stages()
    return any(issubclass(stage.about.needs, Domains) for stage in stages) or method.about.weights_source_rows


def label_free_stages(stages: Sequence[Method[Any]]) -> tuple[Method[Any], ...]:
    """The stages that need no labels at all.

    Raises:
        BadInput: there are none.
    """
    unlabelled = tuple(stage for stage in stages if stage.about.needs is Unlabelled)
    if not unlabelled:
        raise BadInput(
            f"{stages[-1].label} learns from labelled rows of the source, and there is only a saved model. "
            "Take shot, which needs no source, or give the source."
        )
    return unlabelled


def require_data(
    methods: Iterable[Method[Any]],
    where: str,
    *,
    source: bool = False,
    target: bool = False,
    target_labelled: bool = False,
) -> None:
    """Raise unless all that the methods learn from beside labelled rows is there.

    Args:
        methods: that are to be carried out.
        where: what lacks the data, as in "a curve".
        source: whether there is a source task.
        target: whether there are unlabelled rows of a target domain.
        target_labelled: whether some of the target's rows are labelled.

    Raises:
        BadInput: it names the first method that lacks something, and how to give it.
    """
    for method in methods:
        if not source and needs_source(method):
            raise BadInput(
                f"{method.label} learns from a source task too, and {where} has none. Give it one with "
                f"source= in hs.adapt or hs.fit, or with --source on the command line of adapt."
            )
        if not target and needs_target(method):
            raise BadInput(
                f"{method.label} learns from an unlabelled target too, and {where} has none. Take headstart "
                "align, hs.align, or hs.fit with hs.data.Domains(source, target)."
            )
        if target and not target_labelled and method.about.needs_target_labels:
            raise BadInput(
                f"{method.label} learns from labelled rows of the target, and there are none. Give some: "
                "--target-labels, hs.align(..., target_labelled=(x, y)) or "
                "hs.data.Domains(source, target, target_labelled=(x, y)). "
                "coral and importance-weighting need none."
            )


def require_source_use(methods: Sequence[Method[Any]]) -> None:
    """Raise unless one of the methods, if there are any, learns from the source task that was given.

    Raises:
        BadInput: it names the methods that do.
    """
    if methods and not any(map(needs_source, methods)):
        names = ", ".join(sorted(kind.about.name for kind in walk() if needs_source(kind())))
        raise BadInput(f"There is a source, but no method learns from it. These do: {names}.")


def require_target_use(methods: Iterable[Method[Any]]) -> None:
    """Raise unless each of the methods learns from the labelled source and the target that were given.

    Raises:
        BadInput: it names the methods that do.
    """
    for method in methods:
        if learns_from_domains(method):
            continue
        if needs_target(method):
            raise BadInput(
                f"{method.label} adapts a model that is there while it answers, and learns none from labels. "
                "Take headstart stream or hs.stream."
            )
        names = ", ".join(sorted(kind.about.name for kind in walk() if learns_from_domains(kind())))
        raise BadInput(f"There is a target, but {method.label} makes nothing of it. These do: {names}.")
