"""How `translate` is computed: translators trained from several starts, or a computed look, and figures."""

import copy
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.core import BadData, BadInput, Diverged, Method, Model, Preprocess, Task, derive_seed
from headstart.core import Domains as Batch
from headstart.core import Labelled as Rows
from headstart.data.dataset import Dataset
from headstart.data.domains import Domains, of_same_labels
from headstart.data.load import load as load_data
from headstart.data.order import order
from headstart.data.shifts.style import STYLES, in_style
from headstart.methods.inputs.translation.unpaired import UnpairedTranslation
from headstart.nn.translation import Translation
from headstart.predictor.predictor import Predictor, open_model
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.studies._runner import Job, methods_of
from headstart.studies._spec import Study
from headstart.studies.translate import CHEAP, TranslateSettings, TranslationReport, guards
from headstart.studies.translate.folder import write
from headstart.studies.translate.small_net import HALF, answers_of, fit_small
from headstart.studies.translate.translated import Translated, Translator, Way, Ways, samples_of

LARGEST = 64  # pixels of a side, unless another is asked for
STEP = 8
MOST = 2000  # rows of each domain that are measured

assert set(CHEAP) == set(STYLES)


def load(
    _: Study, given: Mapping[str, Any], settings: TranslateSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """Both domains, the target without its labels; the model; labelled rows to report on."""
    domains = Domains(given["source"], given["target"])
    model, judge = given.get("model"), given.get("judge")
    if judge is not None:
        judge = judge if isinstance(judge, Dataset) else load_data(judge)
        judge = of_same_labels(judge, domains.source)
    model = model if model is None or isinstance(model, Predictor) else open_model(model)
    return {"source": domains.source, "target": domains.target, "model": model, "judge": judge}


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
    source, target, model = (job.inputs[name] for name in ("source", "target", "model"))
    reading = _preprocessing(source, model, job.settings)
    x, y = samples_of(source, reading), samples_of(target, reading)
    if x.shape[1:] != y.shape[1:] or min(len(x), len(y)) < 2:
        shapes = " and ".join(f"{len(rows)} rows of {tuple(rows.shape[1:])}" for rows in (x, y))
        raise BadData(f"The domains have {shapes}. Give two rows or more of each, of one shape.")
    with job.step("look at the data"):
        shape, seed = tuple(x.shape[1:]), job.settings.seed
        known = copy.deepcopy(model.model) if model else fit_small(source, shape, seed, job.engine)
    if job.settings.method in CHEAP:
        training, title = None, f"{job.settings.method} matching"
        ways = Ways(_computed(job.settings.method, x, y), {}, reading)
    else:
        (method,) = job.methods([job.settings.method])
        training, title = _Starts(job, method, known, x, y).best(), method.title
        fronts = training.fronts
        ways = Ways({way: _through(front, known.backbone) for way, front in fronts.items()}, fronts, reading)
    job.artefacts["ways"] = ways
    with job.step("measure the translation"):
        fields = _measure(job, ways, known, x, y)
    if training is not None:
        fields["guards"].append(guards.critics_guard(training.seen_through))
    job.notes += [guard.says for guard in fields["guards"] if not guard.fine]
    direction = job.settings.direction
    pairs = {} if job.out is None else write(ways, source, target, job.folder.path, direction)
    return {
        "source": source.name,
        "target": target.name,
        "classes": list(source.classes),
        "rows": len(source),
        "target_rows": len(target),
        "method": job.settings.method,
        "title": title,
        "learned": training is not None,
        "model": "a small net trained on the source" if model is None else "the model given",
        **_curve(training, max(1, job.settings.steps // 10)),
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


def _preprocessing(
    source: Dataset, model: Predictor | None, settings: TranslateSettings
) -> Preprocess | None:
    """How pictures become samples: as the model takes them, or small; None for numbers."""
    if not source.is_images:
        return None
    if model is not None and model.preprocess is not None:
        return model.preprocess
    side = settings.side or min(LARGEST, _side(source))
    return Preprocess(size=(side, side), mean=HALF, std=HALF, fit="squash", keep=1.0)


def _side(source: Dataset) -> int:
    picture = source.picture(0)
    size = max(picture.size) if picture is not None else LARGEST
    return max(STEP, -(-size // STEP) * STEP)


def _computed(name: str, x: Tensor, y: Tensor) -> dict[str, Way]:
    """Both directions of a look that is computed from all rows (n, ...) of each domain."""
    return {
        "to_target": lambda rows: in_style(rows, y, name),
        "to_source": lambda rows: in_style(rows, x, name),
    }


def _through(front: Translation, backbone: Any) -> Way:
    """A trained translator as a function of samples: bytes stay bytes."""
    backbone = copy.deepcopy(backbone).cpu()

    def translate(x: Tensor) -> Tensor:
        with torch.inference_mode():
            translated: Tensor = front(backbone.normalised(x))
            if x.dtype == torch.uint8:
                pixels = (translated * backbone.std + backbone.mean) * 255
                translated = pixels.round().clamp(0, 255).to(torch.uint8)
            return translated

    return translate


@dataclass(frozen=True)
class _Training:
    """Translators that were trained from one start.

    Attributes:
        fronts: both, by direction.
        cycle: error of the way there and back at each step; none if the method has no such loss.
        seen_through: the translators' mean loss against the critics over the last tenth of the steps.
        tries: how many starts were made.
    """

    fronts: dict[str, Translation]
    cycle: list[float]
    seen_through: float
    tries: int


@dataclass(frozen=True)
class _Starts:
    """Trainings of translators from several starts.

    Attributes:
        job: of the study.
        method: that is trained.
        known: a model that knows the source.
        x, y: samples (n, ...) and (m, ...) of source and target.
    """

    job: Job[TranslateSettings]
    method: Method[Any]
    known: Model
    x: Tensor
    y: Tensor

    def best(self) -> _Training:
        """The training that critics see through least; the first one that passes is the last.

        Raises:
            Diverged: every start has.
        """
        best: tuple[float, dict[str, Any]] | None = None
        why, tries, own = "", 0, self.job.settings.seed
        for tries in range(1, self.job.settings.tries + 1):
            seed = own if tries == 1 else derive_seed(own, "start", tries - 1)
            kept = self.job.folder.trial(f"start {tries}", partial(self._train, seed))
            if "diverged" in kept:
                why = kept["diverged"]
                continue
            critics = kept["value"]["critics"][-max(1, self.job.settings.steps // 10) :]
            seen = float(np.mean(critics))
            if best is None or seen < best[0]:
                best = (seen, kept["value"])
            if seen <= guards.MOST_SEEN:
                break
        if best is None:
            raise Diverged(why)
        fronts = {way: _restored(front) for way, front in best[1]["fronts"].items()}
        return _Training(fronts, best[1]["cycle"], best[0], tries)

    def _train(self, seed: int, _: Path) -> dict[str, Any]:
        """One training, as it is kept."""
        settings, source = self.job.settings, self.job.inputs["source"]
        method: Any = self.method
        recipe = Recipe(steps=settings.steps, batch=settings.batch, lr=settings.lr, seed=seed)
        head = copy.deepcopy(self.known.head)
        shape = tuple(self.x.shape[1:])
        task = Task(len(source.classes), shape, len(self.x), seed, head, source.label_kind)
        run = start(method, copy.deepcopy(self.known.backbone), task, recipe, self.job.engine)
        cycle, critics = list[float](), list[float]()
        for tick in train(run, self._batches(seed)):
            fool = (tick.terms[f"translators/fool_{name}"].item() for name in ("source", "target"))
            critics.append(sum(fool) / 2)
            if method.cycle:
                cycle.append(tick.terms["translators/cycle"].item() / (2 * method.cycle))
        parts = run.parts.cpu().eval()
        fronts = {way: method.translation(parts, way) for way in ("to_target", "to_source")}
        kept = {
            way: {"settings": dict(f.settings), "state": dict(f.state_dict())} for way, f in fronts.items()
        }
        return {"fronts": kept, "cycle": cycle, "critics": critics}

    def _batches(self, seed: int) -> Callable[[int], Iterator[Batch]]:
        batch = self.job.settings.batch
        labels = torch.from_numpy(self.job.inputs["source"].labels)

        def batches(step: int) -> Iterator[Batch]:
            for now in itertools.count(step):
                rows = order(seed, len(self.x), min(batch, len(self.x)), now)[0]
                target_rows = order(seed + 1, len(self.y), min(batch, len(self.y)), now)[0]
                yield Batch(Rows(self.x[rows], labels[rows]), self.y[target_rows])

        return batches


def _restored(kept: Mapping[str, Any]) -> Translation:
    """A translator as it was kept."""
    front = Translation(**kept["settings"])
    front.load_state_dict(kept["state"])
    return front.eval()


def _measure(job: Job[TranslateSettings], ways: Ways, known: Model, x: Tensor, y: Tensor) -> dict[str, Any]:
    """Diversity, label flips and accuracies, as fields of the record."""
    source, judge, seed = job.inputs["source"], job.inputs["judge"], job.settings.seed
    labelled = None if judge is None else (samples_of(judge, ways.preprocess), judge)
    rows = _measured_rows(x, seed)
    fields = guards.measure(
        ways.ways, known, (x[rows], source.subset(rows)), y[_measured_rows(y, seed)], labelled, seed
    )
    if labelled is not None and source.label_kind == "classes":
        net = fit_small(ways.dataset(source), tuple(x.shape[1:]), seed, job.engine)
        correct = answers_of(net, labelled[0]) == torch.from_numpy(judge.labels)
        fields["accuracy_trained"] = correct.double().mean().item()
    return fields


def _curve(training: _Training | None, tenth: int) -> dict[str, Any]:
    """What the record says of a training."""
    cycle = [] if training is None else training.cycle
    return {
        "tries": 0 if training is None else training.tries,
        "cycle": cycle,
        "cycle_before": float(np.mean(cycle[:tenth])) if cycle else None,
        "cycle_after": float(np.mean(cycle[-tenth:])) if cycle else None,
        "seen_through": None if training is None else training.seen_through,
    }


def _measured_rows(x: Tensor, seed: int) -> np.ndarray:
    """The rows that are measured: all, or always the same ones."""
    return np.sort(np.random.default_rng(seed).permutation(len(x))[:MOST])
