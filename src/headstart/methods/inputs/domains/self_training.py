import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor
from torch.nn.functional import cross_entropy

from headstart.core import About, Backbone, Ctx, Do, Domains, Parts, Task
from headstart.nn.confidence import UNSURE, Confidence
from headstart.nn.joined import joined
from headstart.solvers.temperature import best_scale

from ._aligning import Aligning, Seen


@final
@dataclass(frozen=True, kw_only=True)
class SelfTraining(Aligning):
    """Learn from what a teacher, the running average of the model, is sure of on the target.

    How sure it may be taken to be is found on source rows: the temperature that serves the last 512 of its
    answers to them best, at least 1. Its class is the label of each target row that it is sure enough of.

    Attributes:
        threshold: the least calibrated probability of a label that is learned from, in [0, 1).
        flexible: whether the threshold is lower for classes that few rows are sure to be of.
        decay: of the teacher's running average, in [0, 1); less in the first steps.
    """

    about = About(
        "self-training",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1706.05208",
        per_sample_loss=False,
        label_kinds=("classes",),
    )
    threshold: float = 0.9
    flexible: bool = False
    decay: float = 0.99

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("threshold", 0 <= self.threshold < 1, "in [0, 1)")
        self.check("decay", 0 <= self.decay < 1, "in [0, 1)")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """As for all tuning, and the teacher with what it remembers."""
        parts = super().parts(backbone, task)
        if self.weight:
            parts["teacher"] = copy.deepcopy(self.predictor(parts))
            parts["confidence"] = Confidence(task.outputs)
        return parts

    def moves(self) -> tuple[Any, ...]:
        """The teacher judges, the model learns, the teacher follows."""
        if not self.weight:
            return super().moves()
        judge = Do(self.judge, changes=("confidence",))
        return (judge, *super().moves(), Do(self.follow, changes=("teacher",)))

    def judge(self, parts: Parts, batch: Domains, ctx: Ctx) -> None:
        """Calibrate the teacher on the source, and find the target rows that it is sure of."""
        target_labelled = () if batch.target_labelled is None else (batch.target_labelled.x,)
        logits = parts["teacher"](joined([batch.source.x, batch.target, *target_labelled])).float()
        n, confidence = len(batch.source), _confidence(parts)
        confidence.remember(ctx.gather(logits[:n]), ctx.gather(batch.source.y))
        # rows that were learned from would call for ever surer answers
        confidence.scale.fill_(min(1.0, best_scale(*confidence.known)))
        confidence.judge(ctx.gather(logits[n:]), self.threshold, self.flexible)

    def align(self, parts: Parts, seen: Seen, ctx: Ctx) -> Mapping[str, Tensor]:
        """The cross-entropy with the teacher's class; 0 for rows that it is not sure of."""
        goals, logits = _confidence(parts).goals, seen.target_logits.float()
        loss = cross_entropy(logits, goals, ignore_index=UNSURE, reduction="sum") / len(goals)
        return {"self": self.strength(ctx) * loss}

    def follow(self, parts: Parts, batch: Domains, ctx: Ctx) -> None:
        """Teacher <- decay * teacher + (1 - decay) * model; what is counted is taken over."""
        decay = min(self.decay, (1 + ctx.step) / (10 + ctx.step))
        teacher, student = parts["teacher"].state_dict(), self.predictor(parts).state_dict()
        for name, value in teacher.items():
            if value.is_floating_point():
                value.lerp_(student[name], 1 - decay)
            else:
                value.copy_(student[name])


def _confidence(parts: Parts) -> Confidence:
    found = parts["confidence"]
    assert isinstance(found, Confidence)
    return found
