"""Reapply the operations recorded in a backbone's source when it is rebuilt."""

from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor

from headstart.core import BadInput
from headstart.models.wrapped import AnyBackbone
from headstart.nn.adapters import attach_all, rebuild

from .channels import new_channels
from .columns import new_columns
from .fewer import keep_blocks
from .front import COLOURS, FRONTS, Luminance, example_of, translated
from .size import new_size
from .vocabulary import resize


def replay(made: AnyBackbone, operations: Iterable[Mapping[str, Any]]) -> AnyBackbone:
    """Apply the operations to the architecture `made`; the weights are loaded later.

    Raises:
        BadInput: a module of the user's own was prepended.
    """
    for operation in operations:
        made = _DONE[operation["do"]](made, operation)
    return made


def taken(example: Tensor, operations: Iterable[Mapping[str, Any]]) -> Tensor:
    """Map ids of the last vocabulary to ids that the first one has too."""
    counts = (noted["count"] for noted in operations if noted["do"] == "resize")
    return example.clamp(max=next(counts, int(example.max()) + 1) - 1)


def _translate(made: AnyBackbone, noted: Mapping[str, Any]) -> AnyBackbone:
    if noted["settings"] is None:
        raise BadInput(
            f"This backbone has your own module {noted['front']} in front, whose code is not saved. Put it "
            "in front of your module first, backbone(nn.Sequential(front, module)), and give such a one."
        )
    if noted["front"] in FRONTS:
        front = FRONTS[noted["front"]](**noted["settings"])
        result, _ = translated(made, front, example=example_of(made, front))
    else:
        # one without them was made of normalised inputs, and stays so
        plain = {} if made.preprocess is None else {"mean": (0.0,) * COLOURS, "std": (1.0,) * COLOURS}
        result, _ = translated(made, Luminance(**plain | noted["settings"]))
    assert isinstance(result, AnyBackbone)
    return result


def _resize(made: AnyBackbone, noted: Mapping[str, Any]) -> AnyBackbone:
    done = resize(made, noted["count"], [None] * noted["rows"], layer=noted["layer"])[0]
    embedding: Any = done.inner.get_submodule(noted["layer"])
    embedding.padding_idx = noted["padding"]
    done.source["operations"][-1]["padding"] = noted["padding"]
    return done


def _adapt(made: AnyBackbone, noted: Mapping[str, Any]) -> AnyBackbone:
    attach_all(made, rebuild(made, noted["layers"]))
    made.note_operation(**noted)
    return made


_DONE: Mapping[str, Any] = {
    "adapt": _adapt,
    "keep_blocks": lambda made, noted: keep_blocks(made, noted["kept"])[0],
    "new_channels": lambda made, noted: new_channels(made, noted["channels"])[0],
    "new_columns": lambda made, noted: new_columns(made, noted["old"], noted["new"])[0],
    "new_size": lambda made, noted: new_size(made, noted["size"], position=noted["position"])[0],
    "resize": _resize,
    "translated": _translate,
}
