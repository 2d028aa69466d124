"""Short names of weights, to tell whether a file belongs to a model and what of a model has changed."""

import hashlib
from collections.abc import Iterable, Mapping
from itertools import chain

import torch
from torch import Tensor, nn

SAMPLE = 4096  # numbers of a tensor that are read, at even distances


def fingerprint(model: nn.Module) -> str:
    """A short name of a model's parameters: of their names, shapes, types and numbers.

    Of a tensor with more than 4,096 numbers, so many at even distances are read.
    """
    return _name_of(digests(model.named_parameters()))


def digests(tensors: Iterable[tuple[str, Tensor]]) -> dict[str, bytes]:
    """What tensors are told apart by, by name."""
    return {name: _digest(one) for name, one in tensors}


def named_tensors(model: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers of a model, by name."""
    return dict(chain(model.named_parameters(), model.named_buffers()))


def _name_of(found: Mapping[str, bytes]) -> str:
    whole = hashlib.blake2b(digest_size=6)
    for name, digest in found.items():
        whole.update(name.encode() + digest)
    return whole.hexdigest()


def _digest(tensor: Tensor) -> bytes:
    numbers = tensor.detach().flatten()
    if len(numbers) > SAMPLE:
        places = torch.linspace(0, len(numbers) - 1, SAMPLE, dtype=torch.float64, device=numbers.device)
        numbers = numbers[places.long()]
    found = hashlib.blake2b(f"{tuple(tensor.shape)} {tensor.dtype}".encode(), digest_size=8)
    found.update(numbers.cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return found.digest()
