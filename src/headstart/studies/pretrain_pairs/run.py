"""How `pretrain-pairs` is computed: check, hold out, train, and test the retrieval before and after."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch

from headstart.core import BadInput, Diverged, Pairs, derive_seed
from headstart.data.augment import Augment
from headstart.data.finding import Finding
from headstart.data.image_text_pairs import ImageTextPairs
from headstart.data.load_pairs import load_pairs
from headstart.face import spell
from headstart.methods.mapping.pretraining.clip import Clip
from headstart.models.pairs import Pair
from headstart.records.settings import TrainingSettings
from headstart.run.recipe import Recipe
from headstart.session.inputs import loader_of
from headstart.session.pair_training import PairSession
from headstart.session.recipes import settled_precision
from headstart.studies._runner import Job, methods_of
from headstart.studies._shown import ShownResult
from headstart.studies._spec import Study
from headstart.studies._trim import trim_run
from headstart.studies.pretrain_pairs import PretrainPairs, PretrainPairsSettings
from headstart.studies.pretrain_pairs.encoders import image_encoder, text_encoder
from headstart.studies.pretrain_pairs.recalls import recalls_of
from headstart.studies.pretrain_pairs.rows import readable_pairs, split_pairs

PAIR_COLUMNS = ("path_column", "text_column", "encoding")


@dataclass(frozen=True, repr=False)
class TrainedPair(ShownResult):
    """What `pretrain_pairs` returns.

    Attributes:
        result: the record.
        pair: the two encoders, as `hs.models.pair` gives them.
        folder: with the record, the page and `model/`; None: nothing was kept.
    """

    result: PretrainPairs
    pair: Pair
    folder: Path | None


def load(
    spec: Study, given: Mapping[str, Any], settings: PretrainPairsSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The pairs and an encoder of each side."""
    known = {name: columns[name] for name in PAIR_COLUMNS if columns.get(name) is not None}
    pairs = load_pairs(given["data"], **known)
    image = image_encoder(given.get("image_backbone"), pairs.pictures, settings)
    text = text_encoder(given.get("text_backbone"), pairs.captions, settings)
    inputs = {"pictures": pairs.pictures, "captions": pairs.captions}
    return {**inputs, "backbone": image, "text backbone": text, "_findings": pairs.findings}


def check(settings: PretrainPairsSettings, inputs: Mapping[str, Any]) -> None:
    """Refuse methods that learn from no pairs, and one that locks an encoder with random weights.

    Raises:
        BadInput: the method is named.
    """
    (method,) = methods_of([settings.method], inputs)
    if method.about.needs is not Pairs:
        raise BadInput(f"{method.about.name} learns from no pairs of pictures and captions. Take clip.")
    if settings.from_scratch and method.locked_side():
        raise BadInput(
            f"{method.label} locks an encoder, and {spell('from_scratch', True)} gives it random weights: it "
            "would never learn. Leave one of them out."
        )


def compute(job: Job[PretrainPairsSettings]) -> dict[str, Any]:
    """The record's own fields; the pair is left for `finish`."""
    settings, inputs = job.settings, job.inputs
    findings: tuple[Finding, ...] = inputs["_findings"]
    job.notes += [one.text for one in findings]
    with job.step("check the data"):
        whole = ImageTextPairs(inputs["pictures"], inputs["captions"])
        pairs, groups, notes = readable_pairs(whole)
        job.notes += notes
        learn, held = split_pairs(pairs, groups, settings.test, settings.seed)
    session = _session(job, pairs)
    truncated, limit = _truncated(job, session, pairs)
    job.notes += session.encoders["text"].notes
    (method,) = job.methods([settings.method])
    recipe = _recipe(settings, len(learn))
    with job.step("start"), torch.no_grad():
        run, _ = session.start(method, learn[:2], recipe)
        before = session.pair(run)
        first = session.embeddings(before, held)

    def train(checkpoint: Path) -> dict[str, Any]:
        run, stream = session.start(method, learn, recipe)
        session.train(run, stream, checkpoint, job.progress.watch)
        bias = run.parts["logits"]()[1].item()
        return {"parts": dict(run.parts.state_dict()), "curve": run.notes["curve"], "bias": bias}

    kept = job.folder.trial(method.label, train)
    if "diverged" in kept:
        raise Diverged(kept["diverged"])
    done = kept["value"]
    run.parts.load_state_dict(done["parts"])
    with job.step("test the retrieval"):
        pair = session.pair(run)
        last = session.embeddings(pair, held)
    job.artefacts["pair"] = pair
    curve: list[float] = done["curve"]
    texts = pairs.texts
    captions = Counter(texts[row] for row in learn)
    return {
        "task": pairs.name,
        "pairs": len(pairs),
        "train_pairs": len(learn),
        "test_pairs": len(held),
        "groups": len(np.unique(groups)),
        "shared_captions": 1 - sum(count == 1 for count in captions.values()) / len(learn),
        "method": method.label,
        "encoders": [session.encoders[side].name for side in ("image", "text")],
        "locked": method.locked_side() or "",
        "parameters": _trained(run),
        "steps": recipe.steps,
        "curve": curve,
        "loss": fmean(curve[-max(1, len(curve) // 10) :]),
        "chance_loss": method.chance_level(recipe.batch) if isinstance(method, Clip) else None,
        "temperature": 1 / pair.scale,
        "bias": done["bias"],
        "truncated": truncated,
        "limit": limit,
        "recalls": recalls_of(pairs.subset(held), groups[held], first, last),
    }


def finish(job: Job[PretrainPairsSettings], record: PretrainPairs) -> TrainedPair:
    """The pair, saved in `model/` where a folder is kept."""
    pair: Pair = job.artefacts["pair"]
    if job.out is not None:
        pair.save(job.folder.path / "model")
    return TrainedPair(record, pair, job.out)


def trim(job: Job[PretrainPairsSettings]) -> None:
    """The trained tensors are in `model/`: what the study was resumed from goes."""
    trim_run(job.folder.path, "results")


def _session(job: Job[PretrainPairsSettings], pairs: ImageTextPairs) -> PairSession:
    image, text = job.inputs["backbone"], job.inputs["text backbone"]
    crop = job.settings.crop
    augment = None if crop == 1 else Augment(scale=(crop, 1.0), ratio=(0.9, 1 / 0.9), flip=False)
    plain = {"image": loader_of(pairs.pictures, image, None), "text": loader_of(pairs.captions, text, None)}
    seen = loader_of(pairs.pictures, image, augment) if augment else plain["image"]
    return PairSession({"image": image, "text": text}, plain | {"image": seen}, plain, job.engine)


def _recipe(settings: TrainingSettings, rows: int) -> Recipe:
    assert settings.epochs is not None
    batch = min(settings.batch, rows)
    steps = max(1, -(-settings.epochs * rows // batch))
    seed = derive_seed(settings.seed, "pairs")
    return Recipe(steps=steps, batch=batch, lr=settings.lr, precision=settled_precision(settings), seed=seed)


def _truncated(job: Job[Any], session: PairSession, pairs: ImageTextPairs) -> tuple[int, int]:
    """How many captions are longer than the encoder reads, with a note, and how many tokens it reads."""
    text = session.encoders["text"]
    assert text.tokens is not None
    cut = int(text.tokens.ids(pairs.texts)[1].sum())
    if cut:
        are = "caption is" if cut == 1 else "captions are"
        job.notes.append(
            f"{cut} of {len(pairs)} {are} longer than the {text.tokens.limit} tokens that {text.name} reads, "
            "and cut there."
        )
    return cut, text.tokens.limit


def _trained(run: Any) -> int:
    moves = (move for move in run.moves if hasattr(move, "parameters"))
    return sum({id(p): p.numel() for move in moves for p in move.parameters(run.parts)}.values())
