"""The `adapter_config.json` of PEFT, https://github.com/huggingface/peft: read, checked and written."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from headstart.core import BadInput

from .lora import Scaling, lora_scale

CONFIG = "adapter_config.json"
PROMPTS = ("PROMPT_TUNING", "PREFIX_TUNING", "P_TUNING", "MULTITASK_PROMPT_TUNING", "CPT", "CARTRIDGE")
KEEPS_BASE = (True, False, None, "gaussian", "eva", "orthogonal")  # starts that leave the model's own weights
# what says where adapters are, which their tensors say too, or how they were trained
UNASKED = {
    *("peft_type", "task_type", "auto_mapping", "base_model_name_or_path", "revision", "inference_mode"),
    *("peft_version", "target_modules", "exclude_modules", "feedforward_modules", "fan_in_fan_out", "bias"),
    *("modules_to_save", "layers_to_transform", "layers_pattern", "lora_dropout", "init_ia3_weights"),
    *("loftq_config", "eva_config", "corda_config", "lora_ga_config", "velora_config", "runtime_config"),
    *("megatron_config", "megatron_core", "qalora_group_size", "ensure_weight_tying"),
}
ASKED = {"r", "lora_alpha", "rank_pattern", "alpha_pattern", "use_rslora", "use_dora", "init_lora_weights"}


@dataclass(frozen=True)
class PeftConfig:
    """What a configuration says about the product of each layer.

    Attributes:
        kind: "LORA" or "IA3".
        values: the JSON object.
    """

    kind: str
    values: Mapping[str, Any]

    @property
    def adds_twice(self) -> bool:
        """Whether the PEFT that wrote it adds the product at the output of an attention twice.

        Up to 0.21.2 it does, see its pull request 3774, and so it was trained.
        """
        numbers = re.findall(r"\d+", str(self.values.get("peft_version", "0.21")))
        return [int(one) for one in numbers[:2]] <= [0, 21]

    def rank(self, path: str) -> int:
        """The rank at a layer."""
        return int(_by_pattern(self.values.get("rank_pattern"), path, self.values.get("r", 8)))

    def scale(self, path: str) -> float:
        """The factor of the product at a layer."""
        alpha = float(_by_pattern(self.values.get("alpha_pattern"), path, self.values.get("lora_alpha", 8)))
        scaling: Scaling = "rank-stabilised" if self.values.get("use_rslora") else "standard"
        return lora_scale(self.rank(path), alpha, scaling)


def _by_pattern(patterns: Mapping[str, Any] | None, path: str, default: Any) -> Any:
    """The value of the first pattern that matches the end of a path, as PEFT finds it."""
    for pattern, value in (patterns or {}).items():
        if re.match(rf"(.*\.)?({pattern})$", path):
            return value
    return default


def read_config(folder: Path) -> PeftConfig:
    """Read and check the configuration in a folder.

    Raises:
        BadInput: there is none, or it asks for what can't be read here; the setting is named.
    """
    file = folder / CONFIG
    try:
        values = json.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"{str(folder)!r} has no {CONFIG}: it is no folder of PEFT.") from error
    except (OSError, ValueError) as error:
        raise BadInput(f"{str(file)!r} can't be read as JSON: {error}.") from error
    if not isinstance(values, dict):
        raise BadInput(f"{str(file)!r} is no JSON object.")
    kind = str(values.get("peft_type"))
    if kind in PROMPTS:
        raise BadInput(
            f"{str(folder)!r} holds {kind}: learned tokens of the input, not adapters of layers. Only LORA "
            "and IA3 can be read; load it with PEFT."
        )
    if kind not in ("LORA", "IA3"):
        raise BadInput(
            f"{str(folder)!r} is of the kind {kind}; only LORA and IA3 can be read. Load it with PEFT, "
            "merge_and_unload() there, and use the model that this gives."
        )
    _check(folder, values)
    return PeftConfig(kind, values)


def _check(folder: Path, values: Mapping[str, Any]) -> None:
    """Refuse settings that change the answer and are not known here."""
    start = values.get("init_lora_weights")
    if start not in KEEPS_BASE:
        raise BadInput(
            f"{str(folder)!r} began with init_lora_weights={start!r}, which changed the model's own "
            "weights too. Save it in PEFT with "
            "path_initial_model_for_weight_conversion, which makes plain LoRA of it."
        )
    for name, value in values.items():
        if name not in UNASKED and name not in ASKED and value:
            raise BadInput(
                f"{str(folder)!r} has {name}={value!r}, which can't be read here. Load it with PEFT, "
                "merge_and_unload() there, and use the model that this gives."
            )


def lora_config(ranks: Mapping[str, int], scales: Mapping[str, float]) -> dict[str, Any]:
    """The settings of LoRA for ranks and factors by the paths of the layers that PEFT wraps."""
    rank = _usual(ranks.values())
    alphas = {path: scales[path] * own for path, own in ranks.items()}
    alpha = _usual(alphas.values())
    return {
        "peft_type": "LORA",
        "r": rank,
        "lora_alpha": _whole(alpha),
        "lora_dropout": 0.0,
        "bias": "none",
        "use_rslora": False,
        "rank_pattern": {_exact(path): own for path, own in ranks.items() if own != rank},
        "alpha_pattern": {_exact(path): _whole(own) for path, own in alphas.items() if own != alpha},
    }


def _usual(values: Iterable[Any]) -> Any:
    """The most frequent of some values."""
    found = list(values)
    return max(dict.fromkeys(found), key=found.count)


def _whole(value: float) -> float:
    return int(value) if value == int(value) else value


def _exact(path: str) -> str:
    return f"^{re.escape(path)}"


def named_layers(module: nn.Module, paths: Sequence[str], end: str = ".") -> list[str] | str:
    """What names layers in PEFT, and no others: their paths, or where others end alike, an expression.

    Args:
        module: that they are in.
        paths: of the layers.
        end: what stands before the end of a path that PEFT takes for one of a list.
    """
    chosen = set(paths)
    others = [one for one, _ in module.named_modules() if one not in chosen]
    if any(one.endswith(f"{end}{path}") for one in others for path in chosen):
        return "|".join(re.escape(path) for path in paths)
    return list(paths)


def write_config(folder: Path, values: Mapping[str, Any]) -> None:
    """Write a configuration into a folder."""
    text = json.dumps({**values, "inference_mode": True}, indent=2, sort_keys=True)
    (folder / CONFIG).write_text(f"{text}\n", "utf-8")
