"""Whether a network takes an input of another size than it was made for."""

import torch
from torch import Tensor

from headstart.core import Backbone


def takes(backbone: Backbone, x: Tensor) -> bool:
    """Whether a backbone gives features (n, width) of x (n, ...); it is tried, and its modes are restored."""
    flags = [(module, module.training) for module in backbone.modules()]
    device = next((one.device for one in backbone.parameters()), x.device)
    try:
        with torch.no_grad():
            features: Tensor = backbone.eval()(x.to(device))
        return features.shape == (len(x), backbone.width)
    except Exception:  # networks of a fixed size refuse others each in its own way
        return False
    finally:
        for module, flag in flags:
            module.training = flag
