"""A model as a folder in the layout of the Hugging Face hub, and its upload."""

import re
import shutil
import tempfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from headstart.core import BadInput, CannotWrite, HeadstartError, MissingPackage
from headstart.core.model_folder import model_folder
from headstart.face import spell
from headstart.models import hub
from headstart.models.saved import TOKENIZER
from headstart.predictor.export import export_model
from headstart.predictor.predictor import open_model
from headstart.predictor.save import TRAINING
from headstart.runtime.metadata import BESIDE, digest_of

HUB = "hf:"  # before the name of a repository, where a folder could be meant
MODEL, EXAMPLE = "model.onnx", "example.py"
SAVED = ("model.safetensors", "config.json", "README.md", TOKENIZER, TRAINING)
EXAMPLES = ("pictures", "texts", "tables")
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
USE = """
## Without headstart

`{model}` is the same model as ONNX; `{example}` reads {rows} as in training and prints the outputs:
`python {example} {argument}`.
"""
ARGUMENTS = {"pictures": "new.jpg", "texts": '"A text."', "tables": "rows.csv"}


def push_model(
    run: str | Path,
    to: str | Path,
    *,
    private: bool = False,
    show: Callable[[float], None] = lambda _share: None,
) -> list[str]:
    """Write a model's folder for the Hugging Face hub, or upload it.

    The folder holds `model.safetensors`, `config.json`, the model card `README.md`, and what else `hs.open`
    needs; and for other programs `model.onnx` and, of pictures, texts and tables, `example.py`. `hs.open` and
    `headstart predict` take it.

    Args:
        run: a run folder, or a model folder.
        to: a folder, new, empty or with a model, whose other files are left alone; or "hf:USER/NAME", a
            repository of the hub, which is made if it is not there.
        private: whether only you see a repository that is made.
        show: is told which share of the files is written, in [0, 1].

    Returns:
        The names of the files.

    Raises:
        BadInput: there is no model in the run, it is no name of a repository, or a folder is to be private.
        CannotWrite: something else is in the folder, or there is no space or no right.
        MissingPackage: onnx, onnxscript or onnxruntime is not installed; to upload, huggingface_hub.
        HeadstartError: the hub is out of reach or refuses.
    """
    if not str(to).startswith(HUB):
        if private:
            raise BadInput(f"{spell('private')} goes with a repository of the hub, {HUB}USER/NAME.")
        return _write(run, Path(to), show)
    repository = str(to).removeprefix(HUB)
    if not REPOSITORY.fullmatch(repository):
        raise BadInput(f"{to} names no repository. Write {HUB}USER/NAME, as in {HUB}ada/flowers.")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "model"
        api = _hub_client(run, repository)
        written = _write(run, folder, show)
        try:
            api.create_repo(repository, private=private, exist_ok=True)
            api.upload_folder(repo_id=repository, folder_path=folder, commit_message="Add the model")
        except Exception as reason:  # the client has many kinds of errors, of the network and of the hub
            text = (str(reason).splitlines() or [type(reason).__name__])[0].rstrip(".")
            raise HeadstartError(
                f"{repository} can't be uploaded: {text}. Log in with `hf auth login` and see whether the "
                f"name is yours; {_by_hand(run)}"
            ) from reason
    return written


def _hub_client(run: str | Path, repository: str) -> Any:
    """The client of the hub, if it can be reached; before anything is computed."""
    try:
        from huggingface_hub import HfApi
    except ImportError as error:
        raise MissingPackage(
            "huggingface_hub", "The upload", command="pip install huggingface_hub"
        ) from error
    try:
        hub.check_host(hub.endpoint())
    except OSError as error:
        raise HeadstartError(
            f"{repository} can't be uploaded: {hub.endpoint()} is out of reach. To{_by_hand(run)[2:]}"
        ) from error
    return HfApi()


def _by_hand(run: str | Path) -> str:
    return f"to write the folder alone: headstart push {run} FOLDER."


def _write(run: str | Path, folder: Path, show: Callable[[float], None]) -> list[str]:
    """Write the files; each is there whole or not at all."""
    _require_writable(folder)
    source, predictor = model_folder(run), open_model(run)
    fresh = folder.resolve().with_name(f".{folder.resolve().name}.push.tmp")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        for name in SAVED:
            if (source / name).is_file():
                shutil.copy(source / name, fresh / name)
        export_model(predictor, fresh / MODEL, show, more={BESIDE: digest_of(fresh)})
        kind = predictor.modality.kind
        if kind in EXAMPLES:
            text = (files("headstart.predictor") / "examples" / f"{kind}.txt").read_text("utf-8")
            (fresh / EXAMPLE).write_text(text, "utf-8")
            said = USE.format(model=MODEL, example=EXAMPLE, rows=kind, argument=ARGUMENTS[kind])
            with (fresh / "README.md").open("a", encoding="utf-8") as card:
                card.write(said)
        folder.mkdir(parents=True, exist_ok=True)
        written = sorted(path.name for path in fresh.iterdir())
        for name in written:
            (fresh / name).replace(folder / name)
    except OSError as error:
        raise CannotWrite(f"Can't write {folder}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return written


def _require_writable(folder: Path) -> None:
    """Refuse a file, and a folder that holds something, hidden files aside, but no model."""
    there = [one.name for one in folder.iterdir()] if folder.is_dir() else []
    visible = {name for name in there if not name.startswith(".")}
    if (folder.exists() and not folder.is_dir()) or (visible and not {*SAVED[:2]} <= visible):
        raise CannotWrite(f"{folder} is there and holds no model. Name a new folder.")
