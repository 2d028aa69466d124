"""Commands on the parts of a backbone: `anatomy` shows them, `surgery` replaces them."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from headstart.cli import output
from headstart.cli.options import AsJson, Quiet, Weights, with_options
from headstart.records.settings import SurgerySettings

Base = Annotated[
    str,
    typer.Argument(
        help="A backbone by name, as for adapt; an encoder's file, .safetensors; or a run folder."
    ),
]


def anatomy(
    backbone: Base,
    select: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN",
            help="Also list the parameters that this selects, such as 'last(2), ~norms'.",
            show_default=False,
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Show the structure of a backbone, from one forward pass: stem, blocks, norms, head, parameters."""
    from headstart.models.depth import describe
    from headstart.models.encoders import is_encoder
    from headstart.models.selecting import select as selected
    from headstart.predictor.surgery import is_run, opened, where_the_head_was

    made = opened(backbone, None if is_run(backbone) or is_encoder(backbone) else "random")
    found, cut = describe(made), where_the_head_was(made)
    names = None if select is None else selected(made, select)
    sizes = {name: parameter.numel() for name, parameter in made.named_parameters()}
    if json:
        chosen = {} if names is None else {"selected": {name: sizes[name] for name in names}}
        output.as_json({**asdict(found), "cut": cut, **chosen})
        return
    output.line(str(found))
    if cut is not None:
        output.line(f"head: {cut} is cut off; methods bring one for your labels")
    if names is not None:
        output.line()
        total = sum(sizes[name] for name in names)
        output.line(
            f"{select}: {len(names)} of {len(sizes)} tensors, {total:,} of {sum(sizes.values()):,} numbers"
        )
        for name in names:
            output.line(f"  {name}")


@with_options(SurgerySettings, "operations")
def surgery(
    backbone: Base,
    weights: Weights = None,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OLD=NEW",
            help="Beginnings of keys in the file of --weights, and what they are in the backbone: "
            "'encoder.=' takes encoder. off; give several.",
            show_default=False,
        ),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB",
            help="Keys that may be missing, left over or of another shape, such as 'fc.*'; give several.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="The encoder's file, .safetensors; an older one is replaced.")
    ] = Path("encoder.safetensors"),
    json: AsJson = False,
    quiet: Quiet = False,
    *,
    operations: SurgerySettings,
) -> None:
    """Replace the parts of a backbone that do not fit, report what was replaced, and write the encoder."""
    from headstart.models.encoders import save_encoder
    from headstart.predictor.surgery import opened_with, perform_surgery

    made, loaded = opened_with(backbone, weights, rename or (), allow or ())
    made, done = perform_surgery(made, operations)
    fingerprint = save_encoder(made, out)
    if json:
        reports = [asdict(report) for report in (*loaded, *done)]
        output.as_json({"file": str(out), "fingerprint": fingerprint, "reports": reports})
        return
    for report in () if quiet else (*loaded, *done):
        output.line(str(report))
    output.line(f"Encoder: {out}")
    output.line(f"Next:    headstart adapt DATA --backbone {out}")
