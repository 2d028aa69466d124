"""Faults of adapters: another start, one that does not act, a wrong fold, a backbone that is touched."""

from tests.faults import Fault

HAND, EVERY, ACTING = (f"nn/adapters/test_{name}.py" for name in ("by_hand", "every_layer", "acting"))

ADAPTER_FAULTS = (
    Fault(
        "nn/adapters/lora.py",
        "    return down, empty_like(weight, outputs, rank)",
        "    return down, nn.Parameter(torch.ones_like(empty_like(weight, outputs, rank)))",
        "LoRA starts elsewhere than at the backbone",
        f"{EVERY} start and lora",
    ),
    Fault(
        "nn/adapters/lora.py",
        'alpha / (rank if scaling == "standard" else math.sqrt(rank))',
        "alpha",
        "the product is not divided by its rank",
        f"{HAND} scales",
    ),
    Fault(
        "nn/adapters/lora.py",
        "_norms(summed.detach(), self.axis)",
        "_norms(tensor.detach(), self.axis)",
        "DoRA divides by the norm of the weight without the product",
        f"{HAND} dora",
    ),
    Fault(
        "nn/adapters/lora.py",
        "norms.clamp(min=torch.finfo(norms.dtype).tiny)",
        "norms",
        "DoRA makes NaN of a filter of zeros",
        f"{HAND} filters_of_zeros",
    ),
    Fault(
        "nn/adapters/bottleneck.py",
        "return output + F.linear(small, self.up, self.up_bias)",
        "return F.linear(small, self.up, self.up_bias)",
        "a bottleneck adapter has no skip connection",
        f"{HAND} bottleneck",
    ),
    Fault(
        "nn/adapters/convolution.py",
        'self.tensors = ("weight", "bias") if layer.bias is not None else ("weight",)',
        'self.tensors = ("weight",)',
        "a matrix in series leaves the bias as it is",
        f"{HAND} residual and series",
    ),
    Fault(
        "nn/adapters/convolution.py",
        "tap, rest = divmod(padding, dilation)",
        "tap, rest = size // 2, 0",
        "a matrix in parallel is added to the centre of every kernel",
        f"{HAND} residual and parallel",
    ),
    Fault(
        "nn/adapters/attaching.py",
        "body: dict[str, Any] = {name: reader(name) for name in names}",
        "body: dict[str, Any] = {}",
        "adapters in weight space are never read",
        f"{EVERY} act_alike",
    ),
    Fault(
        "nn/adapters/attaching.py",
        "folded = adapter.folded(tensor, own).detach()",
        "folded = own.detach()",
        "folding drops the adapter",
        f"{EVERY} folds",
    ),
    Fault(
        "nn/adapters/kind.py",
        "            for layer in attached:\n                detach(layer, name)\n",
        "",
        "adapters that were refused stay",
        f"{ACTING} never_called",
    ),
    Fault(
        "nn/adapters/kind.py",
        "            if call is not None:\n                check_acting(module, call)\n",
        "",
        "nobody looks whether an adapter acts",
        f"{ACTING} skips_adapters",
    ),
    Fault(
        "nn/adapters/acting.py",
        "buffer.copy_(buffers[name])",
        "pass",
        "the probe leaves its statistics in batch normalisations",
        f"{ACTING} no_trace",
    ),
    Fault(
        "nn/adapters/side_car.py",
        "return found[batch.places]",
        "return found",
        "the answers of a mixed batch come in the order of the sets",
        "nn/adapters/test_side_car.py share_a_forward",
    ),
    Fault(
        "nn/adapters/side_car.py",
        "            self._compare(x, rows)\n",
        "",
        "rows of several sets share a forward in a model that mixes them up",
        "nn/adapters/test_side_car.py told_apart",
    ),
    Fault(
        "nn/adapters/side_car.py",
        "return nn.Parameter(tensor.detach(), requires_grad=False)",
        "return tensor",
        "the caller's parameters learn or get gradients",
        "nn/adapters/test_side_car.py never_touched",
    ),
    Fault(
        "methods/tuning.py",
        "keep=keep, statistics",
        "statistics",
        "the whole backbone learns beside the adapters",
        "methods/test_lora.py every_byte",
    ),
    Fault(
        "methods/mapping/adapters/bottleneck_adapters.py",
        'backbone.note_operation(do="adapt"',
        'dict(do="adapt"',
        "a saved model does not know of its adapters",
        "methods/test_bottleneck_adapters.py saved_model",
    ),
)
