"""What `generate` returns: its record, and the generator ready to draw more."""

from dataclasses import dataclass
from pathlib import Path

from headstart.data.dataset import Dataset
from headstart.generators.generator import Generator
from headstart.studies._shown import ShownResult
from headstart.studies.generate import Generation


@dataclass(frozen=True, repr=False)
class Generated(ShownResult):
    """What `generate` returns.

    Attributes:
        folder: with the samples, `model/`, `generate.json` and `generate.html`.
        result: the record.
        generator: draws more rows: `generator.draw(100, seed=1)`.
    """

    folder: Path
    result: Generation
    generator: Generator

    @property
    def samples(self) -> Path:
        """What `hs.data.load` takes the drawn rows from."""
        return self.folder / self.result.samples

    def draw(self, rows: int = 10, seed: int = 1) -> Dataset:
        """More rows of each class, see `Generator.draw`."""
        return self.generator.draw(rows, seed)
