"""One method, one seed: trained, looked at on the way, its best model by a label-free score kept."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.core import Head, Method, Model, derive_seed
from headstart.data.train_test_split import Rows
from headstart.predictor.save import save_model
from headstart.run.checkpoint import load_state, save_state
from headstart.run.recipe import Recipe
from headstart.run.step_cache import file_name
from headstart.session.evaluation import EvalHook, EvalState
from headstart.session.recipes import VIEWS
from headstart.session.session import FitOptions, Session
from headstart.session.session_data import SessionData
from headstart.studies.align import AlignSettings
from headstart.studies.align.data_split import AlignData
from headstart.studies.align.validators import Validators


@dataclass(frozen=True)
class TrialRunner:
    """Trains methods and keeps what they say on the way.

    Attributes:
        session: on the source, with the target beside it.
        rows: the rows.
        settings: of the study.
        validators: that models are chosen by.
        seen: rows of the target that the validators look at.
        folder: for looks and models.
        head: of a saved model that there is no source for.
    """

    session: Session
    rows: AlignData
    settings: AlignSettings
    validators: Validators
    seen: Rows
    folder: Path
    head: Head | None = None

    def run(self, method: Method[Any], seed: int, name: str, checkpoint: Path) -> dict[str, Any]:
        """The looks at a training, each with its scores, and outputs for the test rows.

        Raises:
            Diverged: the loss stopped being a number.
        """
        recipe = self.recipe(method, seed)
        place = self.folder / file_name(name)
        once = method.about.closed_form
        hook = (
            None
            if once
            else EvalHook(self.steps(recipe.steps), lambda step, now: self._keep(place, step, now))
        )
        fitted = self.session.fit(
            method,
            self.rows.train,
            recipe,
            name=name,
            checkpoint=None if once else checkpoint,
            options=FitOptions(eval_hook=hook, head=self.head),
        )
        if once:
            target = self.target_session
            self._keep(
                place,
                1,
                EvalState(fitted.model, fitted.logits, lambda some: target.logits(fitted.model, some)),
            )
            return {"steps": 1, "notes": fitted.notes, "looks": self._looks(place)}
        return {"steps": recipe.steps, "notes": fitted.notes, "looks": self._looks(place)}

    @property
    def target_session(self) -> SessionData:
        """The session on the target's rows."""
        assert self.session.target is not None
        return self.session.target.session

    def evaluate_unadapted(self, model: Model, name: str, _checkpoint: Path) -> dict[str, Any]:
        """The only look at a model that is rows, as if it had been trained here."""
        place, target = self.folder / file_name(name), self.target_session
        self._keep(place, 1, EvalState(model, lambda _rows: _none(), lambda some: target.logits(model, some)))
        return {"steps": 1, "notes": [], "looks": self._looks(place)}

    def recipe(self, method: Method[Any], seed: int) -> Recipe:
        """How a method descends: `epochs` over the larger of both domains."""
        number = derive_seed(self.settings.seed, "align", seed)
        if method.about.closed_form:
            return Recipe(batch=64, seed=number)
        rows = max(len(self.rows.train), len(self.rows.learn))
        batch = min(self.settings.batch, len(self.rows.train))
        return Recipe(
            steps=max(self.settings.looks, -(-self.settings.epochs * rows // batch)),
            batch=batch,
            lr=self.settings.lr,
            views=VIEWS if method.trainable_blocks() else None,
            seed=number,
        )

    def steps(self, total: int) -> frozenset[int]:
        """After which of so many steps a training is looked at: evenly, and at the end."""
        looks = self.settings.looks
        return frozenset(round(total * (k + 1) / looks) for k in range(looks))

    def model(self, name: str) -> Path:
        """Where the best model of a trial lies."""
        return self.folder / file_name(name) / "model"

    def _keep(self, place: Path, step: int, now: EvalState) -> None:
        """Write a look down, and the model if it is the best so far by what is chosen by."""
        held = now.logits(self.rows.held) if len(self.rows.held) else _none()
        scores = self.validators.scores(held, now.target_logits(self.seen))
        mine = scores.get(self.settings.select, -np.inf)
        before = [look for look in self._looks(place) if look["step"] < step]
        place.mkdir(parents=True, exist_ok=True)
        if all(mine > look["scores"].get(self.settings.select, -np.inf) for look in before):
            data = self.rows.source
            save_model(now.model, place / "model", data.classes, 0.0, "", data.label_kind)
        test = now.target_logits(self.rows.test) if len(self.rows.test) else _none()
        save_state({"step": step, "scores": scores, "test": test}, place / f"{step:08d}.safetensors")

    def _looks(self, place: Path) -> list[dict[str, Any]]:
        return [load_state(path) for path in sorted(place.glob("*.safetensors"))]


def best(looks: list[dict[str, Any]], select: str) -> int:
    """The place of the look with the highest score; the earlier of two that are equal."""
    return int(np.argmax([look["scores"].get(select, -np.inf) for look in looks]))


def publish_model(model: Path, out: Path, card: str) -> None:
    """Copy a kept model to where it is shipped from, with its card; whole or not at all."""
    fresh = out.with_name(f".{out.name}.tmp")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(model, fresh)
    (fresh / "README.md").write_text(card, "utf-8", "backslashreplace")
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)


def _none() -> Tensor:
    return torch.zeros(0)
