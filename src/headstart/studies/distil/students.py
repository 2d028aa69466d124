"""Students by name: variants of the teacher's backbone, small networks for tables, any backbone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from headstart.core import BadInput, HeadstartError, Model
from headstart.data.dataset import Dataset
from headstart.data.schemas import schema_of
from headstart.face import spell
from headstart.models.backbone import AnyBackbone, backbone
from headstart.models.operations.fewer import smaller
from headstart.models.operations.repeated import repeated
from headstart.models.tables import TableEncoder
from headstart.session.inputs import build_backbone, default_backbone, fit_to_data
from headstart.session.table_backbone import TABLE, by_training_part
from headstart.studies.distil import DistilSettings

SHARES = {"half": 0.5, "quarter": 0.25}
LIBRARIES = ("timm", "torchvision", "transformers", "image-encoder", "text-encoder")


@dataclass(frozen=True)
class Student:
    """A student, and how its backbone is made for the data and their training part."""

    name: str
    make: Callable[[Dataset, Dataset], AnyBackbone]


def students_of(
    given: Sequence[Any], teacher: Any, data: Dataset, settings: DistilSettings
) -> tuple[list[Student], list[str]]:
    """The students that were named, or else those that are proposed; and notes.

    Args:
        given: names, modules or backbones; none for the proposals.
        teacher: whose backbone variants are made of: a predictor, or something without one.
        data: that they learn.
        settings: how samples are read, and where variants start.

    Raises:
        BadInput: a name that is no student, or nothing to propose.
    """
    notes: list[str] = []
    variants = _Variants(teacher, data, settings, notes)
    named = list(given) or variants.proposed()
    made = [_student(one, number, variants) for number, one in enumerate(named)]
    names = [one.name for one in made]
    if twice := [name for name in names if names.count(name) > 1]:
        raise BadInput(f"The student {twice[0]} is named twice. Name each once.")
    return made, notes


def _student(given: Any, number: int, variants: "_Variants") -> Student:
    settings = variants.settings
    if isinstance(given, nn.Module):
        name = getattr(given, "name", type(given).__name__)
        return Student(f"{name}", lambda data, train: _built(given, data, train, settings))
    word, _, value = str(given).partition("=")
    if word in SHARES and not value:
        return Student(word, lambda data, train: variants.smaller(depth=SHARES[word]))
    if word == "blocks" and value:
        blocks = _whole(given, value)
        return Student(given, lambda data, train: variants.smaller(blocks=blocks))
    if word == "hidden" and value:
        hidden = _whole(given, value)
        if variants.data.table is None:
            raise BadInput(f"The student {given} is for tables. {variants.advice}")
        return Student(given, lambda data, train: TableEncoder(schema_of(_table(train)), hidden))
    return Student(str(given), lambda data, train: _built(str(given), data, train, settings))


def _whole(given: str, value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise BadInput(f"The student {given!r} needs a whole number >= 1, as in {given.split('=')[0]}=3.")
    return int(value)


def _table(data: Dataset) -> Any:
    assert data.table is not None
    return data.table


def _built(base: Any, data: Dataset, train: Dataset, settings: DistilSettings) -> AnyBackbone:
    made = fit_to_data(build_backbone(data, base), data, settings.size, settings.fit)
    made = by_training_part(made, train)
    made.trained_head = None
    return made


class _Variants:
    """Smaller variants of the backbone of a teacher, or of the usual one for the data."""

    advice = f"Name half, quarter, blocks=N or a backbone: {spell('students', 'NAME', option='student')}."

    def __init__(self, teacher: Any, data: Dataset, settings: DistilSettings, notes: list[str]) -> None:
        self.data, self.settings, self.notes = data, settings, notes
        self._teacher = getattr(teacher, "model", None)
        self._whole: AnyBackbone | None = None

    def proposed(self) -> list[str]:
        """Half and quarter of the repeated blocks, or a small network for a table."""
        if self.data.table is not None and not self._repeats(self._own()):
            return [TABLE]
        whole = self.whole()
        if not repeated(whole):
            raise BadInput(f"{whole.name} has no repeated blocks to leave out. {self.advice}")
        sizes = {name: _size(smaller(whole, share)[0]) for name, share in SHARES.items()}
        return [name for name in sizes if name == "half" or sizes[name] < sizes["half"]]

    def smaller(self, **how: Any) -> AnyBackbone:
        """A variant."""
        made = smaller(self.whole(), **how)[0]
        made.trained_head = None
        return made

    def whole(self) -> AnyBackbone:
        """What variants are made of: the teacher's backbone with its pretrained weights or its own."""
        if self._whole is None:
            own = self._own()
            if own is not None and self._repeats(own):
                self._whole = self._started(own)
            else:
                base = build_backbone(self.data, default_backbone(self.data))
                self._whole = fit_to_data(base, self.data, self.settings.size, self.settings.fit)
                self.notes.append(
                    f"The teacher has no network of repeated blocks: variants are of {base.name}, the "
                    "built-in backbone for the data."
                )
        return self._whole

    def _own(self) -> AnyBackbone | None:
        model = self._teacher
        found = model.backbone if isinstance(model, Model) else None
        return found if isinstance(found, AnyBackbone) else None

    def _repeats(self, own: AnyBackbone | None) -> bool:
        return own is not None and not isinstance(own, TableEncoder) and bool(repeated(own))

    def _started(self, own: AnyBackbone) -> AnyBackbone:
        """The teacher's backbone at its reader, with the weights that variants begin with."""
        if self.settings.init == "pretrained" and (fresh := self._pretrained(own)) is not None:
            made = backbone(fresh, preprocess=own.preprocess, tokenizer=own.tokens)
        else:
            made = backbone(own).at_classifier()
        made.trained_head = None
        settings = self.settings
        if settings.size is not None or settings.fit is not None:
            return fit_to_data(made, self.data, settings.size, settings.fit)
        if own.preprocess is not None:
            made.kind = own.kind
        return made

    def _pretrained(self, own: AnyBackbone) -> AnyBackbone | None:
        """The backbone of the same name; None where its weights can't be had, which is noted."""
        source = own.source
        changed = [one["do"] for one in source.get("operations", ()) if one["do"] != "adapt"]
        named = source["kind"] == "builtin" or source["kind"] in LIBRARIES
        why = "its architecture was changed" if changed else "" if named else "it has no name"
        if not why:
            prefix = "" if source["kind"] == "builtin" else f"{source['kind']}:"
            try:
                return backbone(prefix + source["name"])
            except HeadstartError as error:
                why = str(error).partition(". ")[0]
        self.notes.append(
            f"Variants begin with the weights of the teacher, not with the pretrained ones of {own.name}: "
            f"{why}. So does the student on labels alone."
        )
        return None


def _size(made: AnyBackbone) -> int:
    return sum(one.numel() for one in made.parameters())
