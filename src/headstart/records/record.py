"""Records: what studies write down, as plain data that is written to and read from JSON without torch."""

import json
import shlex
import sys
import types
import typing
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, is_dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Self

UNTYPED = ("", "-c", "ipykernel_launcher.py", "colab_kernel_launcher.py")  # what starts no command
PACKAGES = ("torch", "numpy", "safetensors", "Pillow", "timm", "torchvision", "tokenizers", "transformers")


class Record:
    """A dataclass that is written to and read from JSON."""

    def to_json(self) -> str:
        """Indented JSON with a newline at the end; floats keep their shortest exact form.

        File names that are no text (lone surrogates) are escaped, so that they can be encoded.
        """
        text: str = json.dumps(asdict(self), indent=1, ensure_ascii=False, allow_nan=False) + "\n"  # type: ignore[call-overload]
        return text.encode("utf-8", "backslashreplace").decode()

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """The record in a file; unknown fields are passed over, so newer files can be read."""
        return cls.from_values(json.loads(Path(path).read_text("utf-8")))

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Self:
        """The record of plain values, as `dataclasses.asdict` and JSON give them."""
        return typing.cast(Self, _build(cls, values))


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval, all in the figure's own unit."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Scores(Record):
    """How good predictions are; each of n rows counts once."""

    rows: int
    figures: dict[str, Interval]  # by metric, the main one first; see `headstart.report.metric`
    main: str  # the metric of the headline

    def __getitem__(self, metric: str) -> Interval:
        """The figure of one of the metrics."""
        return self.figures[metric]

    @property
    def main_figure(self) -> Interval:
        """That of the main metric; higher is better, and 1 is the best."""
        return self.figures[self.main]


@dataclass(frozen=True)
class Bin:
    """Predictions of similar confidence; of tags, pairs of a row and a tag by the tag's probability."""

    confidence: float
    accuracy: float  # of tags: the share of the pairs that have the tag
    rows: int


def _build(kind: Any, value: Any) -> Any:
    """`value` (from JSON) as `kind`: dataclasses, lists, dicts, unions with None, plain values."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        names = {f.name for f in fields(kind)}
        return kind(**{k: _build(hints[k], v) for k, v in value.items() if k in names})
    if origin is list:
        return [_build(args[0], item) for item in value]
    if origin is dict:
        return {key: _build(args[1], item) for key, item in value.items()}
    if origin in (typing.Union, types.UnionType):
        return None if value is None else _build(next(a for a in args if a is not type(None)), value)
    return value


def typed_command() -> str:
    """What was typed, without what only says that it is typed again; "" in a notebook, where nothing was."""
    program, *words = sys.argv or [""]
    if Path(program).name in UNTYPED or hasattr(sys, "ps1"):
        return ""
    name = "headstart" if program.endswith("headstart/__main__.py") else Path(program).name
    return shlex.join([name, *(word for word in words if word != "--resume")])


def versions() -> dict[str, str]:
    """Versions of the packages that matter, as far as they are installed."""
    return dict(_versions())


def _versions() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        try:
            yield package, metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
