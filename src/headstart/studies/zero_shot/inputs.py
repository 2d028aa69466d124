"""What `zero-shot` is given: rows with or without labels, encoders for them, classes and templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from headstart.core import BadData, BadInput, HeadstartError, Preprocess, Tokens
from headstart.data.dataset import Dataset
from headstart.data.kind_of_target import keeping_unlabelled
from headstart.data.load import load
from headstart.data.naming import of_known_names, some
from headstart.data.unlabelled import CLASS, load_unlabelled
from headstart.face import spell
from headstart.models.image_text import is_folder
from headstart.models.minilm import NAME as MINILM
from headstart.models.pairs import Pair, pair
from headstart.models.prompts import ensemble, require_templates, words_of_classes
from headstart.predictor.prompt_search import expand_prompts
from headstart.session.inputs import build_backbone, fit_to_data
from headstart.studies._runner import UNLABELLED
from headstart.studies.zero_shot import ZeroShotSettings
from headstart.studies.zero_shot.parts import LEAST, parts_of

Words = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Rows:
    """The rows, and whether their labels are known."""

    data: Dataset
    labelled: bool
    note: str = ""  # why no labels were read


def read_rows(given: Any, columns: Mapping[str, Any]) -> Rows:
    """Load rows with their labels, or without if they have none.

    Raises:
        BadData: nothing readable, or rows that are neither pictures nor texts.
    """
    found = _read(given, columns)
    data = found.data
    if data.table is not None or not {Preprocess, Tokens} & {*data.modality.readers}:
        raise BadData(
            f"{data.name} holds {data.modality.description}, and zero-shot classification takes pictures or "
            f"texts. Of a table, name the column of texts: {spell('text_column', 'TEXT')}."
        )
    if found.labelled and data.label_kind != "classes":
        raise BadData(f"{data.name} has {data.label_kind} as labels; zero-shot classification takes classes.")
    return found


def _read(given: Any, columns: Mapping[str, Any]) -> Rows:
    if isinstance(given, Dataset):
        return Rows(given, given.classes != (CLASS,))
    asked = columns.get("label_column", "label") != "label" or columns.get("per_class")
    try:
        with of_known_names(), keeping_unlabelled():
            return Rows(load(given, **columns), labelled=True)
    except HeadstartError as error:
        if asked or (isinstance(given, tuple) and len(given) == 2):
            raise
        kept = {name: value for name, value in columns.items() if name in UNLABELLED}
        rows = load_unlabelled(given, **kept)
        named = isinstance(given, str | Path)
        return Rows(rows, labelled=False, note=f"The rows are taken as unlabelled. {error}" if named else "")


def encoders_for(data: Dataset, base: Any, images: Any, size: int | None) -> Pair:
    """The encoders, fitted to the data.

    Raises:
        BadInput: pictures without an encoder for them, or encoders that can't read texts or the rows.
    """
    texts = Tokens in data.modality.readers
    if isinstance(base, Pair):
        made = base
    elif texts:
        made = pair(build_backbone(data, MINILM if base is None else base))
    elif images is not None or (isinstance(base, str) and is_folder(base)):
        made = pair(base or MINILM, images)
    else:
        raise BadInput(
            f"{data.name} holds pictures, and {base or MINILM} reads texts alone. Give a folder of an "
            f"encoder of both, such as CLIP's: {spell('backbone', 'FOLDER')}."
        )
    if texts:
        return replace(made, text=fit_to_data(made.text, data, size), image=None)
    if made.image is None:
        raise BadInput(f"{made.text.name} is an encoder of texts alone, and {data.name} holds pictures.")
    assert made.image.preprocess is not None  # cut as the encoder learned it, not squashed
    return replace(made, image=fit_to_data(made.image, data, None, made.image.preprocess.fit))


def words_for(rows: Rows, settings: ZeroShotSettings) -> Words:
    """The words of each class.

    Raises:
        BadInput: no classes, or no choice among them.
        BadData: labels that are none of the classes.
    """
    if settings.classes:
        words = words_of_classes(settings.classes)
        if rows.labelled:
            _refuse_others(rows.data, words)
        return words
    if not rows.labelled:
        raise BadInput(
            f"{rows.data.name} has no labels that could name the classes. Name them: "
            f"{spell('classes', 'NAME,NAME,...')}."
        )
    return words_of_classes(rows.data.classes)


def _refuse_others(data: Dataset, words: Words) -> None:
    present = [data.classes[number] for number in np.unique(data.labels)]
    if others := [name for name in present if name not in words]:
        raise BadData(
            f"{data.name} has labels that are none of the classes: {some(others)}; the classes are "
            f"{some([*words])}. Labels are matched by name: write the words that stand for a label after =, "
            f"as in {spell('classes', f'{others[0]}=WORDS')}."
        )


def with_classes(data: Dataset, words: Words) -> Dataset:
    """The data with their labels numbered in the order of the classes."""
    place = {name: number for number, name in enumerate(words)}
    numbers = np.array([place.get(name, -1) for name in data.classes], dtype=np.int64)
    return replace(data, classes=tuple(words), labels=numbers[data.labels])


def templates_for(data: Dataset, settings: ZeroShotSettings) -> Sequence[str]:
    """The templates: those that were given, and those of the ensemble that was named, else the usual ones."""
    given = settings.templates
    if settings.search:
        given = tuple(one for each in given for one in expand_prompts(each))
    if given and settings.ensemble is None:
        return require_templates(given)
    usual = "texts" if Tokens in data.modality.readers else "pictures"
    return require_templates((*given, *ensemble(settings.ensemble or usual)))


def require_choice(rows: Rows, templates: Sequence[str], settings: ZeroShotSettings) -> None:
    """Refuse a search that nothing could decide.

    Raises:
        BadInput: there is one template, or too few rows have labels.
    """
    if not settings.search:
        return
    if len(templates) < 2:
        raise BadInput(
            f"There is 1 template to choose from. Give another, or alternatives in parentheses: "
            f"{spell('template', '(It|That) was {}.')}."
        )
    if not len(parts_of(rows.data, settings, rows.labelled, choose=True)[0]):
        raise BadInput(
            f"A template is chosen on {LEAST} or more labelled rows that are not tested, and of "
            f"{rows.data.name} there are fewer. Give more labelled rows, or a larger share of them to "
            f"{spell('calibration')}, which is {settings.calibration:g}."
        )
