"""A stream part by part: answers are kept, and the states after the last part, so that it goes on there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.streaming.stream_model import Stream
from headstart.studies._store import StudyFolder
from headstart.studies.stream.prequential import Labels, PrequentialEvaluation

PARTS = 20  # that a stream has at most

Batches = Iterator[tuple[Tensor, Labels]]


@dataclass(frozen=True)
class Parts:
    """The parts of a stream, each a step of the study.

    The states are written before the answers of their part, and those of the part before go after it: so
    there are always states that belong to the last part whose answers are kept.
    """

    evaluation: PrequentialEvaluation
    folder: StudyFolder
    batch: int  # rows that come at once

    @property
    def ends(self) -> list[int]:
        """Rows after which a part ends, at the next whole batch."""
        rows = self.evaluation.rows
        share = max(self.batch, -(-rows // PARTS))
        return [min(rows, end) for end in range(share, rows + share, share)]

    def outputs(self) -> Tensor:
        """Logits (n, classes) of the method that adapts, of the kept parts and of those computed now."""
        ends = self.ends
        self.folder.progress.expect({_name(end): 1.0 for end in ends})
        kept = self._kept(ends)
        found = [self._replay(self.folder.once(_name(end), dict)) for end in kept]
        if kept:
            for stream, path in self._states(kept[-1]):
                stream.load(path)
        batches = self.evaluation.batches(self.batch, sum(map(len, found)))
        last = kept[-1] if kept else None
        for end in ends[len(kept) :]:
            value = self.folder.once(_name(end), partial(self._compute, end, batches))
            found.append(value["outputs"][0])
            if last is not None:
                self._forget(last)
            last = end
        return torch.cat(found)

    def _kept(self, ends: Sequence[int]) -> list[int]:
        """The first parts whose answers are kept, if the states after them are; the others' go."""
        steps, kept = self.folder.steps, 0
        while kept < len(ends) and steps.done(_name(ends[kept])):
            kept += 1
        if kept and not all(path.exists() for _, path in self._states(ends[kept - 1])):
            kept = 0
        for end in ends[kept:]:
            steps.path(_name(end)).unlink(missing_ok=True)
        return [*ends[:kept]]

    def _compute(self, end: int, batches: Batches) -> dict[str, Any]:
        """Answer and learn from batches to the end of a part, and keep the states."""
        score = self.evaluation.entries[0].score
        outputs, numbers = [], []
        while score.rows < end:
            x, some = next(batches)
            outputs.append(self.evaluation.add(x, some))
            numbers.append(some)
        for stream, path in self._states(end):
            stream.save(path)
        joined = [torch.cat(batches) for batches in zip(*outputs, strict=True)]
        return {"outputs": joined, "numbers": torch.from_numpy(np.concatenate(numbers))}

    def _replay(self, value: dict[str, Any]) -> Tensor:
        """Score kept answers as if they had just been given, batch by batch."""
        numbers: Labels = value["numbers"].numpy()
        for start in range(0, len(numbers), self.batch):
            rows = slice(start, start + self.batch)
            self.evaluation.score([outputs[rows] for outputs in value["outputs"]], numbers[rows])
        answered: Tensor = value["outputs"][0]
        return answered

    def _states(self, end: int) -> list[tuple[Stream, Path]]:
        """The streams, and the files of their states after a part."""
        streams = [entry.stream for entry in self.evaluation.entries if entry.stream is not None]
        checkpoint = self.folder.steps.checkpoint
        return [(own, checkpoint(f"state {place} {_name(end)}")) for place, own in enumerate(streams)]

    def _forget(self, end: int) -> None:
        for _, path in self._states(end):
            path.unlink(missing_ok=True)


def _name(end: int) -> str:
    return f"rows up to {end}"
