"""How `retrieve` is computed: what is searched is embedded once and ranked by its cosine with the query."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from headstart.data.check import dependent_rows, readable_rows
from headstart.data.dataset import Dataset
from headstart.data.image_text_pairs import CLASS
from headstart.data.picture_lists import samples_of
from headstart.models.pairs import Pair
from headstart.session.inputs import loader_of
from headstart.session.pair_training import PairSession
from headstart.studies._pictures import write_picture
from headstart.studies._runner import Job
from headstart.studies._spec import Study
from headstart.studies.pretrain_pairs.rows import keep_readable
from headstart.studies.retrieve import Hit, RetrieveSettings
from headstart.studies.retrieve.inputs import (
    Query,
    Searched,
    read_model,
    read_query,
    read_searched,
    require_side,
)
from headstart.studies.retrieve.recalls import recalls_at

NOTHING = (
    "The query {!r} has an embedding of zeros: {} knows none of it, so that the results are in no order."
)
FOLDER, SHOWN = "pictures", 256  # pixels of the longer side


def load(
    spec: Study, given: Mapping[str, Any], settings: RetrieveSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The query, what is searched, and the encoders."""
    query, searched = read_query(given["query"]), read_searched(given["data"], columns)
    require_side(query, searched)
    model = read_model(given["model"], searched, settings.length)
    encoders = {"text encoder": model.text, "image encoder": model.image}
    return {
        "query": query.text,
        "pictures": searched.pictures,
        "captions": searched.captions,
        **encoders,
        "_query": query,
        "_searched": searched,
        "_model": model,
    }


def compute(job: Job[RetrieveSettings]) -> dict[str, Any]:
    """The record's own fields."""
    query, searched, model = (job.inputs[f"_{name}"] for name in ("query", "searched", "model"))
    job.notes += [one.text for one in searched.findings]
    with job.step("check the data"):
        searched, groups = _readable(job, searched)
    with job.step("embed"):
        found = _embedded(job, model, searched)
        wanted = _query_embedding(job, model, query)
    if not wanted.any():
        job.notes.append(
            NOTHING.format(query.text, model.text.name if query.picture is None else "the encoder")
        )
    side = "text" if query.picture is not None and searched.captions is not None else "image"
    with job.step("rank"):
        hits = _hits(job, searched, side, found[side] @ wanted)
        recalls = [] if searched.pairs is None else recalls_at(searched.pairs, groups, found)
    data = searched.captions if side == "text" else searched.pictures
    assert data is not None
    return {
        "task": searched.name,
        "query": query.text,
        "query_kind": "text" if query.picture is None else "picture",
        "query_picture": _kept(job, _as_data(query), 0, "query") if query.picture is not None else "",
        "searched": "captions" if side == "text" else "pictures",
        "gallery": len({*(data.texts or data.digests)}),
        "encoders": [model.text.name, model.rows.name],
        "hits": hits,
        "recalls": recalls,
    }


def _readable(job: Job[Any], searched: Searched) -> tuple[Searched, Any]:
    """What can be read, and the groups of pairs whose pictures depend on each other."""
    if (pairs := searched.pairs) is not None:
        kept, looks, notes = keep_readable(pairs)
        job.notes += notes
        return Searched(kept.pictures, kept.captions), dependent_rows(kept.pictures, looks)
    one = searched.pictures if searched.pictures is not None else searched.captions
    assert one is not None
    data, looks, notes = readable_rows(one)
    data = data.subset(np.arange(len(data))).knowing(tuple(look.digest for look in looks))
    job.notes += notes
    return Searched(data, None) if searched.captions is None else Searched(None, data), None


def _embedded(job: Job[Any], model: Pair, searched: Searched) -> dict[str, Tensor]:
    """Embeddings (n, d) of unit length of each side that there is."""
    assert model.image is not None
    data = {"image": searched.pictures, "text": searched.captions}
    encoders = {"image": model.image, "text": model.text}
    found = {}
    for side, one in data.items():
        if one is not None:
            loaders = {side: loader_of(one, encoders[side], None)}
            session = PairSession(encoders, loaders, loaders, job.engine)
            found[side] = session.embedded(side, encoders[side], np.arange(len(one)))
    if searched.captions is not None and (cut := model.truncated(searched.captions.texts or [])):
        assert model.text.tokens is not None
        job.notes.append(
            f"{len(cut)} of {len(searched.captions)} texts are longer than the {model.text.tokens.limit} "
            "tokens "
            f"that {model.text.name} reads, and cut there."
        )
    return found


def _query_embedding(job: Job[Any], model: Pair, query: Query) -> Tensor:
    """(d,) of unit length."""
    if query.picture is None:
        if model.truncated([query.text]):
            job.notes.append("The query is longer than the encoder reads, and cut.")
        return model.embed_texts([query.text])[0].cpu()
    data = _as_data(query)
    assert model.image is not None
    x = loader_of(data, model.image, None).fetch(np.zeros(1, np.int64), np.full(1, -1))
    with torch.inference_mode():
        return normalize(model.image(x.to(model.image.mean.device)), dim=1)[0].cpu()


def _as_data(query: Query) -> Dataset:
    items, samples = samples_of([query.picture])
    return Dataset("query", (CLASS,), np.zeros(1, np.int64), items, samples)


def _hits(job: Job[RetrieveSettings], searched: Searched, side: str, cosines: Tensor) -> list[Hit]:
    """The most similar, equal captions and equal pictures once."""
    data = searched.captions if side == "text" else searched.pictures
    assert data is not None
    names = data.texts if side == "text" else data.digests
    texts = None if searched.captions is None else searched.captions.texts
    assert names is not None
    seen, hits = set[str](), list[Hit]()
    for row in cosines.argsort(descending=True, stable=True).tolist():
        if names[row] in seen:
            continue
        seen.add(names[row])
        picture = ""
        if searched.pictures is not None:
            picture = _kept(job, searched.pictures, row, f"hit-{len(hits) + 1:02d}")
        hits.append(Hit(data.items[row], texts[row] if texts else "", cosines[row].item(), picture))
        if len(hits) == job.settings.most:
            break
    return hits


def _kept(job: Job[Any], data: Dataset, row: int, name: str) -> str:
    """A small picture of a row in the folder, by its name there; "" where nothing is kept."""
    if job.out is None or (picture := data.picture(row)) is None:
        return ""
    picture = picture.convert("RGB")
    picture.thumbnail((SHOWN, SHOWN))
    write_picture(picture, job.folder.path / FOLDER / f"{name}.webp", quality=85)
    return f"{FOLDER}/{name}.webp"
