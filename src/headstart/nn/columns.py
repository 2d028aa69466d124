"""The columns of a table as features: standardised numbers, one-hot categories, missing indicators."""

import torch
from torch import Tensor, nn

from headstart.core.schema import Schema

TOTAL = 1e4  # total to which each row of counts is normalised


class Encode(nn.Module):
    """Encode numbers and codes (n, columns) as features (n, width) by a schema; no parameters.

    The features are the standardised numbers, then a 0 or 1 for each category of each column and
    one for all other categories, then a missing indicator for the columns with missing cells in the
    training rows. A missing number is replaced by the median of its column. Raw counts are normalised to a
    total of 10,000 a row and x becomes log(1 + x), before they are standardised.
    """

    median: Tensor
    mean: Tensor
    deviation: Tensor
    numbers: Tensor
    shown: Tensor
    slots: Tensor
    codes: Tensor
    gaps: Tensor

    def __init__(self, schema: Schema) -> None:
        super().__init__()
        columns = schema.columns
        self.counts = schema.counts
        numeric = [place for place, one in enumerate(columns) if not one.named]
        shown = [place for place, number in enumerate(numeric) if columns[number].deviation > 0]
        codes = [
            (place, code)
            for place, one in enumerate(columns)
            if one.named and one.categories  # of a column without known names the gaps are what counts
            for code in range(len(one.categories) + 1)
        ]
        gaps = [place for place, one in enumerate(columns) if one.missing]
        self.width = len(shown) + len(codes) + len(gaps)
        self._whole("numbers", numeric)
        self._whole("shown", shown)
        self._whole("slots", [place for place, _ in codes])
        self._whole("codes", [code for _, code in codes])
        self._whole("gaps", gaps)
        for name in ("mean", "deviation"):
            values = [getattr(columns[numeric[place]], name) for place in shown]
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32))
        medians = [columns[place].median for place in numeric]
        self.register_buffer("median", torch.tensor(medians, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, width) of x (n, columns); NaN: missing."""
        missing = x.isnan()
        numbers = x[:, self.numbers].float()
        numbers = torch.where(missing[:, self.numbers], self.median, numbers)
        if self.counts:
            numbers = normalised(numbers)
        standard = (numbers[:, self.shown] - self.mean) / self.deviation
        named = (x[:, self.slots] == self.codes).to(standard.dtype)
        return torch.cat([standard, named, missing[:, self.gaps].to(standard.dtype)], dim=1)

    def _whole(self, name: str, values: list[int]) -> None:
        self.register_buffer(name, torch.tensor(values, dtype=torch.int64), persistent=False)


class Code(nn.Module):
    """Rows (n, columns) as they are: numbers, codes of categories, NaN where missing; no parameters.

    Raw counts are normalised as by `Encode`. Ids of the tokens of texts are left out.

    Attributes:
        width: columns of a row.
        codes: which of them hold codes of categories.
    """

    places: Tensor

    def __init__(self, schema: Schema) -> None:
        super().__init__()
        kept = [place for place, one in enumerate(schema.columns) if not one.token]
        self.counts, self.width = schema.counts, len(kept)
        self.codes = tuple(new for new, place in enumerate(kept) if schema.columns[place].named)
        self.register_buffer("places", torch.tensor(kept, dtype=torch.int64), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Columns (n, width) of x (n, columns)."""
        numbers = x[:, self.places].float()
        return normalised(numbers) if self.counts else numbers


def normalised(counts: Tensor) -> Tensor:
    """Counts (n, d) with a total of 10,000 a row, then log(1 + x); a row of zeros stays."""
    totals = counts.sum(1, keepdim=True)
    return torch.log1p(counts * (TOTAL / torch.where(totals > 0, totals, 1.0)))
