"""Which methods are tried against training on the source alone, and what their steps are called."""

from typing import Any

from headstart.core import Method, make, require_label_kind
from headstart.data.dataset import Dataset
from headstart.models.backbone import AnyBackbone
from headstart.session.requirements import label_free_stages, learns_from_domains, require_target_use
from headstart.studies.align import SOURCE_ONLY

DEFAULT = (  # a few of each family
    SOURCE_ONLY,
    "importance-weighting",
    "coral",
    "deep-coral",
    "dann",
    "mcc",
    "self-training",
    "shot",
)
WITHOUT_SOURCE = ("shot",)  # where there is a saved model only
BLOCKS = 2  # of a backbone by name that learn, unless told otherwise


def methods_for(chosen: list[Method[Any]], source: Dataset, last: int) -> list[Method[Any]]:
    """Source-only, and the methods that were named or a few of each family that can learn the labels."""
    for method in chosen:
        require_label_kind(method, source.label_kind)
    require_target_use(chosen)
    usual = [method for method in map(make, DEFAULT) if source.label_kind in method.about.label_kinds]
    wanted = with_last(chosen or usual, last)
    (baseline,) = with_last([make(SOURCE_ONLY)], last)
    first = next((one for one in wanted if one.about.name == SOURCE_ONLY), baseline)
    rest = [one for one in wanted if one.about.name != SOURCE_ONLY]
    assert all(learns_from_domains(one) for one in rest)
    return [first, *dict.fromkeys(rest)]


def methods_without_source(chosen: list[Method[Any]], last: int) -> list[Method[Any]]:
    """The model as it is, under the name of source-only, and methods that need no row of a source.

    Raises:
        BadInput: one of them needs a source; it is named.
    """
    for method in chosen:
        label_free_stages(method.stages())
    baseline, *usual = with_last([make(SOURCE_ONLY), *map(make, WITHOUT_SOURCE)], last)
    return [baseline, *dict.fromkeys(with_last(chosen, last) or usual)]


def by_name(mapping: AnyBackbone) -> bool:
    """Whether it is a network by name, which has learned something that most of it should keep."""
    return mapping.source["kind"] not in ("own", "table")


def label(method: Method[Any]) -> str:
    """What a method is called in the table: source-only whatever its settings are."""
    return SOURCE_ONLY if method.about.name == SOURCE_ONLY else method.label


def trial_name(label: str, seed: int) -> str:
    """What the training of one seed is called, as a step and on the screen."""
    return f"{label}, seed {seed}"


def with_last(methods: list[Method[Any]], last: int | None) -> list[Method[Any]]:
    """The methods, tuning only so many of the last blocks where they do not say themselves."""
    return [method.limit_blocks(last) for method in methods] if last else methods
