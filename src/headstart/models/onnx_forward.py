"""The forward of a backbone by ONNX Runtime's CPU provider, where it is installed."""

import copy
import io
import warnings
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from headstart.core import Backbone

from .fused import is_same_padded, same_padding
from .tracing import quiet

ONNX = "onnxruntime"  # the name of the engine
LARGEST = 2**30  # bytes of weights; a file of the format holds two of it


def has_onnxruntime() -> bool:
    """Whether the packages are there."""
    return all(find_spec(name) is not None for name in ("onnx", "onnxruntime"))


class OnnxForward(Backbone):
    """A backbone's features of pictures of one shape and type; all others go through `other`.

    Attributes:
        width: features per sample.
    """

    def __init__(self, backbone: Backbone, x: Tensor, other: Backbone) -> None:
        """Export `backbone`, which is not changed, as it computes x (n, 3, h, w), n >= 2, on a CPU.

        Raises:
            Exception: it can't be exported; of many types, as it may be any module.
        """
        super().__init__()
        self.width = backbone.width
        self.blocks = other.blocks
        self.other = other
        self._takes = (x.dtype, x.shape[1:])
        self._session = _session(_exported(backbone, x[:2].contiguous()))

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, width) of x (n, ...)."""
        if (x.dtype, x.shape[1:]) != self._takes or x.device.type != "cpu" or not len(x):
            features: Tensor = self.other(x)
            return features
        (found,) = self._session.run(None, {"x": x.contiguous().numpy()})
        return torch.from_numpy(found)


def _session(model: bytes) -> Any:
    """A session with as many threads as torch has."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    # threads that wait for work by spinning take the processor from whatever else runs
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _exported(backbone: Backbone, x: Tensor) -> bytes:
    """The model in ONNX, for any number of rows like those of x (n, ...)."""
    size = sum(t.numel() * t.element_size() for t in (*backbone.parameters(), *backbone.buffers()))
    if size > LARGEST:
        raise ValueError(f"{size} bytes of weights are too many for one file")
    copied = copy.deepcopy(backbone).eval().requires_grad_(False)
    file: Any = io.BytesIO()  # which this exporter takes, too
    for name, module in list(copied.named_modules()):
        if isinstance(module, nn.Conv2d) and is_same_padded(module):
            copied.set_submodule(name, _SamePadded(module))
    with warnings.catch_warnings(), quiet(copied):
        warnings.simplefilter("ignore")  # about the exporter's age, and what it takes for constant
        # the exporter by tracing takes a tenth of the time of the one by dynamo
        torch.onnx.export(
            copied,
            (x,),
            file,
            input_names=["x"],
            output_names=["features"],
            dynamic_axes={"x": {0: "n"}, "features": {0: "n"}},
            dynamo=False,
        )
    model: bytes = file.getvalue()
    return model


class _SamePadded(nn.Module):
    """A convolution with TensorFlow's padding, exported with that as its own: a Pad costs a copy."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (n, d, h', w')."""
        conv = self.conv
        bias = conv.weight.new_zeros(conv.out_channels) if conv.bias is None else conv.bias
        total = same_padding(x.shape, conv.kernel_size, conv.stride, conv.dilation)
        first = [int(size) // 2 for size in total]
        pads = [*first, *(int(size) - half for size, half in zip(total, first, strict=True))]
        found: Tensor = _Padded.apply(x, conv.weight, bias, pads, conv.stride, conv.dilation, conv.groups)
        return found


class _Padded(torch.autograd.Function):
    """A convolution with its own padding above, left, below and right of the input."""

    @staticmethod
    def forward(_ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, pads: list[int], *rest: Any) -> Tensor:
        stride, dilation, groups = rest
        top, left, below, right = pads
        return F.conv2d(F.pad(x, (left, right, top, below)), weight, bias, stride, 0, dilation, groups)

    @staticmethod
    def symbolic(g: Any, x: Any, weight: Any, bias: Any, pads: list[int], *rest: Any) -> Any:
        stride, dilation, groups = rest
        settings = {"pads_i": pads, "strides_i": stride, "dilations_i": dilation, "group_i": groups}
        return g.op("Conv", x, weight, bias, **settings)
