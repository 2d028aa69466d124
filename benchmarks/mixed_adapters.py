"""32 rows of 8 tasks in one forward, against a forward for each, PEFT and the bare backbone.

The built-in MiniLM for reviews cut to 48 tokens, LoRA of rank 8 at all matrices and bottleneck adapters of
size 16, one thread, processor seconds, rounds in turns. PEFT's `adapter_names` are measured, if it is
installed, on a BERT of transformers of the same size and random weights, as PEFT can't tell the rows of
layers that are given real tokens alone. `OMP_NUM_THREADS=1 python -m benchmarks.mixed_adapters`
"""

import copy
import importlib.util
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

import headstart as hs
from benchmarks.paired import interleaved, print_table
from headstart.data.load import load
from headstart.models import backbone

TASKS, ROWS, ROUNDS, LENGTH = 8, 32, 7, 48
NAMES = [f"task{number}" for number in range(TASKS)]
MIXED = [NAMES[row * 5 % TASKS] for row in range(ROWS)]
KINDS = {"LoRA, r = 8": hs.adapters.LoRA(rank=8), "bottlenecks of 16": hs.adapters.Bottlenecks(size=16)}


def beside(model: nn.Module, kind: Any, x: Tensor) -> hs.Adapters:
    """Eight sets, each of which has learned something."""
    found = hs.Adapters(model, example=x[:4])
    generator = torch.Generator().manual_seed(0)
    for name in NAMES:
        found.add(name, kind)
        with torch.no_grad():
            for one in found.parameters(name):
                one.add_(0.02 * torch.randn(one.shape, generator=generator))
    return found


def separately(found: hs.Adapters, x: Tensor, answer: Callable[[nn.Module, Tensor], Tensor]) -> Tensor:
    """A forward for each task, of its rows."""
    answers: list[Tensor] = [x] * len(x)
    for name in NAMES:
        mine = [row for row, other in enumerate(MIXED) if other == name]
        with found.use(name) as model:
            for row, one in zip(mine, answer(model, x[mine]), strict=True):
                answers[row] = one
    return torch.stack(answers)


def forwards(title: str, kind: Any, x: Tensor) -> None:
    """The table of one kind on MiniLM."""
    base = backbone("minilm")
    found = beside(base, kind, x)
    both = found.mixed(x, MIXED), separately(found, x, lambda model, some: model(some))
    contestants = {
        "8 forwards": lambda: separately(found, x, lambda model, some: model(some)),
        "mixed": lambda: found.mixed(x, MIXED),
        "bare backbone": lambda: base(x),
    }
    print_table(f"MiniLM, {title}", interleaved(contestants, ROUNDS, time.process_time))
    whole = sum(one.nbytes for one in base.parameters())
    sets = sum(one.nbytes for name in NAMES for one in found.parameters(name))
    print(
        f"\nlargest difference {(both[0] - both[1]).abs().max():.1e} of {both[1].abs().max():.2f};", end=" "
    )
    print(f"{(whole + sets) / (TASKS * whole):.3f} of the memory of {TASKS} models")


def step(title: str, kind: Any, x: Tensor) -> None:
    """The same with gradients."""
    base = backbone("minilm")
    found = beside(base, kind, x)

    def mixed() -> None:
        found.mixed(x, MIXED).square().mean().backward()  # type: ignore[no-untyped-call]

    def apart() -> None:
        separately(found, x, lambda model, some: model(some)).square().mean().backward()  # type: ignore[no-untyped-call]

    times = interleaved({"8 steps": apart, "mixed": mixed}, ROUNDS // 2, time.process_time)
    print_table(f"MiniLM, {title}, forward and backward", times)


def peft(x: Tensor) -> None:
    """PEFT's mixed batches, on a BERT of MiniLM's size, with the very same factors."""
    library: Any = importlib.import_module("peft")
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536)
    model = BertModel(config, add_pooling_layer=False).eval()
    x = x.clamp(min=1)
    at = "*.query|*.key|*.value|*.dense"
    found = beside(model, hs.adapters.LoRA(rank=8, alpha=16.0, at=at), x)
    settings = library.LoraConfig(r=8, lora_alpha=16, target_modules=["query", "key", "value", "dense"])
    theirs: Any = library.get_peft_model(copy.deepcopy(model), settings, adapter_name=NAMES[0])
    for name in NAMES[1:]:
        theirs.add_adapter(name, settings)
    with torch.no_grad():
        for name in NAMES:
            for path, adapter in found._sets[name].items():
                layer = theirs.base_model.model.get_submodule(path)
                layer.lora_A[name].weight.copy_(adapter.down)
                layer.lora_B[name].weight.copy_(adapter.up)
    theirs.eval()

    def them() -> Tensor:
        return theirs(x, adapter_names=MIXED)[0]  # type: ignore[no-any-return]

    difference = (found.mixed(x, MIXED) - them()).abs().max()
    contestants = {
        "PEFT's adapter_names": them,
        "mixed": lambda: found.mixed(x, MIXED),
        "8 forwards": lambda: separately(found, x, lambda model, some: model(some)[0]),
        "bare": lambda: model(x),
    }
    times = interleaved(contestants, ROUNDS, time.process_time)
    print_table(f"BERT of that size, {LENGTH} tokens a row, LoRA", times)
    print(f"\nlargest difference {difference:.1e}")


def main() -> None:
    """Print the tables."""
    base = backbone("minilm")
    texts = load("reviews").texts
    assert base.tokens is not None
    assert texts is not None
    x = base.tokens(list(texts[:ROWS]))[:, :LENGTH]
    with torch.no_grad():
        for title, kind in KINDS.items():
            forwards(title, kind, x)
        if importlib.util.find_spec("peft"):
            peft(x)
    step("LoRA, r = 8", KINDS["LoRA, r = 8"], x)


if __name__ == "__main__":
    main()
