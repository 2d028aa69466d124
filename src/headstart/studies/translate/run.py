"""How `translate` is computed: translators trained from several starts, or a computed look, and figures."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.core import (
    BadData,
    BadInput,
    Diverged,
    Labelled,
    Method,
    Model,
    Preprocess,
    Task,
    derive_seed,
)
from headstart.data import domains
from headstart.data.dataset import Dataset
from headstart.data.domains import of_same_labels
from headstart.data.shifts.style import STYLES, in_style
from headstart.methods.inputs.translation.unpaired import UnpairedTranslation
from headstart.nn.translation import Translation
from headstart.predictor.predictor import Predictor, open_model
from headstart.run.recipe import Recipe
from headstart.session.translators import most_loss, through, train_translators
from headstart.studies._runner import Job, load_labelled, methods_of
from headstart.studies._spec import Study
from headstart.studies.translate import CHEAP, TranslateSettings, TranslationReport, quality
from headstart.studies.translate.translator import HALF, Translated, Translator, Ways, to_samples

LARGEST = 64  # pixels of a side, unless another is asked for
STEP = 8  # pixels that a side is a multiple of
MOST = 2000  # rows of each domain that are measured

assert set(CHEAP) == set(STYLES)


def load(
    _: Study, given: Mapping[str, Any], settings: TranslateSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """Both domains, the target without its labels; the model; labelled rows to report on."""
    both = domains.Domains(given["source"], given["target"])
    model, test = given.get("model"), given.get("target_test")
    if test is not None:
        test = of_same_labels(load_labelled(test, {}), both.source)
    model = model if model is None or isinstance(model, Predictor) else open_model(model)
    return {"source": both.source, "target": both.target, "model": model, "target_test": test}


def check(settings: TranslateSettings, inputs: Mapping[str, Any]) -> None:
    """Refuse methods that do not translate, data that can't be translated, and a model of other classes."""
    source, model = inputs["source"], inputs["model"]
    if settings.method not in CHEAP:
        (method,) = methods_of([settings.method], inputs)
        if not isinstance(method, UnpairedTranslation):
            name = method.about.name
            raise BadInput(f"{name} translates nothing. Take cyclegan, cycada, {', '.join(CHEAP)}.")
    if source.kind not in ("pictures", "numbers"):
        raise BadData(
            f"{source.name} holds {source.kind}; pictures and arrays of numbers can be translated. Align "
            "features instead: hs.align."
        )
    if settings.method in CHEAP and not source.is_images:
        raise BadInput(f"{settings.method} is for pictures, and {source.name} holds numbers. Take cyclegan.")
    if model is not None and model.classes != source.classes:
        raise BadInput("The model predicts other classes than the source has. Give one of the source.")


def compute(job: Job[TranslateSettings]) -> dict[str, Any]:
    """The record's own fields; the translators are left for `finish`."""
    source, target, given = (job.inputs[name] for name in ("source", "target", "model"))
    settings, preprocess = job.settings, _preprocess(source, given, job.settings)
    x, y = to_samples(source, preprocess), to_samples(target, preprocess)
    if x.shape[1:] != y.shape[1:] or min(len(x), len(y)) < 2:
        shapes = " and ".join(f"{len(rows)} rows of {tuple(rows.shape[1:])}" for rows in (x, y))
        raise BadData(f"The domains have {shapes}. Give two rows or more of each, of one shape.")
    with job.step("check the data"):
        shape = tuple(x.shape[1:])
        small = partial(quality.fit_small, source, shape, settings.seed, job.engine)
        model = copy.deepcopy(given.model) if given else small()
    if settings.method in CHEAP:
        title = f"{settings.method} matching"
        ways = {
            "to_target": lambda rows: in_style(rows, y, settings.method),
            "to_source": lambda rows: in_style(rows, x, settings.method),
        }
        fronts: dict[str, Translation] = {}
        training: dict[str, Any] = {"tries": 0, "cycle": []}
        training |= dict.fromkeys(("cycle_before", "cycle_after", "adversarial_loss"))
    else:
        (method,) = job.methods([settings.method])
        title = method.title
        fronts, training = _Trainer(job, method, model, x, y).train_best()
        ways = {way: through(front, model.backbone) for way, front in fronts.items()}
    translator = Ways(ways, fronts, preprocess)
    job.artefacts["ways"] = translator
    with job.step("measure the translation"):
        fields = _measure(job, translator, model, x, y)
    if fronts:
        fields["guards"].append(training.pop("guard"))
    job.notes += [guard.message for guard in fields["guards"] if not guard.fine]
    pairs = {} if job.out is None else translator.write(source, target, job.folder.path, settings.direction)
    return {
        "source": source.name,
        "target": target.name,
        "classes": list(source.classes),
        "rows": len(source),
        "target_rows": len(target),
        "method": settings.method,
        "title": title,
        "learned": bool(fronts),
        "model": "the model given" if given else "a small net trained on the source",
        **training,
        **fields,
        "to_target": pairs.get("to_target", []),
        "to_source": pairs.get("to_source", []),
    }


def finish(job: Job[TranslateSettings], record: TranslationReport) -> Translator:
    """The translator; the model that was given is saved behind it, if there is a folder."""
    ways: Ways = job.artefacts["ways"]
    translator = Translator(ways.ways, ways.fronts, ways.preprocess, record)
    if job.out is not None and job.inputs["model"] is not None and ways.fronts:
        Translated(job.inputs["model"], translator).save(job.folder.path / "model")
    return translator


def _preprocess(source: Dataset, model: Predictor | None, settings: TranslateSettings) -> Preprocess | None:
    """How pictures become samples: as the model takes them, or small; None for numbers."""
    if not source.is_images:
        return None
    if model is not None and model.preprocess is not None:
        return model.preprocess
    picture = source.picture(0)
    side = LARGEST if picture is None else max(STEP, -(-max(picture.size) // STEP) * STEP)
    side = settings.size or min(LARGEST, side)
    return Preprocess(
        size=(side, side),
        mean=HALF,
        std=HALF,
        fit="squash",
        keep=1.0,
        window=source.window,
        mixed=source.mixed,
    )


@dataclass(frozen=True)
class _Trainer:
    """Trains translators from several starts."""

    job: Job[TranslateSettings]
    method: Method[Any]
    model: Model  # that knows the source
    x: Tensor  # samples (n, ...) of the source
    y: Tensor  # samples (m, ...) of the target

    def train_best(self) -> tuple[dict[str, Translation], dict[str, Any]]:
        """Translators by direction, and fields and critics' guard of the training of least adversarial loss.

        The loss is the mean over the last tenth of the steps; no start follows one that passes.

        Raises:
            Diverged: every start has.
        """
        best: dict[str, Any] = {}
        method: Any = self.method
        loss, why, tries, own = np.inf, "", 0, self.job.settings.seed
        tenth = max(1, self.job.settings.steps // 10)
        for tries in range(1, self.job.settings.tries + 1):
            seed = own if tries == 1 else derive_seed(own, "start", tries - 1)
            kept = self.job.folder.trial(f"start {tries}", partial(self._train, seed))
            if "diverged" in kept:
                why = kept["diverged"]
                continue
            critics = float(np.mean(kept["value"]["critics"][-tenth:]))
            if critics < loss:
                loss, best = critics, kept["value"]
            if critics <= most_loss(method.adversary):
                break
        if not best:
            raise Diverged(why)
        fronts = {}
        for way, front in best["fronts"].items():
            fronts[way] = Translation(**front["settings"]).eval()
            fronts[way].load_state_dict(front["state"])
        cycle = best["cycle"]
        return fronts, {
            "tries": tries,
            "cycle": cycle,
            "cycle_before": float(np.mean(cycle[:tenth])) if cycle else None,
            "cycle_after": float(np.mean(cycle[-tenth:])) if cycle else None,
            "adversarial_loss": loss,
            "guard": quality.critics_guard(loss, method.adversary),
        }

    def _train(self, seed: int, _: Path) -> dict[str, Any]:
        """One training, as it is kept: translators and losses against critics and of the round trip."""
        settings, source = self.job.settings, self.job.inputs["source"]
        recipe = Recipe(steps=settings.steps, batch=settings.batch, lr=settings.lr, seed=seed)
        task = Task(len(source.classes), tuple(self.x.shape[1:]), kind=source.label_kind)
        rows = Labelled(self.x, torch.from_numpy(source.labels))
        found = train_translators(self.method, self.model, rows, self.y, recipe, task, self.job.engine)
        fronts = {
            way: {"settings": dict(front.settings), "state": dict(front.state_dict())}
            for way, front in found.fronts.items()
        }
        return {"fronts": fronts, "cycle": found.cycle, "critics": found.critics}


def _measure(job: Job[TranslateSettings], ways: Ways, model: Model, x: Tensor, y: Tensor) -> dict[str, Any]:
    """Diversity, label flips and accuracies, as fields of the record, on at most `MOST` rows."""
    source, test, seed = job.inputs["source"], job.inputs["target_test"], job.settings.seed
    rows, target_rows = (np.sort(np.random.default_rng(seed).permutation(len(z))[:MOST]) for z in (x, y))
    labelled = None if test is None else (to_samples(test, ways.preprocess), test)
    known = (x[rows], source.subset(rows))
    fields = quality.measure(ways.ways, model, known, y[target_rows], labelled, seed)
    if labelled is not None and source.label_kind == "classes":
        net = quality.fit_small(ways.dataset(source), tuple(x.shape[1:]), seed, job.engine)
        fields["accuracy_trained"] = quality.accuracy(quality.predict_classes(net, labelled[0]), test)
    return fields
