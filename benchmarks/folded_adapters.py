"""Adapters folded into convolutions: the answers of the unfolded, at the speed of the bare network.

The built-in network for pictures, 8 of 96 px, one thread, processor seconds, rounds in turns; and how long
it takes to change the adapters of a loaded model, against loading the model.
`OMP_NUM_THREADS=1 python -m benchmarks.folded_adapters`
"""

import time

import torch

import headstart as hs
from benchmarks.paired import interleaved, print_table
from headstart.models import backbone
from headstart.nn.adapters import AdapterKind

ROUNDS = 15
KINDS: dict[str, AdapterKind] = {
    "series": hs.adapters.ConvAdapters(),
    "parallel": hs.adapters.ConvAdapters(how="parallel"),
}


def learned(found: hs.Adapters, name: str, kind: AdapterKind) -> None:
    """Add a set that has learned something."""
    found.add(name, kind)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for one in found.parameters(name):
            one.add_(0.02 * torch.randn(one.shape, generator=generator) / max(1, one.shape[-1]) ** 0.5)


@torch.no_grad()
def folded() -> None:
    """Differences and times of folded adapters."""
    base, x = backbone("efficientnet_lite0"), torch.randn(8, 3, 96, 96)
    found = hs.Adapters(base, example=x[:2])
    contestants = {"bare": lambda: base(x)}
    for name, kind in KINDS.items():
        learned(found, name, kind)
        plain = found.merge(name)
        with found.use(name) as model:
            unfolded = model(x)
        difference = (plain(x) - unfolded).abs().max() / unfolded.abs().max()
        moved = (unfolded - base(x)).abs().max() / unfolded.abs().max()
        print(f"{name}: folded differs by {difference:.1e} of the largest output, bare by {moved:.2f}")
        contestants[f"{name}, folded"] = lambda plain=plain: plain(x)  # type: ignore[misc]
    print_table("EfficientNet-Lite0, one forward", interleaved(contestants, ROUNDS, time.process_time))


def switching() -> None:
    """Other adapters in a loaded model, against loading it."""
    base = backbone("minilm")
    found = hs.Adapters(base)
    for name in "ab":
        learned(found, name, hs.adapters.LoRA(rank=8))

    def switch() -> None:
        for name in "ab":
            with found.use(name):
                pass

    times = interleaved(
        {"load MiniLM, twice": lambda: (backbone("minilm"), backbone("minilm")), "switch, twice": switch}, 5
    )
    print_table("MiniLM, LoRA", times)


def main() -> None:
    """Print the tables."""
    folded()
    switching()


if __name__ == "__main__":
    main()
