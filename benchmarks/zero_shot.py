"""What MiniLM tells of reviews and tweets by the names of the classes alone.

    python -m benchmarks.zero_shot [--each 300]

The words of the classes and the two ensembles, "texts", the default, and "sentiment", are fixed before the
run. Always the same `--each` rows of every class; a fifth of them fits the temperature and is not tested.
Texts are cut at 64 tokens. Beside it stands what needs labels: a ridge probe on the same features, fitted on
that fifth.
"""

import argparse
import warnings

import numpy as np

import headstart as hs
from headstart.session.inputs import build_backbone, fit_to_data
from headstart.session.scoring import main_score
from headstart.session.session import Session
from headstart.studies.zero_shot import ZeroShotSettings
from headstart.studies.zero_shot.parts import parts_of

WORDS = {
    "reviews": {"negative": ("bad", "awful"), "positive": ("good", "great")},
    "tweets": {
        "negative": ("bad", "awful"),
        "neutral": ("neutral", "factual"),
        "positive": ("good", "great"),
    },
}
SIZE = 64  # tokens


def probe(data: hs.data.Dataset, share: float = 0.2) -> str:
    """The accuracy of a ridge probe that is fitted on the rows that fit the temperature."""
    train, test = parts_of(data, ZeroShotSettings(calibration=share), labelled=True)
    reader = fit_to_data(build_backbone(data, "minilm"), data, SIZE)
    fitted = hs.fit("ridge-probe", reader, data.subset(train))
    session = Session(reader, data)
    score = main_score(session.logits(fitted.model, np.asarray(test)), data.labels[test], None, 0, "accuracy")
    return f"{score.value:.3f} ({score.low:.3f} to {score.high:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description="Zero-shot classification by MiniLM.")
    parser.add_argument("--each", type=int, default=300, help="rows of each class")
    each = parser.parse_args().each
    warnings.simplefilter("ignore")
    print("| data | words | ensemble | all together | best wording | worst | calibration error |")
    print("|---|---|---|---|---|---|---|")
    for name in WORDS:
        data = hs.data.load(name, per_class=each)
        for title, classes in (("names", ()), ("others", WORDS[name])):
            for ensemble in ("texts", "sentiment"):
                found = hs.zero_shot(data, classes=classes, ensemble=ensemble, size=SIZE).result
                figure, best, worst = found.scores["accuracy"], found.wordings[0], found.wordings[-1]
                both = found.uncalibrated, found.scores
                errors = [scores["calibration_error"].value for scores in both]
                cells = [
                    f"{name}, {found.rows} rows",
                    title,
                    ensemble,
                    f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})",
                    f"{best.template!r} {best.score.value:.3f}",
                    f"{worst.template!r} {worst.score.value:.3f}",
                    ", ".join(f"{error:.3f}" for error in errors),
                ]
                print(f"| {' | '.join(cells)} |", flush=True)
        print(f"| {name} | | ridge probe on the calibration rows | {probe(data)} | | | |", flush=True)


if __name__ == "__main__":
    main()
