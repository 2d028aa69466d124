"""Predictions by ONNX Runtime from the `model.onnx` of a saved model; torch is not imported."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadInput, MissingPackage, Preprocess, Schema, Tokens
from headstart.core.model_folder import model_folder
from headstart.data.new_arrays import cells_of_rows, floats_of, ids_of, pixels_of
from headstart.data.new_items import sequence_of
from headstart.data.new_pictures import listed_pictures

from .item_kinds import ITEM_KINDS, ItemKind
from .metadata import BESIDE, CONFIG, KEY, ONNX, SCHEMA, TOKENIZER, NeedsTorch, digest_of, read_reader
from .predictions import Decision
from .predicts import MANY, Items, Predicts, whole_batch

Input = NDArray[Any]
Outputs = NDArray[np.float64]


class OnnxPredictor(Predicts):
    """Predicts new items by ONNX Runtime, as the `Predictor` of the same model does; see `Predicts`.

    Attributes:
        session: of ONNX Runtime.
        kind: "pictures", "texts", "tables" or "numbers".
    """

    def __init__(self, session: Any, metadata: Mapping[str, str], decision: Decision | None = None) -> None:
        """Read the metadata of an exported model.

        Args:
            session: of ONNX Runtime.
            metadata: the `metadata_props` of the file.
            decision: instead of that in the file.

        Raises:
            NeedsTorch: the items are read by torch alone.
        """
        self.session, told = session, json.loads(metadata[KEY])
        self.classes, self.label_kind = tuple(told["labels"]), told["label_kind"]
        self.decide(decision or Decision.of(told))
        self.kind: str = told["input"]["kind"]
        reader = read_reader(told["input"], metadata.get(TOKENIZER))
        self.preprocess = reader if isinstance(reader, Preprocess) else None
        self.tokens = reader if isinstance(reader, Tokens) else None
        self.schema = reader if isinstance(reader, Schema) else None
        self.unseen: dict[str, int] = {}

    def __repr__(self) -> str:
        """What it predicts."""
        return f"OnnxPredictor({self.label_kind} of {self.modality.description}: {', '.join(self.classes)})"

    @property
    def modality(self) -> ItemKind:
        """The kind of items that the model takes."""
        return ITEM_KINDS[self.kind]

    def samples(self, items: Items, *, allow_unseen: bool = False) -> Input:
        """Items as the graph takes them: uint8 (n, 3, h, w) pictures, ids of tokens, or float32 arrays.

        Raises:
            BadData: see `predict`.
        """
        if self.schema is not None:
            found = cells_of_rows(items, self.schema)
            self._note_unseen(found.unseen, allow_unseen)
            return found.values
        if self.tokens is not None:
            return ids_of(items, self.tokens)
        return floats_of(items) if self.preprocess is None else pixels_of(items, self.preprocess)

    def outputs(self, samples: Input, batch: int = 8) -> Outputs:
        """Probabilities or numbers (n, k) of samples (n, ...); of texts `batch` of like length together."""
        return self._run(samples) if self.tokens is None else self._by_length(samples, batch)

    def _outputs(self, items: Items, batch: int, allow_unseen: bool) -> Iterator[Outputs]:
        batch = whole_batch(batch)
        if self.modality.whole:
            x = self.samples(items, allow_unseen=allow_unseen)
            yield from (self._run(x[start : start + batch]) for start in range(0, len(x), batch))
            return
        items = sequence_of(self._several(items))
        items = items if self.preprocess is None else listed_pictures(items)
        some = batch if self.tokens is None else batch * MANY
        for start in range(0, len(items), some):
            x = self.samples(items[start : start + some])
            yield self._run(x) if self.tokens is None else self._by_length(x, batch)

    def _run(self, x: Input) -> Outputs:
        outputs: Outputs = self.session.run(None, {"x": np.ascontiguousarray(x)})[0].astype(np.float64)
        return outputs

    def _by_length(self, ids: Input, batch: int) -> Outputs:
        """Outputs of padded ids (n, length), texts of similar length together."""
        lengths = (ids >= 0).sum(1)
        order = lengths.argsort(kind="stable")
        shares = [order[start : start + batch] for start in range(0, len(order), batch)]
        found = np.concatenate([self._run(ids[rows, : max(1, lengths[rows].max())]) for rows in shares])
        outputs = np.empty_like(found)
        outputs[order] = found
        return outputs


def open_onnx(path: str | Path) -> OnnxPredictor:
    """The predictor of an ONNX file, or of a run folder or its `model` folder with one in it, without torch.

    Of a folder, abstaining and thresholds are those that its `config.json` says now.

    Args:
        path: a file that `headstart export` wrote, or a folder of `adapt` or of `save(..., onnx=True)`.

    Raises:
        BadInput: it is no such file or folder, or its config or its weights can't be read.
        NeedsTorch: there is no `model.onnx` in the folder, it was made of other weights, or its items are
            read by torch alone; `hs.open` answers.
        MissingPackage: onnxruntime is not installed.
    """
    path = Path(path)
    if path.is_file():
        return OnnxPredictor(*_session(path))
    folder = model_folder(path)
    if not (folder / CONFIG).is_file():
        raise BadInput(
            f"No model in {path}: there is no {CONFIG}. Give a folder of `adapt`, or an .onnx file."
        )
    if not (folder / ONNX).is_file():
        raise NeedsTorch(f"There is no {ONNX} in {folder}.")
    session, metadata = _session(folder / ONNX)
    try:
        digest, config = digest_of(folder), json.loads((folder / CONFIG).read_text("utf-8"))
    except (OSError, ValueError) as reason:
        raise BadInput(f"The model in {path} can't be read: {reason}. Copy or make it again.") from reason
    if metadata.get(BESIDE) != digest:
        raise NeedsTorch(f"{folder / ONNX} was made of other weights than those beside it.")
    return OnnxPredictor(session, metadata, Decision.of(config))


def _session(file: Path) -> tuple[Any, dict[str, str]]:
    """A session on the processor, and the metadata of the file."""
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingPackage("onnxruntime", "Predicting without torch", "export") from error
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting threads sleep
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        metadata = dict(session.get_modelmeta().custom_metadata_map)
    except Exception as reason:  # of whatever kind the package raises
        raise NeedsTorch(f"{file} can't be read by ONNX Runtime: {reason}") from reason
    told = json.loads(metadata.get(KEY, "{}"))
    if told.get("schema") != SCHEMA:
        raise NeedsTorch(f"{file} says not, or not in this version's way, how its inputs are read.")
    return session, metadata
