"""Learn to translate between two domains without pairs, or compute the look; and say whether it went well."""

import copy
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

import headstart
from headstart.core import BadData, BadInput, Method, Model, Preprocess, Task, derive_seed, make
from headstart.core import Domains as Batch
from headstart.core import Labelled as Rows
from headstart.data.dataset import Dataset
from headstart.data.domains import Domains, of_same_labels
from headstart.data.load import load
from headstart.data.order import order
from headstart.data.shifts.style import STYLES, in_style
from headstart.methods.inputs.translation.unpaired import UnpairedTranslation
from headstart.nn.translation import Translation
from headstart.predictor.predictor import Predictor
from headstart.records.provenance import command, versions
from headstart.run.engine import Engine, One
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.studies.translate import guards as watch
from headstart.studies.translate.record import SCHEMA, Translating
from headstart.studies.translate.settings import CHEAP, TranslateSettings
from headstart.studies.translate.small_net import HALF, answers_of, fit_small
from headstart.studies.translate.translated import Translator, samples_of

Learnt = tuple[dict[str, Callable[[Tensor], Tensor]], dict[str, Translation]]
LARGEST = 64  # pixels of a side, unless another is asked for
STEP = 8
MOST = 2000  # rows of each domain that are measured


def translate(  # an option is an argument
    source: Any,
    target: Any,
    method: str | Method[Any] = "cyclegan",
    *,
    model: Predictor | None = None,
    judge: Any = None,
    settings: TranslateSettings | None = None,
    engine: Engine | None = None,
    **options: Any,
) -> Translator:
    """Learn what turns rows of the source into rows of the target and back, without pairs and labels of it.

    Args:
        source: labelled, whatever `hs.data.load` takes, or what it gave; pictures or arrays of numbers.
        target: whatever `hs.data.Domains` takes; labels that come along are dropped.
        method: "cyclegan" or "cycada", with settings after a colon, or such a method; "histogram",
            "fourier" or "style", which are computed and learn nothing.
        model: that knows the source; it says whether labels hold, for cycada in the training too. None trains
            a small net on the source.
        judge: labelled rows of the target, to report on; nothing is learned or chosen by them.
        settings: or the same as keyword options: `steps`, `tries`, `batch`, `lr`, `side`, `seed`.
        engine: where to compute; None: one process on the CPU.
        **options: fields of `TranslateSettings` by name.

    Returns:
        The translator: `to_target(x)`, `to_source(x)`, `dataset(data)`, `report()`.

    Raises:
        BadData: texts or tables, rows of different shapes, fewer than two rows.
        BadInput: no method that translates, or a cheap one on numbers.
        Diverged: the training stopped being numbers.
    """
    name = method if isinstance(method, str) else method.label
    chosen = replace(settings or TranslateSettings(), **options, method=name)
    domains = Domains(source, target)
    return _Study(domains, chosen, _made(method), model, engine or One()).run(judge)


def _made(method: str | Method[Any]) -> UnpairedTranslation | str:
    if isinstance(method, str) and method in CHEAP:
        return method
    found = make(method) if isinstance(method, str) else method
    if not isinstance(found, UnpairedTranslation):
        raise BadInput(f"{found.about.name} translates nothing. Take cyclegan, cycada, {', '.join(CHEAP)}.")
    return found


@dataclass
class _Study:
    """The steps of `translate`."""

    domains: Domains
    settings: TranslateSettings
    method: UnpairedTranslation | str
    model: Predictor | None
    engine: Engine
    curve: list[float] = field(default_factory=list)
    tries: int = 0
    critics: list[float] = field(default_factory=list)  # how far translators are from fooling them

    def run(self, judge: Any) -> Translator:
        source, target = self.domains.source, self.domains.target
        self._check(source)
        reading = self._reading(source)
        mine, theirs = samples_of(source, reading), samples_of(target, reading)
        if mine.shape[1:] != theirs.shape[1:] or min(len(mine), len(theirs)) < 2:
            shapes = " and ".join(f"{len(x)} rows of {tuple(x.shape[1:])}" for x in (mine, theirs))
            raise BadData(f"The domains have {shapes}. Give two rows or more of each, of one shape.")
        known = self._known(source, tuple(mine.shape[1:]))
        if isinstance(self.method, str):
            ways, fronts = self._computed(mine, theirs), dict[str, Translation]()
        else:
            ways, fronts = self._best(known, mine, theirs)
        labelled = None if judge is None else of_same_labels(_loaded(judge), source)
        record = self._record(ways, known, mine, theirs, labelled, reading)
        made = Translator(ways, fronts, reading, record)
        if labelled is None or source.label_kind != "classes":
            return made
        other = fit_small(made.dataset(source), tuple(mine.shape[1:]), self.settings.seed, self.engine)
        right = answers_of(other, samples_of(labelled, reading)) == torch.from_numpy(labelled.labels)
        return replace(made, record=replace(record, accuracy_trained=right.double().mean().item()))

    def _check(self, source: Dataset) -> None:
        if source.kind not in ("pictures", "numbers"):
            raise BadData(
                f"{source.name} holds {source.kind}; pictures and arrays of numbers can be translated. Align "
                "features instead: hs.align."
            )
        if isinstance(self.method, str) and not source.is_images:
            raise BadInput(f"{self.method} is for pictures, and {source.name} holds numbers. Take cyclegan.")

    def _reading(self, source: Dataset) -> Preprocess | None:
        if not source.is_images:
            return None
        if self.model is not None and self.model.preprocess is not None:
            return self.model.preprocess
        side = self.settings.side or min(LARGEST, _side(source))
        return Preprocess(size=(side, side), mean=HALF, std=HALF, fit="squash", keep=1.0)

    def _known(self, source: Dataset, shape: tuple[int, ...]) -> Model:
        """The model that knows the source; a copy."""
        if self.model is not None:
            if self.model.classes != source.classes:
                raise BadInput(
                    "The model tells other classes than the source has. Give the one of the source."
                )
            return copy.deepcopy(self.model.model)
        return fit_small(source, shape, self.settings.seed, self.engine)

    def _computed(self, mine: Tensor, theirs: Tensor) -> dict[str, Callable[[Tensor], Tensor]]:
        name = str(self.method)
        return {
            "to_target": lambda x: in_style(x, theirs, name),
            "to_source": lambda x: in_style(x, mine, name),
        }

    def _best(self, known: Model, mine: Tensor, theirs: Tensor) -> Learnt:
        """Of several starts the one of which critics see least; a start that passes is the last one."""
        best: tuple[float, list[float], list[float], Learnt] | None = None
        for number in range(self.settings.tries):
            seed = self.settings.seed if number == 0 else derive_seed(self.settings.seed, "start", number)
            found = self._learned(known, mine, theirs, seed)
            seen = self._seen()
            if best is None or seen < best[0]:
                best = (seen, self.curve, self.critics, found)
            self.tries, self.curve, self.critics = number + 1, [], []
            if seen <= watch.MOST_SEEN:
                break
        assert best is not None
        self.curve, self.critics = best[1], best[2]
        return best[3]

    def _seen(self) -> float:
        """The translators' loss against the critics over the last tenth of the steps."""
        return float(np.mean(self.critics[-max(1, self.settings.steps // 10) :]))

    def _learned(self, known: Model, mine: Tensor, theirs: Tensor, seed: int) -> Learnt:
        method, told = self.method, self.settings
        assert isinstance(method, UnpairedTranslation)
        labels = torch.from_numpy(self.domains.source.labels)
        recipe = Recipe(steps=told.steps, batch=told.batch, lr=told.lr, seed=seed)
        outputs, kind = len(self.domains.source.classes), self.domains.source.label_kind
        task = Task(outputs, tuple(mine.shape[1:]), len(mine), seed, copy.deepcopy(known.head), kind)
        run = start(method, copy.deepcopy(known.backbone), task, recipe, self.engine)

        def batches(step: int) -> Iterator[Batch]:
            for now in itertools.count(step):
                one = order(seed, len(mine), min(told.batch, len(mine)), now)[0]
                other = order(seed + 1, len(theirs), min(told.batch, len(theirs)), now)[0]
                yield Batch(Rows(mine[one], labels[one]), theirs[other])

        for tick in train(run, batches):
            fool = (tick.terms[f"translators/fool_{name}"].item() for name in ("source", "target"))
            self.critics.append(sum(fool) / 2)
            if method.cycle:
                self.curve.append(tick.terms["translators/cycle"].item() / (2 * method.cycle))
        parts = run.parts.cpu().eval()
        fronts = {name: method.translation(parts, name) for name in ("to_target", "to_source")}
        normal = copy.deepcopy(known.backbone).cpu()
        return {name: _way(front, normal) for name, front in fronts.items()}, fronts

    def _record(
        self,
        ways: dict[str, Callable[[Tensor], Tensor]],
        known: Model,
        mine: Tensor,
        theirs: Tensor,
        judge: Dataset | None,
        reading: Preprocess | None,
    ) -> Translating:
        from headstart.studies.translate.figures import measured

        source, told = self.domains.source, self.settings
        few, some = _few(mine, told.seed), _few(theirs, told.seed)
        judged = None if judge is None else (samples_of(judge, reading), judge)
        tenth = max(1, told.steps // 10)
        seen = self._seen() if self.critics else None
        found = measured(ways, known, (mine[few], source.subset(few)), theirs[some], judged, told.seed)
        found["guards"] += [] if seen is None else [watch.reached(seen)]
        learned = isinstance(self.method, UnpairedTranslation)
        return Translating(
            schema=SCHEMA,
            headstart=headstart.__version__,
            command=command(),
            source=source.name,
            target=self.domains.target.name,
            classes=list(source.classes),
            rows=len(source),
            target_rows=len(self.domains.target),
            method=told.method,
            title=self.method.title
            if isinstance(self.method, UnpairedTranslation)
            else f"{self.method} matching",
            learned=learned,
            cycle=self.curve,
            seen_through=seen,
            tries=self.tries,
            cycle_before=float(np.mean(self.curve[:tenth])) if self.curve else None,
            cycle_after=float(np.mean(self.curve[-tenth:])) if self.curve else None,
            model="the model given" if self.model is not None else "a small net trained on the source",
            to_target=[],
            to_source=[],
            notes=[guard.says for guard in found["guards"] if not guard.fine],
            settings=told.record(),
            seed=told.seed,
            versions=versions(),
            **found,
        )


def _way(front: Translation, mapping: Any) -> Callable[[Tensor], Tensor]:
    """A function of samples: bytes stay bytes."""

    def way(x: Tensor) -> Tensor:
        with torch.inference_mode():
            made = front(mapping.normalised(x))
            if x.dtype == torch.uint8:
                made = ((made * mapping.std + mapping.mean) * 255).round().clamp(0, 255).to(torch.uint8)
            found: Tensor = made
            return found

    return way


def _few(x: Tensor, seed: int) -> np.ndarray:
    """The rows that are measured: all, or always the same ones."""
    rows = np.random.default_rng(seed).permutation(len(x))[:MOST]
    return np.sort(rows)


def _side(source: Dataset) -> int:
    picture = source.picture(0)
    size = max(picture.size) if picture is not None else LARGEST
    return max(STEP, -(-size // STEP) * STEP)


def _loaded(data: Any) -> Dataset:
    return data if isinstance(data, Dataset) else load(data)


assert set(CHEAP) == set(STYLES)
