"""Where adapters go: the weights of a module, and the sub-layers of transformers in it, by what they are."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from torch import nn

from headstart.core import BadInput


class Weight(NamedTuple):
    """A matrix of a layer, or a bank of filters."""

    layer: str  # its path
    tensor: str  # its name there


class TransformerLayer(NamedTuple):
    """The sub-layers of a transformer's layer whose outputs the residual connections add, by path."""

    attention: str
    feed_forward: str
    width: int  # of both outputs
    before: tuple[str, ...]  # linear layers of the attention before its output: of queries, keys and values
    layer: str  # the whole of it


def weights_in(module: nn.Module, at: str = "") -> Iterator[Weight]:
    """The matrices and filters in a module, in the order of the layers; embeddings only if `at` names them.

    Args:
        module: any.
        at: patterns for the paths of layers, such as "*.attention.*|*.fc1", of which one has to match; "":
            all.

    Raises:
        BadInput: `at` matches no path of a layer with such weights; the paths are named.
    """
    found = []
    for path, layer in module.named_modules():
        if at or not isinstance(layer, nn.Embedding | nn.EmbeddingBag):
            for name, parameter in layer.named_parameters(recurse=False):
                if parameter.ndim > 1 and "weight" in name and parameter.is_floating_point():
                    found.append(Weight(path, name))
    return iter(_chosen(found, at) if at else found)


def _chosen(found: Sequence[Weight], at: str) -> list[Weight]:
    patterns = at.split("|")
    chosen = [one for one in found if any(fnmatchcase(one.layer, pattern) for pattern in patterns)]
    if not chosen:
        paths = list(dict.fromkeys(one.layer for one in found))
        raise BadInput(f"at is {at!r}, which matches no layer with weights. There are {_few(paths)}.")
    return chosen


def _few(paths: Sequence[str]) -> str:
    return ", ".join([*paths[:4], *["..."] * (len(paths) > 4)]) or "none"


def transformer_layers(module: nn.Module) -> Iterator[TransformerLayer]:
    """The layers of transformers in a module, found by the shapes of their linear layers alone.

    A layer is the smallest module that holds one attention and one feed-forward net: the feed-forward net
    widens d to more and comes back to d; the last linear layer d to d before it, after others, is the
    attention's output. An `nn.MultiheadAttention` is an attention as a whole.
    """
    taken: list[str] = []
    paths = dict(module.named_modules())
    for path in sorted(paths, key=lambda one: -one.count(".") - (one != "")):
        if any(one == path or one.startswith(f"{path}." if path else "") for one in taken):
            continue
        if found := _layer(path, paths[path]):
            taken.append(path)
    order = list(paths)
    for path in sorted(taken, key=order.index):
        found = _layer(path, paths[path])
        assert found is not None
        called = path
        while isinstance(paths[called], nn.ModuleList | nn.ModuleDict):  # which are never called
            called = called.rpartition(".")[0]
        yield found._replace(layer=called)


def layers_named(module: nn.Module, at: str = "") -> list[str]:
    """The paths of the layers of transformers in a module that match one of the patterns `at`; "": all.

    Raises:
        BadInput: there are some, and `at` matches none of them.
    """
    paths = [one.layer for one in transformer_layers(module)]
    chosen = [path for path in paths if not at or any(fnmatchcase(path, one) for one in at.split("|"))]
    if paths and not chosen:
        raise BadInput(f"at is {at!r}, which matches no layer of a transformer. There are {_few(paths)}.")
    return chosen


def _layer(path: str, module: nn.Module) -> TransformerLayer | None:
    """The sub-layers of one module, if it is such a layer."""
    linear = list(_linear(path, module))
    for place in range(1, len(linear)):
        wide, back = linear[place - 1], linear[place]
        if back.outputs < back.inputs and wide.outputs in (back.inputs, 2 * back.inputs):  # twice: gated
            width = back.outputs
            before = [one for one in linear[:place] if one.inputs == one.outputs == width]
            mixes = [one for one in before if one.attends or linear.index(one) > 0]
            if mixes and wide.inputs == width:
                out = mixes[-1]
                asked = () if out.attends else tuple(one.path for one in linear[: linear.index(out)])
                return TransformerLayer(out.path, back.path, width, asked, path)
    return None


class _Linear(NamedTuple):
    path: str
    inputs: int
    outputs: int
    attends: bool = False  # a whole attention


def _linear(path: str, module: nn.Module) -> Iterator[_Linear]:
    """The linear layers in a module in the order in which they are defined; attentions as a whole."""
    if isinstance(module, nn.MultiheadAttention):
        yield _Linear(path, module.embed_dim, module.embed_dim, True)
        return
    size = linear_size(module)
    if size is not None:
        yield _Linear(path, *size)
    for name, child in module.named_children():
        yield from _linear(f"{path}.{name}" if path else name, child)


def linear_size(module: nn.Module) -> tuple[int, int] | None:
    """Inputs and outputs of a linear layer, also of GPT-2's, whose weight is (inputs, outputs); else None."""
    if isinstance(module, nn.Linear):
        return module.in_features, module.out_features
    weight: Any = module._parameters.get("weight")
    if type(module).__name__ == "Conv1D" and weight is not None and weight.ndim == 2:  # transformers'
        return weight.shape[0], weight.shape[1]
    return None


def output_axis(layer: nn.Module) -> int:
    """The axis of a layer's weight that its outputs are along: 1 of embeddings and of GPT-2's, else 0."""
    turned = linear_size(layer) is not None and not isinstance(layer, nn.Linear)
    return 1 if turned or isinstance(layer, nn.Embedding) else 0
