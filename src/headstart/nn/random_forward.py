"""Whether a network in training gives random outputs, as by dropout."""

import torch
from torch import Tensor

from headstart.core import Backbone


def is_random(backbone: Backbone, x: Tensor) -> bool:
    """Whether two forwards of the same x (n, ...) in training differ; modes and statistics are restored."""
    flags = [(module, module.training) for module in backbone.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in backbone.buffers()]
    devices = [x.device] if x.device.type == "cuda" else []
    try:
        backbone.train()
        with torch.no_grad(), torch.random.fork_rng(devices):
            return not torch.equal(backbone(x), backbone(x))
    finally:
        for module, flag in flags:
            module.training = flag
        for buffer, value in buffers:
            buffer.copy_(value)
