"""Adapters: a few percent of the weights give almost full fine-tuning; convolution adapters fold for free."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of, value_of
from headstart.claims._digits import Rows, accuracy, shuffled, upstream
from headstart.claims._lab import Lab
from headstart.claims._tuning import DIGITS, FULL, few_of, own_task, tune
from headstart.models.backbone import backbone
from headstart.nn.adapters.apart import set_of
from headstart.predictor.predictor import Predictor
from headstart.records.claims import Mark, Panel

LABELS = 50
ARMS = {
    "probe": ("logistic-probe", "linear probe"),
    "lora": ("lora:rank=1,backbone_lr=3.0", "LoRA of rank 1"),
    "residual": ("conv-adapters:how=parallel,backbone_lr=3.0", "residual adapters"),
    "full": (FULL, "fine-tuning"),
}


class Beside(nn.Module):
    """A convolution, and a matrix of its channels beside it: a residual adapter that is not folded."""

    def __init__(self, conv: nn.Module, matrix: Tensor) -> None:
        super().__init__()
        self.conv = conv
        self.register_buffer("matrix", matrix.detach()[:, :, None, None])

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (n, channels, height, width)."""
        outputs: Tensor = self.conv(x) + nn.functional.conv2d(x, self.get_buffer("matrix"))
        return outputs


def unfolded(net: nn.Module, model: Predictor, rows: Rows) -> nn.Module:
    """The backbone before it learned, with what the adapters learned beside its convolutions."""
    found = set_of(model.model.backbone)
    assert found is not None
    whole: nn.Module = copy.deepcopy(backbone(net, example=rows.x[:2]))
    for path, adapter in found.adapters.items():
        parent, _, name = path.rpartition(".")
        matrix = adapter.get_parameter("matrix")
        setattr(whole.get_submodule(parent), name, Beside(whole.get_submodule(path), matrix))
    return whole.eval()


def operations(module: nn.Module, x: Tensor) -> float:
    """Floating-point operations of a forward."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(x)
    return float(counter.get_total_flops())


def share_trained(model: Predictor) -> float:
    """Weights in adapters, relative to those of the backbone."""
    found = set_of(model.model.backbone)
    assert found is not None
    adapters = sum(one.numel() for adapter in found.adapters.values() for one in adapter.parameters())
    return adapters / sum(one.numel() for one in model.model.backbone.parameters())


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracies on the task, shares of weights that learn, and what folding costs."""
    net = upstream(lab, seed)
    rows, test = own_task(lab, seed)
    few = few_of(lab, seed, rows, lab.pick(quick=LABELS, full=LABELS, tiny=4))
    few = shuffled(few, lab.generator("shuffled", seed)) if lab.null else few
    steps = lab.pick(quick=200, full=1000, tiny=5)
    models = {
        name: tune(method, net, few, steps, lab.derive("adapters", seed))
        for name, (method, _) in ARMS.items()
    }
    found: Numbers = {name: accuracy(model, test) for name, model in models.items()}
    found |= {f"share {name}": share_trained(models[name]) for name in ("lora", "residual")}
    folded, beside = models["residual"].model.backbone.eval(), unfolded(net, models["residual"], test)
    with torch.no_grad():
        one, other = folded(test.x), beside(test.x)
    bare = operations(backbone(net, example=test.x[:2]).eval(), test.x)
    found |= {
        "rounding": float((one - other).abs().max() / other.abs().max()),
        "operations folded": operations(folded, test.x) / bare,
        "operations beside": operations(beside, test.x) / bare,
    }
    return found


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """Accuracies, weights and operations."""
    chosen = ("lora", "residual")
    accuracies = [Mark(text, mean_of(seeds, name), name in chosen) for name, (_, text) in ARMS.items()]
    weights = [Mark(ARMS[name][1], mean_of(seeds, f"share {name}"), True) for name in chosen]
    costs = [
        Mark("adapters beside the convolutions", mean_of(seeds, "operations beside")),
        Mark("folded into the filters", mean_of(seeds, "operations folded"), True),
    ]
    return [
        Panel("The digits 5 to 9", "accuracy", marks=accuracies),
        Panel("Weights that learn in the backbone", "share of all of its weights", marks=weights),
        Panel("A forward", "operations, times the bare network's", marks=costs, share=False, zero=1.0),
    ]


CLAIM = Claim(
    number=14,
    name="adapters",
    title="A few percent of the weights give almost full fine-tuning",
    statement=(
        "LoRA with about one weight for twenty of the backbone's, and residual adapters with one for nine, "
        "are better than a linear probe and at most 3 points below full fine-tuning. Residual adapters fold "
        "into the filters: the same outputs up to rounding, with the operations of the bare network."
    ),
    paper="arXiv:1803.10082",
    data=DIGITS.format(labels=LABELS),
    compared="The same network, rows and steps: a probe, LoRA, residual adapters, and all of the network.",
    null="the labels of the task are shuffled",
    holds="Keep one backbone and a few percent for each task; fold what can be folded before it is shipped.",
    fails=(
        "Where a linear probe does as well, take the probe; where adapters fall behind, the task is too far "
        "from what the backbone knows for so few weights, or they had too few steps."
    ),
    effects=(
        Effect("LoRA over a linear probe", difference("lora", "probe")),
        Effect("LoRA over full fine-tuning", difference("lora", "full"), -0.03),
        Effect("Residual adapters over a linear probe", difference("residual", "probe")),
        Effect("Residual adapters over full fine-tuning", difference("residual", "full"), -0.03),
        Effect("Weights of LoRA below 6 % of all", lambda numbers: 0.06 - value_of(numbers, "share lora")),
        Effect(
            "Outputs of folded and unfolded adapters closer than 1e-4 of the largest",
            lambda numbers: 1e-4 - value_of(numbers, "rounding"),
            unit="",
        ),
        Effect(
            "Operations of the bare network over those of the folded",
            lambda numbers: 1 / value_of(numbers, "operations folded"),
            0.999,
            "times",
        ),
    ),
    measure=measure,
    draw=draw,
)
