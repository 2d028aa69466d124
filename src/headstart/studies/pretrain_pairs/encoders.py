"""The two encoders that `pretrain-pairs` is given, fitted to the data."""

from typing import Any

from headstart.core import BadInput
from headstart.data.dataset import Dataset
from headstart.face import spell
from headstart.models.backbone import AnyBackbone
from headstart.models.words import WordEncoder
from headstart.session.inputs import build_backbone, default_backbone, fit_to_data
from headstart.studies.pretrain_pairs import PretrainPairsSettings

WORDS = "words"


def image_encoder(given: Any, pictures: Dataset, settings: PretrainPairsSettings) -> AnyBackbone:
    """The encoder of pictures.

    Raises:
        BadInput: it reads no pictures, or not of that size.
    """
    base = build_backbone(pictures, default_backbone(pictures) if given is None else given)
    made = fit_to_data(base, pictures, settings.size, settings.fit)
    return _started(made, settings)


def text_encoder(given: Any, captions: Dataset, settings: PretrainPairsSettings) -> AnyBackbone:
    """The encoder of texts; "words" counts those that the captions have.

    Raises:
        BadInput: it reads no texts.
    """
    if isinstance(given, str) and given == WORDS:
        assert captions.texts is not None
        words = WordEncoder.of(captions.texts)
        return words if settings.length is None else fit_to_data(words, captions, settings.length)
    made = build_backbone(captions, default_backbone(captions) if given is None else given)
    if made.tokens is None:
        raise BadInput(
            f"{made.name} reads no texts. Give an encoder of texts, such as minilm or words: "
            f"{spell('text_backbone', 'minilm')}."
        )
    return _started(fit_to_data(made, captions, settings.length), settings)


def _started(made: AnyBackbone, settings: PretrainPairsSettings) -> AnyBackbone:
    if not settings.from_scratch:
        return made
    notes, made = made.notes, made.untrained(settings.seed)
    made.notes = notes
    return made
