"""Find pictures by words, or captions by a picture, by encoders of both that learned together (CLIP).

Everything that is searched is embedded, and ranked by the cosine with the query. A text finds pictures. A
picture finds captions, or in data without captions the pictures most like it. Where the data are pictures
with captions, recall at k is measured, too: captions that find their picture, and pictures their caption.

Raises:
    BadData: nothing readable, or no pictures where a text is to find some.
    BadInput: a model that has not both encoders, or a picture to search with that is not there.
    CannotWrite: the folder is not empty or can't be written to.
"""

from dataclasses import dataclass
from typing import ClassVar

from headstart.records.record import Interval, Record
from headstart.records.settings import StudySettings, option, whole
from headstart.studies._spec import MODELS, Figure, Input, Study, StudyRecord


@dataclass(frozen=True, kw_only=True)
class RetrieveSettings(StudySettings):
    """How `retrieve` works."""

    kind: ClassVar[str] = "retrieve"
    seed: ClassVar[int] = 0  # nothing is drawn

    most: int = option("Results that are shown, the most similar first.", 12, whole(1))
    length: int | None = option("The most tokens of a text that are read.", None, whole(4))


@dataclass(frozen=True)
class Hit(Record):
    """A result: a picture, or a caption."""

    item: str  # name of the row
    text: str  # the caption; "" of a picture without one
    cosine: float  # with the query
    picture: str  # small picture of it in the folder; "" if none is kept


@dataclass(frozen=True)
class RecallAt(Record):
    """How often what belongs to a query is among the first k."""

    direction: str  # "text-to-picture" or "picture-to-text"
    k: int
    queries: int
    gallery: int  # what is ranked
    share: Interval  # of the queries
    chance: float  # of a random order


@dataclass(frozen=True, kw_only=True)
class Retrieval(StudyRecord):
    """What was found by a query, and how well the data's own pairs find each other."""

    main_tables: ClassVar[tuple[str, ...]] = ("hits",)

    task: str  # name of the data
    query: str  # the text, or the path of the picture
    query_kind: str  # "text" or "picture"
    query_picture: str  # small picture of the query in the folder; "" of a text
    searched: str  # what is ranked: "pictures" or "captions"
    gallery: int  # how many
    encoders: list[str]  # of texts and of pictures
    hits: list[Hit]  # the most similar first
    recalls: list[RecallAt]  # of data that are pictures with captions

    @property
    def figure(self) -> Figure | None:
        """Pictures found by their captions, among the first five."""
        found = next((one for one in self.recalls if (one.direction, one.k) == ("text-to-picture", 5)), None)
        return None if found is None else Figure("recall_at_5", found.share.value, found.share)


SPEC = Study(
    name="retrieve",
    summary="Find pictures by words, or captions by a picture, by two encoders such as CLIP's.",
    examples=(
        "headstart retrieve runs/clip 'a red apple' photos/",
        "headstart retrieve clip/ new.jpg captions.txt",
    ),
    group=MODELS,
    inputs=(
        Input(
            name="model",
            help="The run of `pretrain-pairs`, or a folder with encoders of pictures and texts, such as "
            "CLIP's as "
            "transformers or open_clip saves it.",
            kind="value",
            digested=False,  # the encoders that it becomes are
        ),
        Input(name="query", help="A text, or a file with a picture.", kind="value"),
        Input(
            name="data",
            help="What is searched: pictures, texts, or pictures with captions as `hs.data.load_pairs` "
            "takes them.",
            kind="value",
        ),
    ),
    settings=RetrieveSettings,
    record=Retrieval,
    schema=1,
    without=(
        *("label_column", "group_column", "split_column", "attribute_column", "categorical", "beside"),
        *("keep", "columns", "sheet", "window", "per_class", "task"),
    ),
    reads_folder=True,
)
