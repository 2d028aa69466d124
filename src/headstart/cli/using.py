"""Commands that use a finished run: `export`, `report`."""

from pathlib import Path
from typing import Annotated

import typer

from . import output
from .options import Run


def export(
    run: Run,
    file: Annotated[
        Path,
        typer.Argument(help="Output file: .onnx for the model, .safetensors for the encoder alone."),
    ],
) -> None:
    """Export the model to ONNX, or its encoder to safetensors, and check that the outputs agree."""
    from headstart.predictor.export import export_model
    from headstart.predictor.predictor import open_model

    if file.suffix == ".safetensors":
        from headstart.models.encoders import save_encoder

        save_encoder(open_model(run).model, file)
        output.line(f"{file}: the encoder, without the head of these labels.")
        output.line(f"Next: headstart adapt DATA --backbone {file}")
        return
    predictor = open_model(run)
    difference = export_model(predictor, file)
    output.line(f"{file}: probabilities differ from torch's by {difference:.1e} at most.")
    if predictor.preprocess is not None and (window := predictor.preprocess.window):
        low, high = window
        output.line(f"It takes 8 bits: bring levels from {low:g} to {high:g} to 0 to 255 before.")


def report(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
) -> None:
    """Rebuild the page of a finished study from its record."""
    from headstart.studies import build_page

    output.line(str(build_page(run)))
