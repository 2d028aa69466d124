"""What a masked language model says of rows by each pattern, as `hs.models.cloze` reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from headstart.core import BadInput, LinearHead, Model, Tokens
from headstart.data.dataset import Dataset
from headstart.face import spell
from headstart.models import image_text, masked, texts
from headstart.models.cloze import cloze, nothing_in
from headstart.models.minilm import NAME as MINILM
from headstart.models.patterns import MASK, MASKS, in_pattern
from headstart.models.saved import is_run
from headstart.models.sources import BUILT_IN
from headstart.session.inputs import fit_to_data
from headstart.studies._runner import Job
from headstart.studies.zero_shot import Alike, ZeroShotSettings
from headstart.studies.zero_shot.inputs import Words
from headstart.studies.zero_shot.logits import Said, Scale

PATTERN, INTO = "{} It was [MASK].", "It was {}."  # with the class at the mask, and in the template
PREFIX = "transformers:"


@dataclass(frozen=True)
class Patterns:
    """A masked language model and patterns around a text; one classifier at a time is in memory."""

    name: str  # folder of the language model
    words: Words
    templates: Sequence[str]
    first: Model  # of the first template
    scale: float = 1.0  # of the logits
    scoring: str = "cloze"

    @classmethod
    def of(cls, data: Dataset, base: Any, words: Words, templates: Sequence[str]) -> "Patterns":
        """Open the language model with the first template, and check the others.

        Raises:
            BadInput: rows that are no texts, a model that fills no masks, or a template or a word that does
                not suit it.
        """
        _check(data, base, templates)
        name = str(base).removeprefix(PREFIX)
        try:
            found = cls(name, words, templates, cloze(name, words, templates[0]))
        except BadInput as error:
            if masked.is_folder(name):
                raise
            way = f"For an encoder write the class into it, {spell('template', INTO)}."
            raise BadInput(f"{error} {way}") from error
        plain = texts.tokens_of(name) if len(templates) > 1 else None
        for each in templates[1:]:
            assert plain is not None
            in_pattern(plain, each, words)
        return found

    @property
    def encoders(self) -> list[str]:
        """The one model, by its folder."""
        return [self.name]

    def alike(self) -> list[Alike]:
        """None: words are told apart as tokens."""
        return []

    def said_of(self, job: Job[ZeroShotSettings], data: Dataset) -> tuple[list[Said], None]:
        """The logits of the classes by each template, kept; no one model has those of all together."""
        kept = [
            job.folder.once(f"read the rows by template {place + 1}", partial(self._read, job, data, place))
            for place in range(len(self.templates))
        ]
        return [Said(one["value"], one["nothing"]) for one in kept], None

    def _read(self, job: Job[ZeroShotSettings], data: Dataset, place: int) -> dict[str, Any]:
        """Logits (n, classes) of all rows, and (3, classes) of texts that say nothing."""
        model = self._classifier(data, place, job.settings.size).to(job.engine.device)
        job.inputs["backbone"] = model.backbone
        everything = np.arange(len(data))
        logits = job.session(data, everything, augment=False).logits(model, everything)
        tokens: Any = model.backbone.tokens
        with torch.inference_mode():
            nothing = model(tokens(nothing_in(tokens)).to(model.device)).float().cpu()
        return {"value": logits, "nothing": nothing}

    def _classifier(self, data: Dataset, place: int, size: int | None) -> Model:
        made = cloze(self.name, self.words, self.templates[place]) if place else self.first
        backbone: Any = made.backbone
        return Model(fit_to_data(backbone, data, size), made.head).eval()

    def model(self, job: Job[ZeroShotSettings], chosen: int | None, scale: Scale) -> Model:
        """The classifier of one template, with the scale and the bias in its head."""
        made = self._classifier(job.inputs["data"], chosen or 0, job.settings.size).cpu()
        assert isinstance(made.head, LinearHead)
        deviation = torch.full_like(scale.bias, scale.scale)
        return Model(made.backbone, made.head.rescaled(scale.bias, deviation))


def has_mask(template: str) -> bool:
    """Whether a template is a pattern for a masked language model."""
    return any(name in template for name in MASKS)


def refuse_language_model(base: Any, templates: Sequence[str]) -> None:
    """Refuse a folder of a masked language model with templates of encoders, which it would answer badly."""
    if isinstance(base, str) and not is_run(base) and masked.is_folder(base):
        raise BadInput(
            f"{base} holds a masked language model, and the template {templates[0]!r} has no {MASK}. Say "
            f"where the text and the word go, {spell('template', PATTERN)}; or take it as an encoder of "
            f"texts all the same, {spell('backbone', PREFIX + base)}."
        )


def refuse_type(settings: ZeroShotSettings) -> None:
    """Refuse what is said of classes that stand in a template: here a word of the mask does."""
    if settings.type is not None:
        raise BadInput(
            f"{spell('type')} is for templates with the class in them; with {MASK} write it there."
        )


def _check(data: Dataset, base: Any, templates: Sequence[str]) -> None:
    if Tokens not in data.modality.readers:
        raise BadInput(f"{data.name} holds {data.kind}, and templates with {MASK} are for texts.")
    if plain := [each for each in templates if not has_mask(each)]:
        raise BadInput(
            f"The template {plain[0]!r} has no {MASK}, and {templates[0]!r} has one. Give templates of one "
            "kind: for a masked language model all have it, for an encoder none does."
        )
    known = isinstance(base, str)
    if not known or base in BUILT_IN or is_run(base) or image_text.is_folder(base):
        name = MINILM if base is None else base if known else getattr(base, "name", type(base).__name__)
        raise BadInput(
            f"{name} fills no masks, and the template {templates[0]!r} has one. Give the folder of a masked "
            f"language model, {spell('backbone', 'FOLDER')}; or a template with the class itself in it, "
            f"{spell('template', INTO)}."
        )
