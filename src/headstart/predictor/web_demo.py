"""A page that runs a model in the browser: one folder for any file server, which sends nothing anywhere."""

import json
import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from headstart.core import BadInput, CannotWrite, Schema, Tokens
from headstart.predictor.export import export_model
from headstart.predictor.export_metadata import metadata_of
from headstart.predictor.predictor import Predictor
from headstart.predictor.web_runtime import runtime_files
from headstart.runtime.metadata import KEY, TOKENIZER

PAGE, MODEL, ABOUT, RUNTIME = "index.html", "model.onnx", "model.json", "ort"
KINDS = ("pictures", "texts", "tables")
COLUMNS = ("numeric", "categorical", "boolean", "date")  # that the form has fields for
CUTS = {"Whitespace", "BertPreTokenizer", "Split"}
NORMALISERS = {"BertNormalizer", "Lowercase", None}


def write_web_demo(
    predictor: Predictor,
    folder: str | Path,
    runtime: Path | None = None,
    show: Callable[[float], None] = lambda _share: None,
) -> None:
    """Write a folder with `index.html`, the model and onnxruntime-web, to be served by any file server.

    Pictures are resized by Pillow's sums in the page itself, so that it sees the pixels of training: those of
    a PNG file are equal to one level, those of a JPEG to what its decoders differ in.

    Args:
        predictor: of pictures of 8 bits, of texts with a tokenizer of whole words or WordPiece, or of tables
            without columns of texts or durations.
        folder: new or empty, or such a folder, whose other files are left alone.
        runtime: the package onnxruntime-web; see `runtime_files`.
        show: is told which share of the model's export is done, in [0, 1].

    Raises:
        BadInput: a model that the page can't feed; the text says why.
        CannotWrite: something else is in the folder, or there is no space or no right.
        HeadstartError: onnxruntime-web is not there and can't be fetched.
    """
    folder = Path(folder)
    _require_possible(predictor)
    _require_writable(folder)
    modules = runtime_files(runtime)
    fresh = folder.resolve().with_name(f".{folder.resolve().name}.tmp")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        (fresh / RUNTIME).mkdir(parents=True)
        for source in (files("headstart.predictor") / "web").iterdir():
            (fresh / source.name).write_bytes(source.read_bytes())
        for name, content in modules.items():
            (fresh / RUNTIME / name).write_bytes(content)
        export_model(predictor, fresh / MODEL, show)
        told = metadata_of(predictor)
        about = json.loads(told[KEY]) | {"title": _title(predictor)}
        (fresh / ABOUT).write_text(json.dumps(about), "utf-8")
        if TOKENIZER in told:
            (fresh / TOKENIZER).write_text(told[TOKENIZER], "utf-8")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder / RUNTIME, ignore_errors=True)
        for path in fresh.iterdir():
            path.replace(folder / path.name)
    except OSError as error:
        raise CannotWrite(f"Can't write {folder}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _require_writable(folder: Path) -> None:
    """Refuse a file, and a folder that holds something but no page."""
    is_page = (folder / ABOUT).is_file() and (folder / RUNTIME).is_dir()
    if folder.exists() and not (folder.is_dir() and (is_page or not any(folder.iterdir()))):
        raise CannotWrite(f"{folder} is there and holds no such page. Name a new folder.")


def _title(predictor: Predictor) -> str:
    things = {"classes": "class", "tags": "tags", "numbers": "numbers"}[predictor.label_kind]
    return (
        f"The {things} of {'a row' if predictor.schema else 'a ' + predictor.modality.kind.removesuffix('s')}"
    )


def _require_possible(predictor: Predictor) -> None:
    """Refuse a model whose inputs the page can't make."""
    kind, reader = predictor.modality.kind, predictor.reader
    why = "" if kind in KINDS else f"it takes {predictor.modality.description}"
    if isinstance(reader, Schema):
        others = sorted({column.name for column in reader.columns if column.kind not in COLUMNS})
        why = (
            f"the form has no field for columns of texts or durations, such as {others[0]!r}"
            if others
            else ""
        )
        why = "it takes raw counts" if reader.counts else why
    if isinstance(reader, Tokens):
        why = _why_no_tokens(json.loads(reader.tokenizer))
    pictures = predictor.preprocess
    if pictures is not None and pictures.window and not pictures.mixed:
        why = "a browser reads pictures of 8 bits alone"
    if why:
        raise BadInput(f"No page can be written for this model: {why}. Export it as .onnx.")


def _why_no_tokens(spec: dict[str, dict[str, object] | None]) -> str:
    """Why the page can't make the ids of a tokenizer; "" if it can."""
    types = {name: (spec.get(name) or {}).get("type") for name in ("model", "normalizer", "pre_tokenizer")}
    if types["model"] not in ("WordPiece", "WordLevel"):
        return f"its tokenizer is {types['model']}; the page knows WordPiece and whole words"
    if types["pre_tokenizer"] not in CUTS or types["normalizer"] not in NORMALISERS:
        return f"its tokenizer's {types['normalizer']} and {types['pre_tokenizer']} are not known to the page"
    return ""
