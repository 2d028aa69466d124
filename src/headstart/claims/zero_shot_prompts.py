"""CLIP: classes told by prompts alone, how much their wording matters, and what an ensemble mends."""

from collections.abc import Sequence
from statistics import fmean

import torch

from headstart.claims._captions import NAMES, captions, train_pair
from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of, means_of, value_of
from headstart.claims._digits import Rows, all_digits, split
from headstart.claims._lab import Lab
from headstart.models.pairs import Pair
from headstart.records.claims import Mark, Panel

TEST, CHANCE = 500, 0.1
SEEN = (  # templates of the captions
    "{}",
    "a photo of the digit {}",
    "a picture of the number {}",
    "the number {}, written by hand",
    "a small scan of a {}",
    "someone wrote {}",
    "one of ten digits: {}",
    "this is a handwritten {}",
)
UNSEEN = (  # that no caption had
    "an image showing {}",
    "{} in ink",
    "one {}",
    "the digit {} on paper, drawn by a child",
    "page two shows a {}",
    "my handwriting of {}",
    "look, {} again",
    "a scan of someone's number: {}",
)


def measure(lab: Lab, seed: int) -> Numbers:
    """Zero-shot accuracy by each template and by both ensembles."""
    random = lab.generator("captions", seed)
    learn, test = split(all_digits(), TEST, random)
    texts = captions(learn, SEEN, random)
    if lab.null:
        texts = [texts[row] for row in torch.randperm(len(texts), generator=random).tolist()]
    pair = train_pair(lab, seed, learn.x, texts, lab.pick(quick=300, full=2000, tiny=5))
    found: Numbers = {}
    for name, templates in {"seen": SEEN, "unseen": UNSEEN}.items():
        each = [told(pair, test, (one,)) for one in templates]
        found |= {name: each, f"{name}, mean": fmean(each), f"{name}, all": told(pair, test, templates)}
    return found


def told(pair: Pair, rows: Rows, templates: Sequence[str]) -> float:
    """Share of the rows that are told as their class by the prompts of some templates together."""
    classes = pair.classifier({name: (name,) for name in NAMES}, templates)
    said = (pair.embed_images(rows.x) @ classes.T).argmax(1)
    return float((said == rows.y).double().mean())


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """Accuracy by each template, and by ensembles."""
    y, panels = "accuracy on test pictures", []
    for name, templates in {"seen": SEEN, "unseen": UNSEEN}.items():
        marks = [
            Mark("the name alone" if text == "{}" else text.format("…"), found)
            for text, found in zip(templates, means_of(seeds, name), strict=True)
        ]
        marks.append(Mark("all together", mean_of(seeds, f"{name}, all"), chosen=True))
        title = "Wordings of the captions" if name == "seen" else "Wordings that no caption had"
        panels.append(Panel(title, y, marks=marks, zero=CHANCE))
    return panels


CLAIM = Claim(
    number=13,
    name="zero-shot-prompts",
    title="CLIP classifies by prompts alone; their wording matters, and an ensemble mends it",
    statement=(
        "Encoders that learned pictures with their captions tell classes by prompts, without a classifier, "
        "far above chance. Prompts worded as no caption was are less accurate, and all such wordings "
        "together are more accurate than one of them."
    ),
    paper="arXiv:2103.00020",
    data=(
        "Digits of scikit-learn: about 1,300 with captions in words, of eight templates, such as 'a photo "
        "of the digit three'; 500 without captions to test on."
    ),
    compared=(
        "Zero-shot classification by each of eight templates that captions had and of eight that none had, "
        "by the ensemble of each eight, and chance."
    ),
    null="captions are shuffled among the pictures",
    holds="Word prompts as captions are worded, and average over several wordings.",
    fails="The text encoder reads little but the name of the class: take the plain name.",
    effects=(
        Effect(
            "Zero-shot over chance, wordings of captions",
            lambda numbers: value_of(numbers, "seen, all") - CHANCE,
            above=0.3,
        ),
        Effect("Seen wordings over unseen, in the mean", difference("seen, mean", "unseen, mean")),
        Effect("Ensemble over one wording, unseen", difference("unseen, all", "unseen, mean")),
    ),
    measure=measure,
    draw=draw,
)
