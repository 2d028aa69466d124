"""The front matter of a model card, as model hubs read it (https://huggingface.co/docs/hub/model-cards)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from headstart.core import LabelKind
from headstart.predictor.licences import backbone_licence
from headstart.predictor.training import Training, card

TASKS = {  # by kind of sample, of classes and tags, then of numbers; "" where hubs know none
    "pictures": ("image-classification", ""),
    "texts": ("text-classification", ""),
    "tables": ("tabular-classification", "tabular-regression"),
    "numbers": ("tabular-classification", "tabular-regression"),
    "sounds": ("audio-classification", ""),
}


def task_of(kind: str, label_kind: str) -> str:
    """What hubs call the task of a model; "" if they have no name for it."""
    return TASKS.get(kind, ("", ""))[label_kind == "numbers"]


def fitted_card(
    training: Training | None, label_kind: LabelKind, names: Sequence[str], kind: str, backbone: str
) -> str:
    """The card of a model that was fitted and not measured.

    Args:
        training: how it was fitted.
        label_kind: of what it predicts.
        names: of the outputs.
        kind: of the samples.
        backbone: its name.
    """
    licence = f"Licence of the backbone `{backbone}`: {backbone_licence(backbone).text}."
    front = front_matter(task_of(kind, label_kind), backbone, (kind,))
    return f"{front}{card(training, label_kind, names)}\n{licence}\n"


def front_matter(
    task: str, backbone: str, tags: Iterable[str] = (), index: Sequence[Mapping[str, Any]] = ()
) -> str:
    """Licence, library, tags and measured figures in YAML, between lines of three dashes.

    Values are written as JSON, which is YAML, too: no name of a class or of data can break it.

    Args:
        task: what hubs call it, or "".
        backbone: its name; the licence of its weights is that of the model.
        tags: beside those that all models have.
        index: `model-index`: of each model its name and results.
    """
    said: dict[str, Any] = {
        "license": backbone_licence(backbone).name,
        "library_name": "headstart",
        "tags": ["transfer-learning", *tags],
    }
    if task:
        said["pipeline_tag"] = task
    if index:
        said["model-index"] = list(index)
        said["metrics"] = sorted({one["type"] for model in index for one in model["results"][0]["metrics"]})
    lines = (f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in said.items())
    return "\n".join(["---", *lines, "---", ""])


def model_index(
    name: str, task: str, data: str, split: str, figures: Mapping[str, tuple[float, str]]
) -> list[dict[str, Any]]:
    """`model-index` of `front_matter`: what was measured of a model.

    Args:
        name: of the model.
        task: what hubs call it, or "".
        data: name of the data that it was measured on.
        split: which rows of them.
        figures: by metric its value and how it is written.
    """
    metrics = [{"type": kind, "value": value, "name": label} for kind, (value, label) in figures.items()]
    about = {"task": {"type": task or "other"}, "dataset": {"name": data, "type": data, "split": split}}
    return [{"name": name, "results": [{**about, "metrics": metrics}]}]
