"""Surgery on a backbone as the command line asks for them, one after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from headstart.core import BadInput, Mismatch, Model
from headstart.face import spell
from headstart.models import texts
from headstart.models.backbone import AnyBackbone, backbone
from headstart.models.encoders import load_encoder
from headstart.models.operations.channels import new_channels
from headstart.models.operations.front import Luminance, translated
from headstart.models.operations.middle import keep_only
from headstart.models.operations.report import Report
from headstart.models.operations.size import new_size
from headstart.models.operations.vocabulary import new_vocabulary
from headstart.models.saved import is_run as is_run
from headstart.predictor.predictor import open_model
from headstart.records.settings import SurgerySettings

COLOURS = 3


def opened(name: str, weights: str | None = None) -> Model | AnyBackbone:
    """The model of a run folder with its head, or a backbone by any of its names.

    Raises:
        BadInput: there are weights for a run, which has its own.
        Unknown: nothing goes by that name.
    """
    if is_run(name):
        if weights is not None:
            raise BadInput(
                f"{name} is a run and has its own weights; leave out {spell('weights', str(weights))}."
            )
        return open_model(name).model
    return backbone(name, weights=weights)


def opened_with(
    name: str, weights: str | None, rename: Sequence[str] = (), allow: Sequence[str] = ()
) -> tuple[AnyBackbone, tuple[Report, ...]]:
    """The backbone by that name or of that run, with weights whose keys are mapped by `load_encoder`.

    Args:
        name: as for `opened`.
        weights: a file, "random", or None.
        rename: OLD=NEW, beginnings of keys in the file and in the model.
        allow: globs of the model's keys that may be missing, unexpected or of another shape.

    Raises:
        BadInput: keys are to be mapped and there is no file, or one of `rename` has no =.
        Mismatch: the weights belong to another architecture; nearest keys are named.
    """
    if not rename and not allow:
        model = opened(name, weights)
        return (model.backbone if isinstance(model, Model) else model), ()  # type: ignore[return-value]
    if weights in (None, "random"):
        raise BadInput(
            f"{spell('rename')} and {spell('allow')} are about the keys of a file. Give it: "
            f"{spell('weights', ..., stands='FILE')}."
        )
    empty = opened(name, None if is_run(name) else "random")
    inner: Any = empty.backbone if isinstance(empty, Model) else empty
    cut = [f"{inner.anatomy.head}.*"] if isinstance(inner, AnyBackbone) and inner.anatomy.head else []
    try:
        loaded, report = load_encoder(inner, str(weights), rename=_pairs(rename), allow=(*allow, *cut))
    except Mismatch as error:
        raise Mismatch(f"{weights}: {error}") from error
    return loaded, (report,)


def perform_surgery(mapping: AnyBackbone, wanted: SurgerySettings) -> tuple[AnyBackbone, tuple[Report, ...]]:
    """A copy of the backbone after the operations, in the order of their fields, and their reports.

    Raises:
        BadInput: an operation can't be done on this backbone; nothing was changed.
    """
    reports: list[Report] = []

    def note(done: tuple[AnyBackbone, Report]) -> AnyBackbone:
        reports.append(done[1])
        return done[0]

    reading = mapping.preprocess
    if wanted.keep is not None:
        mapping = note(keep_only(mapping, wanted.keep, seed=wanted.seed))
    if wanted.tokenizer is not None:
        mapping = note(_words(mapping, wanted.tokenizer, wanted.seed))
    if wanted.channels is not None:
        mapping = note(new_channels(mapping, wanted.channels, like=wanted.resembled()))
    if wanted.size is not None:
        mapping = note(new_size(mapping, wanted.sides()))
        reading = replace(reading, size=wanted.sides()) if reading is not None else None
    if wanted.luminance:
        front = Luminance(wanted.channels or COLOURS)
        mapping = note(translated(mapping, front, preprocess=reading))
    return mapping, tuple(reports)


def _words(mapping: AnyBackbone, file: str, seed: int) -> tuple[AnyBackbone, Report]:
    if mapping.tokens is None:
        raise BadInput(
            f"The backbone {mapping.name} takes no texts, so {spell('tokenizer', file)} has no use."
        )
    old = mapping.tokens
    fresh = texts.tokens_of(file, mapping.inner)
    changed, report = new_vocabulary(mapping, _listed(old.tokenizer), _listed(fresh.tokenizer), seed=seed)
    most = min(filter(None, (old.most, fresh.most)), default=0)
    limit = min(old.limit, most or old.limit)
    changed.tokens = replace(fresh, limit=limit, most=most)
    notes = tuple(note for note in report.notes if not note.startswith("how texts become ids"))
    return changed, replace(report, notes=notes)


def _listed(tokenizer: str) -> list[str]:
    """The tokens in the order of their ids."""
    from tokenizers import Tokenizer

    ids: Mapping[str, int] = Tokenizer.from_str(tokenizer).get_vocab()
    return sorted(ids, key=lambda token: ids[token])


def _pairs(rename: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in rename:
        old, equals, new = text.partition("=")
        if not equals:
            raise BadInput(f"{spell('rename', text)}: write OLD=NEW, as in backbone.= or =encoder.")
        pairs[old] = new
    return pairs
