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
    typer.Option(
        help="Local checkpoint for the backbone (.safetensors or .pth), or random for random weights."
    ),
]
Device = Annotated[
    str, typer.Option(help="Device: cpu, cuda or another device of torch; auto uses a GPU if there is one.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the record as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the result and errors.")]


@dataclass(frozen=True, kw_only=True)
class Columns:
    """What the columns of a file with rows are called, and which of its rows are taken."""

    path_column: str | None = option("Column of picture paths in a CSV or Parquet file. Default: path.", None)
    text_column: str | None = option("Column of texts in a CSV or Parquet file. Default: text.", None)
    label_column: str = option(
        "Column of labels in a CSV or Parquet file; several, separated by commas.", "label"
    )
    task: Literal["classification", "multilabel", "regression"] | None = option(
        "What to predict for a row: one class, a set of tags, or numbers; else inferred from the labels.",
        None,
    )
    group_column: str | None = option(
        "Column of groups: rows of one group are never split between training and test.", None
    )
    split_column: str | None = option(
        "Column that assigns rows to train, val or test, if the split is given.", None
    )
    attribute_column: str | None = option(
        "Column of a nuisance attribute that may be confounded with the label, such as the background.", None
    )
    categorical: tuple[str, ...] = option(
        "Column of a table to treat as categorical although it holds numbers; repeatable.", ()
    )
    per_class: int | None = option("Use at most this many rows per class (always the same ones).", None)

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
