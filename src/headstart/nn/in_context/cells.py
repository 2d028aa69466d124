"""Cells of tables as inputs of a network: by the rows of a training table, on no scale of their own."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

FREQUENCIES = 3
INPUTS = 4 + 2 * FREQUENCIES  # numbers of a cell


@dataclass(frozen=True)
class Cells:
    """Rows as the network takes them.

    Attributes:
        values: (tasks, rows, columns, INPUTS): standardised number, rank in [-1, 1], whether it is missing,
            the share of rows of a category, and waves of the rank.
        codes: (tasks, rows, columns) int64: 0 for a number or a gap, else 1 + the category's code.
    """

    values: Tensor
    codes: Tensor

    def expanded(self, tasks: int) -> "Cells":
        """The rows of one table for each of several tasks."""
        return Cells(self.values.expand(tasks, -1, -1, -1), self.codes.expand(tasks, -1, -1))


@dataclass(frozen=True)
class Scale:
    """What rows are compared with: a training table.

    Attributes:
        known: (tasks, support, columns), NaN: missing.
        named: (tasks, 1, columns) bool: which columns hold categories.
        mean: (tasks, 1, columns), of what is there.
        deviation: (tasks, 1, columns), 1 of a column that does not vary.
        shares: (tasks, columns, codes + 1) of rows by code.
    """

    known: Tensor
    named: Tensor
    mean: Tensor
    deviation: Tensor
    shares: Tensor

    @classmethod
    def of(cls, known: Tensor, named: Tensor, codes: int) -> "Scale":
        """The scale of training rows.

        Args:
            known: (tasks, support, columns), NaN: missing.
            named: (tasks, columns) bool, or (columns,).
            codes: categories that are told apart; a code from there on starts anew from 0.
        """
        named = named.expand(known.shape[0], known.shape[2])[:, None]
        mean, deviation = moments(known)
        code = _codes(known, named, codes)
        counts = torch.zeros(known.shape[0], known.shape[2], codes + 1, device=known.device)
        counts = counts.scatter_add(2, code.transpose(1, 2), torch.ones_like(known.transpose(1, 2)))
        return cls(known, named, mean, deviation, counts / known.shape[1])

    def cells(self, x: Tensor) -> Cells:
        """Inputs of rows x (tasks, rows, columns)."""
        missing = x.isnan()
        hidden = missing | self.named
        number = drawn_in((x - self.mean) / self.deviation).masked_fill(hidden, 0)
        rank = self._rank(x).masked_fill(hidden, 0)
        angle = math.pi * rank[..., None] * torch.arange(1, FREQUENCIES + 1, device=x.device)
        waves = torch.cat([angle.sin(), angle.cos()], -1) * ~hidden[..., None]
        code = _codes(x, self.named, self.shares.shape[2] - 1)
        share = self.shares.gather(2, code.transpose(1, 2)).transpose(1, 2).masked_fill(code == 0, 0)
        plain = torch.stack([number, rank, missing.to(x.dtype), share], -1)
        return Cells(torch.cat([plain, waves], -1), code)

    def _rank(self, x: Tensor) -> Tensor:
        """Places among the known values, in [-1, 1]; equal values share one."""
        known, asked = self.known[:, None], x[:, :, None]
        below, within = (known < asked).sum(2), (known <= asked).sum(2)
        there = (~self.known.isnan()).sum(1, keepdim=True).clamp_min(1)
        return (below + within) / there - 1


def moments(known: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation (tasks, 1, columns) of what is there of (tasks, rows, columns)."""
    count = (~known.isnan()).sum(1, keepdim=True).clamp_min(1)  # `nanmean` can't be exported
    mean = known.nan_to_num(0).sum(1, keepdim=True) / count
    deviation = ((known - mean).nan_to_num(0).square().sum(1, keepdim=True) / count).sqrt()
    return mean, torch.where(deviation > 1e-6 * (1 + mean.abs()), deviation, 1.0)


def drawn_in(number: Tensor) -> Tensor:
    """Standardised numbers, of which far ones are drawn in, to +-9 at most."""
    size = number.abs() / 3
    return (3 * number.sign() * (size + (size.square() + 1).sqrt()).log()).clamp(-9, 9)  # asinh, exportable


def drawn_out(number: Tensor) -> Tensor:
    """The inverse of `drawn_in`."""
    return 1.5 * ((number / 3).exp() - (-number / 3).exp())


def _codes(x: Tensor, named: Tensor, codes: int) -> Tensor:
    """0 for a number or a gap, else 1 + the category's code."""
    return (x.nan_to_num(0).long() % codes + 1).masked_fill(x.isnan() | ~named, 0)
