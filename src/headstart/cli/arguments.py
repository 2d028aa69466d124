"""Arguments that several commands have: the data and their columns, the backbone, the device."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from headstart.records.settings import StudySettings, option

if TYPE_CHECKING:
    from headstart.data.dataset import Dataset

T = TypeVar("T", bound=StudySettings)

Data = Annotated[
    str,
    typer.Argument(
        help="A folder of class folders; a CSV or Parquet file with a column label and one of paths "
        "or texts, else a table; an .h5ad file; or the name of a built-in: clipart, digits, reviews, tweets, "
        "spambase, pbmc.",
        show_default=True,
    ),
]
KINDS_OF_BACKBONES = (
    "efficientnet_lite0 (built-in, for pictures), minilm (built-in, for texts), a name of timm's, "
    "torchvision:NAME, transformers:NAME or a folder of transformers', table (for tables)."
)
Backbone = Annotated[str, typer.Option(help=KINDS_OF_BACKBONES)]
BackboneOrNone = Annotated[
    str | None, typer.Option(help=f"{KINDS_OF_BACKBONES} Else the built-in for the data.", show_default=False)
]
Weights = Annotated[
    str | None,
    typer.Option(help="Local checkpoint for the backbone, .safetensors or .pth; or random: none."),
]
Device = Annotated[str, typer.Option(help="cpu, cuda or another of torch's; auto takes a GPU if any.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors and the answer.")]


@dataclass(frozen=True, kw_only=True)
class Columns:
    """What the columns of a file with rows are called, and which of its rows are taken."""

    path_column: str | None = option("Of a CSV or Parquet file: where the pictures lie; else path.", None)
    text_column: str | None = option("Of a CSV or Parquet file: where the texts are; else text.", None)
    label_column: str = option(
        "Of a CSV or Parquet file: their labels; several columns with commas between them.", "label"
    )
    task: Literal["classification", "multilabel", "regression"] | None = option(
        "What to predict for a row: one class, a set of tags, or numbers; else inferred from the labels.",
        None,
    )
    group_column: str | None = option(
        "Of a CSV or Parquet file: rows of a group stay on one side of a split.", None
    )
    split_column: str | None = option(
        "Of a CSV or Parquet file: train, val or test, if you have decided that.", None
    )
    attribute_column: str | None = option(
        "Of a CSV or Parquet file: a nuisance that may go with the label, such as the background.", None
    )
    categorical: tuple[str, ...] = option(
        "Of a table: a column that holds names even if they are numbers.", ()
    )
    per_class: int | None = option("Take this many rows of each class at most, always the same.", None)

    def load(self, data: str) -> "Dataset":
        """The data of that name, with these columns."""
        from headstart.data.load import load

        return load(data, **self.options())

    def options(self, without: tuple[str, ...] = ()) -> dict[str, Any]:
        """The same as keyword arguments of `hs.data.load`."""
        return {name: value for name, value in asdict(self).items() if name not in without}


def begun_with(out: Path, resume: bool, settings: T, resumed: tuple[str, ...] = ()) -> T:
    """When resuming without new options, the saved settings; those in `resumed` may be given anew."""
    from headstart.studies._store import saved_settings

    usual = type(settings)()
    anew = {name: getattr(settings, name) for name in resumed}
    if not resume or settings != replace(usual, **anew):
        return settings
    saved = saved_settings(out, type(settings))
    changed = {name: value for name, value in anew.items() if value != getattr(usual, name)}
    return settings if saved is None else replace(saved, **changed)
