"""The server of models: its addresses, and the application that answers them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from headstart.server.access import Access
from headstart.server.app import make_app
from headstart.server.body import Limits
from headstart.server.calibration import confidence_bins
from headstart.server.counts import TYPE, Counting, Counts
from headstart.server.openapi import describe
from headstart.server.pages import page_paths, page_routes
from headstart.server.predicting import Predicting, Queueing
from headstart.server.reading import WAYS, read_items
from headstart.server.refusal import Json, Refused
from headstart.server.served import Served, state_of

PAGE = "serve"
MOST_NEIGHBOURS = 20
ROUTES = (
    "/predict",
    "/predict/{name}",
    "/examples/{name}",
    "/health",
    "/metrics",
    "/models",
    "/openapi.json",
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Of a server of models.

    Attributes:
        access: who may ask; see `access_to`.
        limits: of a request.
        items: of a request, >= 1.
        queueing: what is computed at once, and what waits.
    """

    access: Access
    limits: Limits = field(default_factory=Limits)
    items: int = 256
    queueing: Queueing = field(default_factory=Queueing)


def access_to(host: str, token: str = "") -> Access:
    """The access to a server that is bound to a host: its health and its page are open to all."""
    return Access.to(host, token, {"/health", *page_paths(PAGE)})


def serving_app(
    models: Sequence[Served], settings: Settings, neighbours: Mapping[str, Any] | None = None
) -> Starlette:
    """The application.

    Args:
        models: that answer.
        settings: of the server.
        neighbours: training examples by model, see `neighbours.Neighbours`.
    """
    serving = Serving(models, settings, neighbours or {})
    routes = [
        *page_routes(PAGE),
        Route("/predict", serving.predict, methods=["POST"]),
        Route("/predict/{name}", serving.predict, methods=["POST"]),
        Route("/examples/{name}/{number:int}", serving.example),
        Route("/health", serving.health),
        Route("/metrics", serving.metrics),
        Route("/models", serving.list_models),
        Route("/openapi.json", serving.openapi),
    ]

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with serving.predicting.running():
            yield

    known = frozenset(ROUTES) | page_paths(PAGE)
    outside = [Middleware(Counting, counts=serving.counts, routes=known)]
    return make_app(routes, settings.access, settings.limits, lifespan=lifespan, outside=outside)


class Serving:
    """The handlers of a server of models."""

    def __init__(self, models: Sequence[Served], settings: Settings, neighbours: Mapping[str, Any]) -> None:
        """Note how the files of the models are now."""
        self._models = {model.name: model for model in models}
        self._settings, self._neighbours = settings, neighbours
        self._states = {model.name: state_of(model.folder) for model in models}
        self.counts = Counts({"headstart_waiting_items": ("Items that wait or are computed.", self._waiting)})
        self.predicting = Predicting(models, settings.queueing, self.counts, neighbours)
        self._told = [self._about(model) for model in models]

    def _waiting(self) -> float:
        return self.predicting.waiting

    async def predict(self, request: Request) -> Response:
        """Predictions of the named model, or of all."""
        models = self._asked(request)
        wanted = _neighbours(request.query_params.get("neighbours", "0"))
        items = await read_items(request, models[0].kind, self._settings.items)
        found = await self.predicting.predict(items, [model.name for model in models], wanted)
        answers = [{"model": name, "predictions": rows} for name, rows in found.items()]
        value: dict[str, Any] = answers[0] if len(models) == 1 else {"answers": answers}
        errors = [row.get("error") for rows in found.values() for row in rows]
        if all(errors):
            return Json({"error": errors[0], **value}, 422)
        return Json(value)

    async def example(self, request: Request) -> Response:
        """A small picture of a training example."""
        from starlette.concurrency import run_in_threadpool

        neighbours = self._neighbours.get(request.path_params["name"])
        number = request.path_params["number"]
        picture = neighbours and await run_in_threadpool(neighbours.picture, number)
        if not picture:
            raise Refused(404, "There is no picture of this example.")
        return Response(picture, media_type="image/jpeg")

    async def health(self, _request: Request) -> Response:
        """That the server answers, and whether files of its models were changed since they were loaded."""
        now = {name: state_of(model.folder) != self._states[name] for name, model in self._models.items()}
        models = {name: {"changed": changed} for name, changed in now.items()}
        return Json({"status": "ok", "waiting": self.predicting.waiting, "models": models})

    async def metrics(self, _request: Request) -> Response:
        """Counts, for Prometheus."""
        return Response(self.counts.text(), headers={"Content-Type": TYPE})

    async def list_models(self, _request: Request) -> Response:
        """What the models take and give."""
        return Json({"models": self._told})

    async def openapi(self, _request: Request) -> Response:
        """The description of the API."""
        from headstart import __version__

        token = bool(self._settings.access.token)
        return Json(describe(list(self._models.values()), __version__, self._settings.items, token=token))

    def _about(self, model: Served) -> dict[str, Any]:
        engines = list(dict.fromkeys(id(one.engine) for one in self._models.values()))
        return {
            "name": model.name,
            "takes": model.kind,
            "gives": model.label_kind,
            "outputs": list(model.classes),
            "columns": model.form,
            "decision": asdict(model.decision),
            "backbone": engines.index(id(model.engine)),
            "calibration": confidence_bins(Path(model.folder)),
            "neighbours": model.name in self._neighbours,
        }

    def _asked(self, request: Request) -> list[Served]:
        """The models that a request is for.

        Raises:
            Refused: 404 for an unknown name; 400 where models take different things and none is named.
        """
        name = request.path_params.get("name")
        if name is None:
            found = list(self._models.values())
            if len({model.kind for model in found}) > 1:
                raise Refused(400, f"The models take different things. Ask one: {self._addresses()}.")
            return found
        if name not in self._models:
            raise Refused(404, f"There is no such model. The models are {self._addresses()}.")
        return [self._models[name]]

    def _addresses(self) -> str:
        return "; ".join(
            f"POST /predict/{name} ({WAYS[model.kind].partition(':')[0]})"
            for name, model in self._models.items()
        )


def _neighbours(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and int(text) <= MOST_NEIGHBOURS):
        raise Refused(422, f"neighbours is a whole number in [0, {MOST_NEIGHBOURS}].")
    return int(text)
