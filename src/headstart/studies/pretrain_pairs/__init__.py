"""Train an encoder of pictures and one of texts on pictures with captions, so that both embed alike (CLIP).

A picture's embedding becomes similar to that of its caption and unlike those of the other captions of a batch
(arXiv:2103.00020). Each encoder may be any backbone; one may be locked (arXiv:2111.07991). Pairs of the same
or nearly the same picture are one group, and groups are held out to test the retrieval on: pictures found by
captions and captions by pictures, by the trained encoders and by the same ones before.

The folder then holds a pair of encoders as CLIP's does: `retrieve` and `zero-shot` take it, and
"image-encoder:FOLDER" and "text-encoder:FOLDER" are backbones.

Raises:
    BadData: nothing readable, no captions, pictures and captions of different number, or too few pairs.
    BadInput: an unknown name or a setting out of range, an encoder that can't read its side, or a method that
        learns from no pairs; on resuming, another study's folder.
    Diverged: the loss is no longer a number.
    CannotWrite: the folder is not empty or can't be written to.
"""

from dataclasses import dataclass
from typing import ClassVar

from headstart.records.record import Interval, Record
from headstart.records.settings import POSITIVE, SHARE, Rule, TrainingSettings, option, whole
from headstart.studies._spec import MODELS, Figure, Input, Study, StudyRecord, optional_input


@dataclass(frozen=True, kw_only=True)
class PretrainPairsSettings(TrainingSettings):
    """How `pretrain-pairs` works."""

    kind: ClassVar[str] = "pretrain-pairs"

    method: str = option("The method, settings after a colon, as in clip:lock=image.", "clip")
    from_scratch: bool = option("Begin with random weights instead of the encoders' own.", False)
    epochs: int = option("Passes over the pairs.", 10, whole(1))
    batch: int = option("Pairs of a step, which are told from each other.", 128, whole(2))
    lr: float = option("Peak learning rate.", 5e-4, POSITIVE)
    crop: float = option(
        "Smallest share of a picture's area that a random crop keeps, in (0, 1]; 1 for no crops.",
        0.8,
        Rule(lambda v: 0 < v <= 1, "in (0, 1]"),
    )
    length: int | None = option("The most tokens of a caption that are read.", None, whole(4))
    test: float = option("Share of the pairs that is held out to test retrieval, in (0, 1).", 0.2, SHARE)


@dataclass(frozen=True)
class Recall(Record):
    """How often what belongs to a query is among the first k."""

    direction: str  # "text-to-picture" or "picture-to-text"
    k: int
    queries: int
    gallery: int  # what is ranked
    share: Interval  # of the queries
    before: Interval  # by the same encoders before the training, with random projections
    gain: Interval  # over that, on the same queries in pairs
    chance: float  # of a random order


@dataclass(frozen=True, kw_only=True)
class PretrainPairs(StudyRecord):
    """Two encoders that were trained on pictures with captions."""

    main_tables: ClassVar[tuple[str, ...]] = ("recalls",)

    task: str  # name of the data
    pairs: int  # that can be read
    train_pairs: int
    test_pairs: int
    groups: int  # of equal or nearly equal pictures
    shared_captions: float  # share of the training pairs whose caption another picture has, too
    method: str
    encoders: list[str]  # of pictures and of texts
    locked: str  # "image", "text" or ""
    parameters: int  # that were trained
    steps: int
    curve: list[float]  # the loss of each step
    loss: float  # mean over the last tenth of the steps
    chance_loss: float | None  # of embeddings that are all the same; None of a sigmoid
    temperature: float  # learned
    bias: float  # of the logits, learned with a sigmoid
    truncated: int  # captions longer than the encoder of texts reads
    limit: int  # tokens that it reads
    recalls: list[Recall]

    @property
    def figure(self) -> Figure | None:
        """Pictures found by their captions, among the first five."""
        found = next((one for one in self.recalls if (one.direction, one.k) == MAIN), None)
        return None if found is None else Figure("recall_at_5", found.share.value, found.share)


MAIN = "text-to-picture", 5

SPEC = Study(
    name="pretrain-pairs",
    summary="Train an encoder of pictures and one of texts on pictures with captions (CLIP).",
    examples=(
        "headstart pretrain-pairs pairs.csv --out runs/clip",
        "headstart pretrain-pairs shards/ --method clip:lock=image",
    ),
    group=MODELS,
    inputs=(
        Input(
            name="data",
            help="Pictures with captions, as `hs.data.load_pairs` takes them: a table of paths and "
            "captions, a "
            "folder with a .txt beside each picture, WebDataset's tar files, clipart, or glyphs:FOLDER.",
            kind="value",
        ),
        optional_input(
            name="image_backbone",
            help="Encoder of pictures. Default: efficientnet_lite0.",
            kind="value",
            positional=True,
            digested=False,  # the encoder that it becomes is
        ),
        optional_input(
            name="text_backbone",
            help="Encoder of texts; words: counts of the words of the captions, whose embeddings are "
            "learned. Default: minilm.",
            kind="value",
            positional=True,
            digested=False,
        ),
    ),
    settings=PretrainPairsSettings,
    record=PretrainPairs,
    schema=1,
    docs="how/image-text.md",
    without=(
        *("label_column", "group_column", "split_column", "attribute_column", "categorical", "beside"),
        *("keep", "columns", "sheet", "window", "per_class", "task"),
    ),
)
