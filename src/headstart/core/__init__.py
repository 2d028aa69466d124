"""Floor 0: the types and contracts that every method is written with.

What needs torch is imported when it is first used, so that readers of files and of new items do without it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import BadData as BadData
from .errors import BadInput as BadInput
from .errors import BrokenPackage as BrokenPackage
from .errors import CacheRefused as CacheRefused
from .errors import CannotWrite as CannotWrite
from .errors import Diverged as Diverged
from .errors import HeadstartError as HeadstartError
from .errors import Mismatch as Mismatch
from .errors import MissingPackage as MissingPackage
from .errors import Unknown as Unknown
from .errors import nearest as nearest
from .label_kind import LABEL_KINDS as LABEL_KINDS
from .label_kind import LabelKind as LabelKind
from .label_kind import label_kind_of as label_kind_of
from .preprocess import Preprocess as Preprocess
from .reader import Reader as Reader
from .reader import kind_read as kind_read
from .schema import Schema as Schema
from .seeds import derive_seed as derive_seed
from .tokens import Tokens as Tokens

if TYPE_CHECKING:
    from .batches import B as B
    from .batches import Batch as Batch
    from .batches import Distilled as Distilled
    from .batches import Domains as Domains
    from .batches import Embedded as Embedded
    from .batches import Episodes as Episodes
    from .batches import Grouped as Grouped
    from .batches import JointTasks as JointTasks
    from .batches import Labelled as Labelled
    from .batches import Pairs as Pairs
    from .batches import Seeded as Seeded
    from .batches import SeededLabelled as SeededLabelled
    from .batches import SourceLabelled as SourceLabelled
    from .batches import Unlabelled as Unlabelled
    from .classifier import Classifier as Classifier
    from .guides import Guides as Guides
    from .linear_head import LinearHead as LinearHead
    from .method import About as About
    from .method import Method as Method
    from .method import Task as Task
    from .method import find as find
    from .method import make as make
    from .method import require_label_kind as require_label_kind
    from .method import walk as walk
    from .model import Backbone as Backbone
    from .model import Head as Head
    from .model import Model as Model
    from .moves import Ctx as Ctx
    from .moves import Descend as Descend
    from .moves import Do as Do
    from .moves import Loss as Loss
    from .moves import Move as Move
    from .moves import On as On
    from .moves import Parts as Parts
    from .moves import require_two_rows as require_two_rows
    from .sample_loader import SampleLoader as SampleLoader
    from .teacher_view import TeacherView as TeacherView

_WITH_TORCH = {  # names by the module that has them
    "batches": "B Batch Distilled Domains Embedded Episodes Grouped JointTasks Labelled Pairs Seeded "
    "SeededLabelled SourceLabelled Unlabelled",
    "classifier": "Classifier",
    "guides": "Guides",
    "linear_head": "LinearHead",
    "method": "About Method Task find make require_label_kind walk",
    "model": "Backbone Head Model",
    "moves": "Ctx Descend Do Loss Move On Parts require_two_rows",
    "sample_loader": "SampleLoader",
    "teacher_view": "TeacherView",
}
_MODULES = {name: module for module, names in _WITH_TORCH.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"{__name__} has no {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value  # the next time it is there
    return value
