"""Which adapters act in which architectures: timm's, torchvision's and transformers', with random weights.

Of each of timm's module files and each of torchvision's families the model with the fewest parameters that
can be built here, if that is at most 100 M, and small ones of the types of transformers that `TYPES` names.
Each kind of adapter is inserted with its own choice of layers; inserting fails unless one batch in training
and one in evaluation shows that each adapter acts. What is counted: models with adapters, that answer as
before bit for bit, and those where the kind suits no layer or is refused. If peft is installed, its LoRA on
all linear layers is put into a copy of the same models, and the adapters that get no gradient in evaluation
are counted.
`python -m benchmarks.adapter_sweep FILE` writes a JSON line for each model to FILE, in which it goes on after
an interruption, and prints the table.
"""

import copy
import importlib.util
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import BadInput
from headstart.nn.adapters import IA3, Bottlenecks, ConvAdapters, LoRA
from headstart.nn.adapters.acting import weights_in_use
from headstart.nn.adapters.sites import weights_in

KINDS = {
    "LoRA": LoRA(rank=2),
    "LoRA, weight space": LoRA(rank=2, space="weight"),
    "bottleneck adapters": Bottlenecks(size=4),
    "residual adapters": ConvAdapters(),
    "(IA)3": IA3(),
}
TYPES = (
    *("albert", "bart", "beit", "bert", "bert-generation", "big_bird", "biogpt", "blenderbot", "bloom"),
    *("camembert", "canine", "clip_text_model", "clip_vision_model", "codegen", "convbert", "convnext"),
    *("convnextv2", "ctrl", "data2vec-text", "data2vec-vision", "deberta", "deberta-v2", "deit", "dinov2"),
    *("distilbert", "electra", "ernie", "esm", "falcon", "fnet", "gemma", "gpt2", "gpt_bigcode", "gpt_neo"),
    *("gpt_neox", "gptj", "ibert", "layoutlm", "levit", "llama", "longformer", "luke", "mbart", "mistral"),
    *("mobilebert", "mobilenet_v2", "modernbert", "mpnet", "mpt", "mra", "nystromformer", "olmo", "opt"),
    *("phi", "pvt", "qwen2", "rembert", "resnet", "roberta", "roformer", "segformer", "siglip_vision_model"),
    *("squeezebert", "stablelm", "swin", "swinv2", "t5", "vit", "xglm", "xlm-roberta", "yoso"),
)
SMALL = {  # of a configuration, where it has them
    **dict.fromkeys(("hidden_size", "d_model", "n_embd", "dim", "embed_dim", "embedding_size"), 32),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers"), 2),
    **dict.fromkeys(("decoder_layers", "num_decoder_layers"), 1),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_heads"), 2),
    **dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads", "num_key_value_heads"), 2),
    **dict.fromkeys(("intermediate_size", "encoder_ffn_dim", "decoder_ffn_dim", "d_ff", "ffn_dim"), 64),
    **dict.fromkeys(("vocab_size",), 99),
    **dict.fromkeys(("image_size",), 64),
}

LARGEST = 100_000_000  # parameters of a model of timm; of some modules all have more
OWN: dict[str, dict[str, Any]] = {  # of types whose other settings have to go with these
    "codegen": {"rotary_dim": 8},
    "gptj": {"rotary_dim": 8},
    "convnext": {"hidden_sizes": [32, 32, 32, 32], "depths": [1, 1, 1, 1]},
    "convnextv2": {"hidden_sizes": [32, 32, 32, 32], "depths": [1, 1, 1, 1]},
    "esm": {"vocab_size": 99, "pad_token_id": 1, "mask_token_id": 2},
    "modernbert": {"pad_token_id": 0, "cls_token_id": 1, "sep_token_id": 2},
    "swin": {"embed_dim": 24, "hidden_size": 48, "depths": [1, 1], "num_heads": [2, 2]},
    "swinv2": {"embed_dim": 24, "hidden_size": 48, "depths": [1, 1], "num_heads": [2, 2]},
}


class Answering(nn.Module):
    """A module as a function of one batch to one tensor.

    Matrices of zeros, as some heads begin with, are drawn at random: they would hide all before them.
    """

    def __init__(self, inner: nn.Module, given: Tensor) -> None:
        super().__init__()
        self.inner, self._given = inner, given
        for parameter in inner.parameters():
            if parameter.ndim > 1 and not parameter.any():
                nn.init.normal_(parameter, std=0.02)

    def forward(self) -> Tensor:
        """The first tensor of what it returns, without infinities."""
        found = self.inner(self._given)
        while not isinstance(found, Tensor):
            found = found[0] if isinstance(found, list | tuple) else next(iter(found.values()))
        return found


def timm_models() -> Iterator[tuple[str, Answering]]:
    """The smallest of each module file."""
    import timm

    for module in timm.list_modules():
        sizes = {}
        for name in timm.list_models(module=module):
            try:
                with torch.device("meta"):
                    sizes[name] = sum(p.numel() for p in timm.create_model(name).parameters())
            except Exception:  # what can't be built without a download or a package
                continue
        if sizes:
            name = min(sizes, key=lambda one: sizes[one])
            if sizes[name] > LARGEST:
                print(f"timm:{module}: the smallest, {name}, is left out by its size", file=sys.stderr)
                continue
            net = timm.create_model(name)
            size = net.pretrained_cfg.get("input_size", (3, 224, 224))
            yield f"timm:{module}:{name}", pictured(net, size)


def torchvision_models() -> Iterator[tuple[str, Answering]]:
    """The smallest classifier of each module file."""
    from torchvision import models

    smallest: dict[str, tuple[int, str]] = {}
    for name in models.list_models(module=models):
        size = models.get_model_weights(name).DEFAULT.meta["num_params"]
        module = models.get_model_builder(name).__module__
        smallest[module] = min(smallest.get(module, (size, name)), (size, name))
    for _, name in smallest.values():
        options = {"init_weights": True} if name in ("inception_v3", "googlenet") else {}
        side = 299 if name == "inception_v3" else 224
        yield f"torchvision:{name}", pictured(models.get_model(name, **options), (3, side, side))


def transformers_models() -> Iterator[tuple[str, Answering]]:
    """Small ones of each type."""
    from transformers import AutoConfig, AutoModel

    for kind in TYPES:
        config = AutoConfig.for_model(kind)
        sizes = {name: one for name, one in SMALL.items() if isinstance(getattr(config, name, None), int)}
        for name, value in (sizes | OWN.get(kind, {})).items():
            setattr(config, name, value)
        try:
            net = AutoModel.from_config(config)
            if config.is_encoder_decoder:
                net = net.get_encoder()
        except Exception as error:
            print(f"transformers:{kind} can't be built so small: {str(error)[:100]}", file=sys.stderr)
            continue
        if net.main_input_name == "pixel_values":
            side = getattr(config, "image_size", 64)
            yield f"transformers:{kind}", pictured(net, (3, side, side) if isinstance(side, int) else side)
            continue
        words = torch.randint(3, 90, (2, 12), generator=torch.Generator().manual_seed(0))
        yield f"transformers:{kind}", Answering(net, words)


def pictured(net: nn.Module, size: tuple[int, ...]) -> Answering:
    """A model of pictures, of 96 pixels where it takes them, to be quick, else of its own size."""
    pixels = torch.randn(2, *size, generator=torch.Generator().manual_seed(0))
    small = pixels[..., :96, :96].contiguous()
    try:
        with torch.no_grad():
            for train in (False, True):  # some have a second classifier in training
                copy.deepcopy(net).train(train)(small)
    except Exception:
        small = pixels
    return Answering(net, small)


def outcome(net: Answering, kind: str) -> str:
    """One kind of adapter in a copy of a model: "acts", "suits no layer", "refused: ..." or a fault."""
    module = copy.deepcopy(net).eval()
    with torch.no_grad():
        before = module()
    try:
        KINDS[kind].insert(module, module)
    except BadInput as error:
        return "suits no layer" if "suit no layer" in str(error) else f"refused: {error}"
    with torch.no_grad():
        after = module()
    return "acts" if torch.equal(before, after) else f"moves by {(before - after).abs().max():.2g}"


def silent_in_peft(net: Answering) -> str:
    """How many of peft's LoRA adapters, of layers in use, get no gradient in evaluation, of how many."""
    from peft import LoraConfig, inject_adapter_in_model  # type: ignore[import-not-found]

    module = copy.deepcopy(net)
    used = {one.layer for one in weights_in_use(module.eval(), module, weights_in(module))}
    inject_adapter_in_model(LoraConfig(r=2, target_modules="all-linear"), module.inner)
    module.eval()
    generator = torch.Generator().manual_seed(0)
    with torch.enable_grad():
        found = module()
        (found * torch.randn(found.shape, generator=generator)).sum().backward()
    ups = {name: one for name, one in module.named_parameters() if "lora_B" in name and name_of(name) in used}
    return f"{sum(one.grad is None or not one.grad.any() for one in ups.values())} of {len(ups)}"


def name_of(parameter: str) -> str:
    """The path of the layer of peft's adapter."""
    return parameter.partition(".lora_B")[0]


def main() -> None:
    """Try all, and print the table."""
    file, has_peft = Path(sys.argv[1]), importlib.util.find_spec("peft") is not None
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    done = {row["model"] for row in rows}
    for models in (transformers_models, torchvision_models, timm_models):
        for name, net in models():
            if name in done:
                continue
            torch.manual_seed(0)
            row = {"model": name} | {kind: attempt(outcome, net, kind) for kind in KINDS}
            if has_peft:
                row["silent in peft"] = attempt(silent_in_peft, net)
            rows.append(row)
            with file.open("a") as out:
                out.write(json.dumps(row) + "\n")
    print_table(rows)


def attempt(function: Callable[..., str], *given: Any) -> str:
    """What a function returns, or the error."""
    try:
        return function(*given)
    except Exception as error:
        return f"error: {type(error).__name__}: {str(error)[:200]}"


def print_table(rows: list[dict[str, str]]) -> None:
    """Counts of outcomes by library and kind, and every row that is neither."""
    for library in ("timm", "torchvision", "transformers"):
        mine = [row for row in rows if row["model"].startswith(library)]
        for kind in KINDS:
            counts = Counter(row[kind].partition(":")[0].partition(" by ")[0] for row in mine)
            print(f"{library:14}{len(mine):4} models  {kind:22}", dict(counts))
        silent = [row for row in mine if not row.get("silent in peft", "0 ").startswith(("0 ", "error"))]
        print(f"{library:14}{len(mine):4} models  silent adapters in peft:", len(silent))
    for row in rows:
        for kind in KINDS:
            if row[kind] not in ("acts", "suits no layer"):
                print(row["model"], kind, row[kind])


if __name__ == "__main__":
    main()
