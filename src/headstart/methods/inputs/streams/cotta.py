import copy
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from headstart.core import About, Backbone, Ctx, Descend, Do, Head, Loss, Model, On, Parts, Task, Unlabelled
from headstart.nn.adaptive_norm import adaptive, watch

from ._norm_entropy import NormEntropySettings, predict_stream, stream_parts
from ._views import another


@final
@dataclass(frozen=True, kw_only=True)
class CoTTA(NormEntropySettings):
    """A mean teacher predicts, averaged over views where it is uncertain, and the backbone learns from it.

    A few weights at random are restored to those of the source in each step, against forgetting.

    Attributes:
        keep: share of the teacher that stays in each step, in [0, 1].
        restore: probability of each weight to go back to the source's after a step, in [0, 1].
        views: views of the batch that the teacher's answer is the mean of, >= 0; 0: the batch itself.
        sure: mean confidence of the source in [0, 1] from which the teacher looks at the batch itself.
    """

    about = About(
        "cotta",
        "mapping",
        "inputs",
        Unlabelled,
        "arXiv:2203.13591",
        per_sample_loss=False,
        batch_statistics=True,
        stochastic_loss=True,
        label_kinds=("classes",),
        display_name="CoTTA: a slow teacher",
    )
    keep: float = 0.999
    restore: float = 0.01
    views: int = 8
    sure: float = 0.92

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("keep", "restore", "sure"):
            self.check(name, 0 <= getattr(self, name) <= 1, "in [0, 1]")
        self.check("views", self.views >= 0, ">= 0")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """Backbone and head of the source, with norms that follow the stream, if any; teacher and source."""
        parts = stream_parts(adaptive(backbone, self.statistics, self.prior), task)
        others = {name: copy.deepcopy(parts["backbone"]) for name in ("teacher", "source")}
        return Parts({**parts, **others})

    def moves(self) -> tuple[Any, ...]:
        """The student descends; then the teacher follows and some weights go back."""
        follow = Do(self.follow, changes=("backbone", "teacher", "source"))
        return (Descend(self.loss, on=(On("backbone"),)), follow)

    def predictor(self, parts: Parts) -> Model:
        """The teacher."""
        teacher, head = parts["teacher"], parts["head"]
        assert isinstance(teacher, Backbone)
        assert isinstance(head, Head)
        return Model(teacher, head)

    def loss(self, parts: Parts, batch: Unlabelled, ctx: Ctx) -> Loss:
        """The mean divergence of the student's predictions from the teacher's."""
        with torch.no_grad():
            outputs = self.taught(parts, batch.x, ctx)
        target = outputs.float().log_softmax(1)
        logits = predict_stream(parts, batch.x).float().log_softmax(1)
        return Loss.sum(outputs, teacher=(target.exp() * (target - logits)).sum(1).mean())

    def taught(self, parts: Parts, x: Tensor, ctx: Ctx) -> Tensor:
        """Logits (n, classes): the teacher's of x, or its mean over views where the source is uncertain."""
        head, teacher = parts["head"].eval(), watch(parts["teacher"])
        answers = [head(teacher(x))]
        if self.views and self.unsure(parts, x, ctx):
            teacher.eval()  # views are no rows of the stream: its statistics do not follow them
            answers = [head(teacher(another(x))) for _ in range(self.views)]
        return torch.stack(answers).mean(0)

    def unsure(self, parts: Parts, x: Tensor, ctx: Ctx) -> bool:
        """Whether the source's mean confidence in the rows of all processes is low."""
        logits = parts["head"](watch(parts["source"])(x))
        return bool(ctx.gather(logits.float().softmax(1).amax(1)).mean() < self.sure)

    def follow(self, parts: Parts, batch: Unlabelled, ctx: Ctx) -> None:
        """The teacher moves a little towards the student; random weights of it go back to the source's."""
        seed = int(ctx.gather(torch.randint(2**62, (1,)))[0])  # the same in all processes
        device = batch.x.device
        g = torch.Generator(device=device).manual_seed(seed)
        three = (parts[name].parameters() for name in ("backbone", "teacher", "source"))
        for student, teacher, source in zip(*three, strict=True):
            teacher.lerp_(student, 1 - self.keep)
            if self.restore:
                back = torch.rand(student.shape, generator=g, device=device) < self.restore
                student.copy_(torch.where(back, source, student))
