"""What a frozen prefix gives for each token, recorded with which tokens are there."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

NOTHING = -1  # pads ids, and marks in a record that there is no token


def gives_vectors(output: Any, samples: Tensor) -> bool:
    """Whether an output, its shape first, has a vector for each of the ids (n, length) of a sample.

    Raises:
        ValueError: it is of another shape that depends on how long a text is.
    """
    if not _are_ids(samples) or isinstance(output, list) or len(output[0]) < 3:
        return False
    if output[0][:2] != (1, samples.shape[1]) or len(output[0]) > 3:
        raise ValueError(f"an output of {tuple(output[0])} for {samples.shape[1]} tokens")
    return True


def with_mask(output: Tensor, ids: Tensor) -> Tensor:
    """A record (n, length, width + 1) of an output (n, length, width) for ids (n, length), padded with -1.

    Last is 0 for a token and -1 where there is none; the output there is 0, whatever padding gave.
    """
    there = (ids >= 0)[..., None]
    marks = torch.where(there, 0, NOTHING).to(output)
    return torch.cat([output.masked_fill(~there, 0), marks], 2)


def of_length(record: Tensor, length: int) -> Tensor:
    """A record (n, shorter, width + 1) with no tokens at its end: (n, length, width + 1)."""
    more = length - record.shape[1]
    return torch.cat(
        [pad(record[..., :-1], (0, 0, 0, more)), pad(record[..., -1:], (0, 0, 0, more), value=NOTHING)], 2
    )


def output_and_ids(record: Tensor) -> tuple[Tensor, Tensor]:
    """The output (n, longest, width) and ids (n, longest), each 0 or padding, up to the longest row."""
    there = record[..., -1] >= 0
    longest = int(there.sum(1).max())
    return record[:, :longest, :-1], torch.where(there[:, :longest], 0, NOTHING)


def _are_ids(samples: Tensor) -> bool:
    """Whether samples are ids (n, length) of tokens."""
    return samples.ndim == 2 and samples.dtype == torch.int64
