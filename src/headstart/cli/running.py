"""Commands that train: `adapt`, and `probe` for a look at the layers."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from headstart.study.settings import Settings

from . import say
from .options import with_options

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
PathColumn = Annotated[
    str | None,
    typer.Option(help="Of a CSV or Parquet file: where the pictures lie; else path.", show_default=False),
]
TextColumn = Annotated[
    str | None,
    typer.Option(help="Of a CSV or Parquet file: where the texts are; else text.", show_default=False),
]
Categorical = Annotated[
    list[str] | None,
    typer.Option(help="Of a table: a column that holds names even if they are numbers.", show_default=False),
]
PerClass = Annotated[
    int | None,
    typer.Option(help="Take this many rows of each class at most, always the same.", show_default=False),
]
LabelColumn = Annotated[str, typer.Option(help="Of a CSV or Parquet file: their classes.")]
GroupColumn = Annotated[
    str | None, typer.Option(help="Of a CSV or Parquet file: rows of a group stay on one side of a split.")
]
SplitColumn = Annotated[
    str | None, typer.Option(help="Of a CSV or Parquet file: train, val or test, if you have decided that.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors and the answer.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(adapt)
    app.command()(probe)


@with_options(Settings, "settings")
def adapt(
    data: Data = "clipart",
    backbone: BackboneOrNone = None,
    weights: Weights = None,
    out: Annotated[Path, typer.Option(help="Run folder; must be new or empty.")] = Path("run"),
    device: Annotated[
        str, typer.Option(help="cpu, cuda or another of torch's; auto takes a GPU if any.")
    ] = "auto",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the folder.")] = False,
    path_column: PathColumn = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = "label",
    group_column: GroupColumn = None,
    split_column: SplitColumn = None,
    categorical: Categorical = None,
    per_class: PerClass = None,
    json: AsJson = False,
    quiet: Quiet = False,
    *,
    settings: Settings,
) -> None:
    """Turn a pretrained backbone and labelled data into a model and an honest report."""
    from headstart.data.load import load
    from headstart.report import build
    from headstart.run.engine import One
    from headstart.study.adapt import adapt as run
    from headstart.study.folder import refuse_full, saved_settings
    from headstart.study.inputs import backbone_for, default_name
    from headstart.study.progress import Progress

    if resume and (saved := saved_settings(out, Settings)) is not None and settings == Settings():
        settings = saved
    dataset = load(
        data,
        path_column=path_column,
        text_column=text_column,
        label_column=label_column,
        group_column=group_column,
        split_column=split_column,
        categorical=categorical or (),
        per_class=per_class,
    )
    refuse_full(out, resume)
    made = backbone_for(dataset, backbone or default_name(dataset), weights)
    done = run(
        made,
        dataset,
        out=out,
        settings=settings,
        resume=resume,
        engine=One(device),
        progress=Progress.to_terminal(quiet or json),
    )
    report = build(done.folder)
    if json:
        say.as_json({"folder": str(done.folder), "report": str(report), "headline": done.result.headline})
    else:
        _summary(done, report, quiet)


def probe(
    data: Data = "clipart",
    backbone: BackboneOrNone = None,
    weights: Weights = None,
    size: Annotated[
        int | None, typer.Option(help="Height and width in pixels; of texts, tokens that are read.")
    ] = None,
    path_column: PathColumn = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = "label",
    categorical: Categorical = None,
    per_class: PerClass = None,
    json: AsJson = False,
) -> None:
    """Say what each block of the frozen backbone knows: a ridge probe a block, exact leave-one-out."""
    import numpy as np

    from headstart.data.check import check
    from headstart.data.load import load
    from headstart.study.inputs import backbone_for, default_name, suited
    from headstart.study.layers import probe_layers
    from headstart.study.session import Session

    found = load(
        data,
        path_column=path_column,
        text_column=text_column,
        label_column=label_column,
        categorical=categorical or (),
        per_class=per_class,
    )
    dataset = check(found).dataset
    made = backbone_for(dataset, backbone or default_name(dataset), weights)
    made = suited(made, dataset, Settings(size=size))
    layers = probe_layers(Session(made, dataset), np.arange(len(dataset)))
    if json:
        say.as_json([asdict(layer) for layer in layers])
        return
    rows = [
        (layer.block, str(layer.width), f"{layer.accuracy.value:.3f}", _bar(layer.accuracy.value))
        for layer in layers
    ]
    say.table(
        ("block", "width", "accuracy", ""), rows, f"What each block of {made.name} knows of {dataset.name}"
    )


def _summary(done: Any, report: Path, quiet: bool) -> None:
    from headstart.report import table
    from headstart.study.records import Timings

    if not quiet:
        rows = table(done.result, Timings.read(done.folder / "timings.json"))
        shown = [
            (row.title, str(row.balanced_accuracy or ""), row.seconds, row.folds, row.note) for row in rows
        ]
        headings = ("method", "balanced accuracy", "time", "folds", "note")
        say.table(headings, shown, "Cross-validation on the training part")
        for warning in done.result.warnings:
            say.line(f"Note: {warning}")
        say.line()
    say.line(done.result.headline)
    say.line(f"Model:  {done.folder / 'model'}")
    say.line(f"Report: {report}")
    what = '--text "..."' if done.result.kind == "texts" else "FILES..."
    say.line(f"Next:   headstart predict {done.folder} {what}")


def _bar(share: float, width: int = 30) -> str:
    return "█" * round(share * width)
