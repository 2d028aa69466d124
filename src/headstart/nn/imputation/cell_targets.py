"""What is predicted of rows of a table: standardised numbers, and codes of categories."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from headstart.core import BadInput
from headstart.core.filled import Blank
from headstart.core.schema import Column, Schema
from headstart.nn.columns import Encode

SHOWN = 4  # columns that a message names, and guesses that are shown
ROUNDING = 2**-22  # relative, of float32, twice over


class CellTargets(nn.Module):
    """The cells of rows that can be predicted, and the loss of predictions.

    Numbers are standardised, counts after their normalisation, as `Encode` does, and their loss is the
    squared error. Of categories, all unknown ones together as one, it is the cross-entropy. Columns that are
    constant in the training rows are left out.

    Attributes:
        places: (cells,) columns of x that can be predicted: numbers first.
        names: of these columns.
        outputs: numbers that a decoder gives for a row.
    """

    places: Tensor

    def __init__(self, schema: Schema) -> None:
        """Of the columns of a schema.

        Raises:
            BadInput: all are constant.
        """
        super().__init__()
        self.encode = Encode(schema)
        numbers = self.encode.numbers[self.encode.shown].tolist()
        codes = [place for place, one in enumerate(schema.columns) if one.named and one.categories]
        if not numbers and not codes:
            few = ", ".join([repr(one.name) for one in schema.columns[:SHOWN]])
            more = " and so on" if len(schema.columns) > SHOWN else ""
            raise BadInput(f"Nothing can be imputed: the columns {few}{more} are constant. Leave them out.")
        self.columns = [schema.columns[place] for place in (*numbers, *codes)]
        self.numbers = len(numbers)
        self.sizes = [len(schema.columns[place].categories) + 1 for place in codes]
        self.outputs = self.numbers + sum(self.sizes)
        self.register_buffer("places", torch.tensor(numbers + codes, dtype=torch.int64), persistent=False)

    @property
    def names(self) -> list[str]:
        """Names of the columns that can be predicted; of parts of a date with the part."""
        return [f"{one.name} {one.part}".strip() for one in self.columns]

    def there(self, x: Tensor) -> Tensor:
        """Which cells of rows x (n, columns) are observed, bool (n, cells)."""
        return ~x[:, self.places].isnan()

    def losses(self, predicted: Tensor, x: Tensor) -> Tensor:
        """Of each cell (n, cells), of predictions (n, outputs) of rows x (n, columns); 0 of missing ones."""
        numbers = (predicted[:, : self.numbers] - self.encode(x)[:, : self.numbers]).square()
        logits = torch.split(predicted[:, self.numbers :], self.sizes, 1) if self.sizes else ()
        codes = self._codes(x)
        named = [cross_entropy(one, codes[:, place], reduction="none") for place, one in enumerate(logits)]
        found = torch.cat([numbers, *(one[:, None] for one in named)], 1)
        return torch.where(self.there(x), found, 0.0)

    def chance(self, rows: Tensor) -> float:
        """The mean loss of an observed cell of rows (m, columns), if each column's best constant is said."""
        there = self.there(rows)
        count = there.sum(0).clamp(min=1)
        numbers = torch.where(there, 1.0, 0.0)[:, : self.numbers] * self.encode(rows)[:, : self.numbers]
        mean = numbers.sum(0) / count[: self.numbers]
        constant = [mean.expand(len(rows), -1)]
        for place, size in enumerate(self.sizes):
            seen = there[:, self.numbers + place]
            shares = torch.bincount(self._codes(rows)[seen, place], minlength=size) / seen.sum().clamp(min=1)
            constant.append(shares.log().clamp(min=-50).to(rows.device).expand(len(rows), -1))
        return float(self.losses(torch.cat(constant, 1), rows).sum() / there.sum().clamp(min=1))

    def blanks(self, predicted: Tensor, x: Tensor, hidden: Tensor) -> tuple[Blank, ...]:
        """What predictions (outputs,) fill in for the hidden cells (cells,) of one row x (columns,)."""
        standard = self.encode(x[None])[0]
        return tuple(
            self._number(place, predicted, standard)
            if place < self.numbers
            else self._category(place, predicted, x)
            for place in hidden.nonzero()[:, 0].tolist()
        )

    def _codes(self, x: Tensor) -> Tensor:
        codes = x[:, self.places[self.numbers :]]
        most = torch.tensor([size - 1 for size in self.sizes], device=x.device)
        return codes.nan_to_num(0.0).long().clamp(min=0).minimum(most)

    def _number(self, place: int, predicted: Tensor, standard: Tensor) -> Blank:
        column, name = self.columns[place], self.names[place]
        scale, start = column.deviation, column.mean + column.origin
        found = (float(one[place]) * scale + start for one in (standard, predicted))
        least = ROUNDING * (abs(column.mean) + scale)  # less than that is a 0 that was standardised and back
        truth, guess = (f"{0.0 if abs(one) < least else one:.4g}" for one in found)
        return Blank(name, truth, ((guess, None),))

    def _category(self, place: int, predicted: Tensor, x: Tensor) -> Blank:
        column, name = self.columns[place], self.names[place]
        number = place - self.numbers
        words = [*column.categories, "another"]
        shares = torch.split(predicted[self.numbers :], self.sizes)[number].softmax(0)
        best = shares.topk(min(SHOWN, len(words)))
        guesses = [(words[code], share) for share, code in zip(*map(Tensor.tolist, best), strict=True)]
        return Blank(name, words[int(self._codes(x[None])[0, number])], tuple(guesses))


def schema_of_rows(rows: Tensor) -> Schema:
    """Columns of numbers, by rows (m, columns) of an array."""
    numbers = rows.double()
    there = ~numbers.isnan()
    count = there.sum(0).clamp(min=1)
    mean = torch.where(there, numbers, 0.0).sum(0) / count
    deviation = (torch.where(there, numbers - mean, 0.0).square().sum(0) / count).sqrt()
    pairs = zip(mean.tolist(), deviation.tolist(), strict=True)
    return Schema(tuple(Column(f"column {n}", "numeric", 0.0, m, m, d) for n, (m, d) in enumerate(pairs)))
