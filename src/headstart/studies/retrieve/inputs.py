"""What `retrieve` is given: a query, what is searched, and two encoders fitted to both."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from headstart.core import BadData, BadInput, HeadstartError, Preprocess, Tokens
from headstart.data.dataset import Dataset
from headstart.data.finding import Finding
from headstart.data.image_text_pairs import ImageTextPairs
from headstart.data.load_pairs import load_pairs
from headstart.data.pair_files import archives_in
from headstart.data.suffixes import PICTURES, suffix_of
from headstart.data.unlabelled import load_unlabelled
from headstart.models.image_text import is_folder
from headstart.models.pairs import Pair, pair
from headstart.session.inputs import fit_to_data

PAIR_COLUMNS = ("path_column", "text_column", "encoding")


@dataclass(frozen=True)
class Query:
    """A text, or a picture.

    Attributes:
        text: as typed; of a picture its path, or "a picture".
        picture: what `hs.data` takes as one; None of a text.
    """

    text: str
    picture: Any = None


@dataclass(frozen=True)
class Searched:
    """What is searched; pictures and captions of one length are pairs.

    Attributes:
        pictures: None: there are texts alone.
        captions: None: there are pictures alone.
        findings: what was noticed when they were loaded, such as pairs that are left out.
    """

    pictures: Dataset | None
    captions: Dataset | None
    findings: tuple[Finding, ...] = ()

    @property
    def pairs(self) -> ImageTextPairs | None:
        """Both sides; None if there is one."""
        if self.pictures is None or self.captions is None:
            return None
        return ImageTextPairs(self.pictures, self.captions)

    @property
    def name(self) -> str:
        """For titles and records."""
        data = self.pictures or self.captions
        assert data is not None
        return data.name


def read_query(given: Any) -> Query:
    """A text, or a picture if it is a file, an array or a picture of Pillow.

    Raises:
        BadInput: an empty text, or a picture that is not there.
    """
    if given is None:
        raise BadInput("The query is None. Give a text, or a picture: a path, an array or one of Pillow.")
    if not isinstance(given, str | os.PathLike):
        name = getattr(given, "filename", "") if isinstance(given, Image.Image) else ""
        return Query(str(name or "a picture"), given)
    path = Path(given).expanduser()
    named = suffix_of(path) in PICTURES
    if named and path.is_file():
        return Query(str(given), path)
    if named or not isinstance(given, str):
        raise BadInput(f"There is no picture {str(given)!r} to search with. Correct the path.")
    if not given.strip():
        raise BadInput("The query is an empty text. Write what is looked for, as in 'a red apple'.")
    return Query(given)


def read_searched(given: Any, columns: Mapping[str, Any]) -> Searched:
    """Pictures with captions, pictures, or texts.

    Raises:
        BadData: rows that are neither pictures nor texts.
    """
    known = {name: columns[name] for name in PAIR_COLUMNS if columns.get(name) is not None}
    if isinstance(given, Dataset):
        return _one_side(given)
    try:
        found = load_pairs(given, **known)
        return Searched(found.pictures, found.captions, found.findings)
    except HeadstartError:
        if isinstance(given, str | Path) and Path(given).exists() and archives_in(Path(given)):
            raise
    return _one_side(load_unlabelled(given, **known))


def _one_side(data: Dataset) -> Searched:
    readers = {*data.modality.readers}
    if data.table is None and Tokens in readers:
        return Searched(None, data)
    if data.table is None and Preprocess in readers:
        return Searched(data, None)
    raise BadData(
        f"{data.name} holds {data.modality.description}; pictures, texts, or pictures with captions can be "
        "searched."
    )


def read_model(given: Any, searched: Searched, length: int | None) -> Pair:
    """Two encoders, fitted to what is searched.

    Raises:
        BadInput: it has not both encoders.
    """
    made = given if isinstance(given, Pair) else _opened(given)
    if made.image is None:
        raise BadInput(f"{made.text.name} is an encoder of texts alone, and pictures are searched by both.")
    if searched.pictures is not None:
        assert made.image.preprocess is not None  # cut as the encoder learned it, not squashed
        image = fit_to_data(made.image, searched.pictures, None, made.image.preprocess.fit)
        made = replace(made, image=image)
    if length is not None and searched.captions is not None:
        made = replace(made, text=fit_to_data(made.text, searched.captions, length))
    return made


def _opened(given: Any) -> Pair:
    if not isinstance(given, str | Path) or not is_folder(str(given)):
        raise BadInput(
            f"{given!r} holds no encoders of pictures and texts that learned together. Give the folder of a "
            "run of headstart pretrain-pairs, such as runs/clip, or one with CLIP as transformers or "
            "open_clip saves it."
        )
    return pair(str(given))


def require_side(query: Query, searched: Searched) -> None:
    """Refuse a text where there are no pictures to find.

    Raises:
        BadData: there are texts alone.
    """
    if query.picture is None and searched.pictures is None:
        raise BadData(
            f"{searched.name} holds texts, and a text finds pictures. Give pictures, or a picture as the "
            "query."
        )
