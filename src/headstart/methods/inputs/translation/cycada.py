from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from torch import Tensor

from headstart.core import About, Domains, Parts, label_kind_of
from headstart.losses.translation import answers_as_labels, semantic_loss

from .unpaired import Made, UnpairedTranslation


@final
@dataclass(frozen=True, kw_only=True)
class CyCADA(UnpairedTranslation):
    """CycleGAN with a semantic loss: predictions of the source model must survive the translation.

    The model was trained on the source and is frozen. Of source samples it has to tell the label after
    the translation too; of target samples what it said before. This is the part of CyCADA at the level of
    pixels; its alignment of features is a method of its own, such as dann on translated rows.

    Attributes:
        semantic: weight of that, >= 0; 0 is CycleGAN.
    """

    about = About(
        "cycada",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1711.03213",
        per_sample_loss=False,
        stochastic_loss=True,
        display_name="CyCADA",
    )
    semantic: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("semantic", 0 <= self.semantic < float("inf"), ">= 0")

    def extra_terms(self, parts: Parts, batch: Domains, made: Made) -> Mapping[str, Tensor]:
        """The semantic loss."""
        if not self.semantic:
            return {}
        _, _, as_target, as_source = made
        before = self._answers(parts, self.given(parts, batch.target))
        says = [self._answers(parts, parts["units"].out(z)) for z in (as_target, as_source)]  # type: ignore[operator]
        labels = [batch.source.y, answers_as_labels(before, label_kind_of(batch.source.y))]
        return {"semantic": self.semantic * semantic_loss(says, labels, [batch.source.weight, None])}

    def _answers(self, parts: Parts, x: Tensor) -> Tensor:
        found: Tensor = parts["head"](parts["backbone"](x))
        return found
