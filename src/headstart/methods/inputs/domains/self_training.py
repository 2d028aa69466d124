import copy
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor
from torch.nn.functional import cross_entropy

from headstart.core import About, Backbone, Ctx, Descend, Do, Domains, Loss, Model, Parts, Task
from headstart.methods.tuning import tuned_on, tuned_parts
from headstart.nn.confidence import UNSURE, Confidence
from headstart.nn.other_weights import call_with_weights
from headstart.solvers.temperature import best_scale

from ._alignment import AlignmentSettings, forward_domains, source_loss, with_target_labelled


@final
@dataclass(frozen=True, kw_only=True)
class SelfTraining(AlignmentSettings):
    """Learn from pseudo-labels of a teacher, the moving average of the model, where it is confident.

    Its confidence is calibrated on source rows: by the best temperature for the last 512 of its predictions
    there, at least 1. Its class is the pseudo-label of each target row of which it is confident enough.

    Attributes:
        threshold: the least calibrated probability of a label that is learned from, in [0, 1).
        flexible: whether the threshold is lower for classes that few rows are confidently of.
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
        display_name="Self-training",
    )
    threshold: float = 0.9
    flexible: bool = False
    decay: float = 0.99

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("threshold", 0 <= self.threshold < 1, "in [0, 1)")
        self.check("decay", 0 <= self.decay < 1, "in [0, 1)")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone and a linear head; the teacher, and what it needs to calibrate its confidence."""
        parts = tuned_parts(self, backbone, task)
        if self.weight:
            parts["teacher"] = copy.deepcopy(Model.of(parts))
            parts["confidence"] = Confidence(task.outputs)
        return parts

    def moves(self) -> tuple[Any, ...]:
        """The teacher labels, the model learns, the teacher follows."""
        descend = Descend(self.loss, on=tuned_on(self))
        if not self.weight:
            return (descend,)
        label = Do(self.label_target, changes=("confidence",))
        return (label, descend, Do(self.follow, changes=("teacher",)))

    def label_target(self, parts: Parts, batch: Domains, ctx: Ctx) -> None:
        """Calibrate the teacher on the source, and find the target rows that it is confident of."""
        samples = with_target_labelled(batch, batch.source.x, batch.target)
        logits = _by_teacher(parts, samples).float()
        n, confidence = len(batch.source), _confidence(parts)
        confidence.store(ctx.gather(logits[:n]), ctx.gather(batch.source.y))
        # rows that were learned from would ask for ever more confident predictions
        confidence.scale.fill_(min(1.0, best_scale(*confidence.known)))
        confidence.set_pseudo_labels(ctx.gather(logits[n:]), self.threshold, self.flexible)

    def loss(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The label loss, and the cross-entropy with the teacher's class; 0 where it is not confident."""
        if not self.weight:
            return source_loss(parts, batch, ctx, self.smoothing)
        outputs, labels = forward_domains(parts, batch, ctx, self.smoothing)
        pseudo_labels, logits = _confidence(parts).pseudo_labels, outputs.target_logits.float()
        total = cross_entropy(logits, pseudo_labels, ignore_index=UNSURE, reduction="sum")
        return Loss.sum(**labels, self=self.strength(ctx) * (total / len(pseudo_labels)))

    def follow(self, parts: Parts, batch: Domains, ctx: Ctx) -> None:
        """Teacher <- decay * teacher + (1 - decay) * model; counters are copied."""
        decay = min(self.decay, (1 + ctx.step) / (10 + ctx.step))
        teacher, student = parts["teacher"].state_dict(), Model.of(parts).state_dict()
        for name, value in teacher.items():
            if value.is_floating_point():
                value.lerp_(student[name], 1 - decay)
            else:
                value.copy_(student[name])

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)


def _by_teacher(parts: Parts, x: Tensor) -> Tensor:
    """The teacher's logits (n, classes), computed by the student's modules with its own tensors.

    So what is frozen, which is the same in both, is read from a cache where the student's is.
    """
    teacher = parts["teacher"]
    tensors = dict(teacher.named_parameters()) | dict(teacher.named_buffers())
    logits: Tensor = call_with_weights(Model.of(parts), tensors, x)
    return logits


def _confidence(parts: Parts) -> Confidence:
    found = parts["confidence"]
    assert isinstance(found, Confidence)
    return found
