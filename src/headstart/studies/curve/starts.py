"""What the methods of a curve begin with: given weights, random ones, or those of a pre-training."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from headstart.core import BadInput, Method, Seeded, SeededLabelled, derive_seed, walk
from headstart.data.dataset import Dataset
from headstart.data.source_task import align_labels
from headstart.face import spell
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.pretraining.supervised import SupervisedPretraining
from headstart.methods.tuning import TuningSettings
from headstart.models.backbone import AnyBackbone
from headstart.session.requirements import learns_on_source_alone
from headstart.studies._runner import methods_of
from headstart.studies.curve import CurveSettings

GIVEN, SCRATCH = "given", "scratch"
SUPERVISED = "supervised-pretraining"


@dataclass(frozen=True)
class Start:
    """What methods begin with.

    Attributes:
        label: unique in the curve.
        title: in plain words.
        method: that pre-trains; None: nothing does.
        upstream: whether it learns on the upstream data; else on the training part, without labels.
    """

    label: str
    title: str
    method: Method[Any] | None = None
    upstream: bool = False

    def recipe_overrides(self) -> Mapping[str, Any]:
        """Fields of the recipe that the pre-training sets itself."""
        assert self.method is not None
        return self.method.stages()[0].recipe_overrides()

    def pretraining(self) -> Method[Any]:
        """What pre-trains the backbone and does nothing after it, on labelled rows or without labels."""
        assert self.method is not None
        first: Any = self.method.stages()[0]
        if not isinstance(first, SupervisedPretraining):
            return replace(first, then="nothing")  # type: ignore[no-any-return]
        shared = {each.name: getattr(first, each.name) for each in fields(TuningSettings)}
        tuned = FineTune(**shared)
        return tuned.at_full_rate() if first.start == "random" else tuned

    def weights(self, backbone: AnyBackbone, seed: int) -> AnyBackbone:
        """The backbone before any pre-training: random weights of the seed, if it has learned nothing."""
        return backbone if self.goes_on(backbone) else backbone.untrained(derive_seed(seed, "start"))

    def goes_on(self, backbone: AnyBackbone) -> bool:
        """Whether it begins with what the backbone has learned."""
        return self.label != SCRATCH and backbone.learned and not _begins_anew(self)

    @property
    def without_labels(self) -> bool:
        """Whether it is pre-trained by a method that learns from samples alone."""
        return self.method is not None and self.method.about.needs is Seeded


def _begins_anew(start: Start) -> bool:
    return start.method is not None and getattr(start.method.stages()[0], "start", GIVEN) == "random"


def starts_of(settings: CurveSettings, inputs: Mapping[str, Any]) -> list[Start]:
    """The starts, the one that the others are compared with first; none if nothing is pre-trained.

    Raises:
        BadInput: a method does not pre-train, would see the labels of the training part, or lacks its data.
    """
    data, upstream = inputs["data"], inputs.get("upstream")
    own = methods_of(settings.pretrain, inputs)
    other = methods_of(_upstream(settings, upstream is not None), inputs)
    for method in own:
        _require_label_free(method)
    for method in other:
        _require_pretraining(method, (Seeded, SeededLabelled))
    if other and upstream is None:
        raise BadInput(
            f"{spell('pretrain_upstream', other[0].label)} learns on other data, and there are none: give "
            f"{spell('upstream', ..., stands='DATA')}."
        )
    if not own and not other:
        return []
    plain = [Start(GIVEN, "Given weights")] if inputs["backbone"].learned else []
    plain.append(Start(SCRATCH, "Random weights"))
    learned = [Start(method.label, f"{method.title} on {data.name}", method) for method in own]
    for method in other:
        assert upstream is not None
        title = f"{method.title} on {upstream.name}"
        learned.append(Start(f"{method.label} upstream", title, method, True))
    return [*plain, *learned]


def _upstream(settings: CurveSettings, there: bool) -> tuple[str, ...]:
    """What pre-trains on the upstream data: what was named, or what learns its labels and what needs none."""
    return settings.pretrain_upstream or ((SUPERVISED, *settings.pretrain) if there else ())


def _require_label_free(method: Method[Any]) -> None:
    if issubclass(method.stages()[0].about.needs, SeededLabelled) or learns_on_source_alone(
        method.stages()[0]
    ):
        raise BadInput(
            f"{method.label} learns from labels, and the rows that a curve draws its few labelled ones from "
            f"have none. Give it other data: {spell('pretrain_upstream', method.label)} with "
            f"{spell('upstream', ..., stands='DATA')}."
        )
    _require_pretraining(method, (Seeded,))


def _require_pretraining(method: Method[Any], batches: tuple[type, ...]) -> None:
    """Refuse a method whose first stage is no pre-training."""
    first = method.stages()[0]
    if not issubclass(first.about.needs, batches) and not learns_on_source_alone(first):
        raise BadInput(
            f"{method.label} does not pre-train. Those that do: {', '.join(sorted(_known(batches)))}."
        )


def _known(batches: tuple[type, ...]) -> Iterable[str]:
    return (kind.about.name for kind in walk() if issubclass(kind.about.needs, batches))


def load_upstream(upstream: Dataset | None, data: Dataset) -> Dataset | None:
    """The upstream data, which the backbone must be able to read as it reads the data.

    Raises:
        BadData: its rows are of another kind or shape.
    """
    return None if upstream is None else align_labels(upstream, data)
