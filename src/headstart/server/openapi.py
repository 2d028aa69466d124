"""The description of a server's API, OpenAPI 3.1, written from the models that it has loaded."""

from collections.abc import Sequence
from typing import Any

from headstart.server.served import FILES, Served

TITLE = "headstart serve"
ERRORS = {
    "400": "The request breaks its own format.",
    "401": "The token is missing or another one.",
    "403": "Another host or site.",
    "404": "There is no such model.",
    "405": "Another method of HTTP.",
    "408": "The request did not end in time.",
    "413": "Too large, or too many items.",
    "415": "A content type that the model does not take.",
    "422": "Nothing in it can be predicted.",
    "500": "The server made a mistake.",
    "503": "Too many items wait already; the header Retry-After says when to try again.",
    "504": "The answer took too long.",
}
BINARY = {"type": "string", "format": "binary"}
ONE_FILE = {"pictures": ("image/jpeg", "image/png"), "sounds": ("audio/wav", "audio/flac")}
NEIGHBOURS = {
    "name": "neighbours",
    "in": "query",
    "description": "Nearest training examples of each item, where the run keeps them.",
    "schema": {"type": "integer", "minimum": 0, "maximum": 20, "default": 0},
}


def describe(models: Sequence[Served], version: str, most: int, *, token: bool) -> dict[str, Any]:
    """The description.

    Args:
        models: that are served.
        version: of headstart.
        most: items of a request.
        token: whether one is asked for.
    """
    paths: dict[str, Any] = {
        "/health": _get("Whether the server answers, and whether files of a model have changed since."),
        "/models": _get("The models: what they take and give, and how well they know how sure they are."),
        "/metrics": _get("Counts in the text format of Prometheus.", "text/plain"),
        "/openapi.json": _get("This description."),
    }
    if len({model.kind for model in models}) == 1:
        paths["/predict"] = _predict(models, most, "Predict by all models, which take the same items.")
    for model in models:
        paths[f"/predict/{model.name}"] = _predict([model], most, f"Predict by {model.name}.")
    found: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": TITLE,
            "version": version,
            "description": "Predictions of models that headstart made.",
        },
        "paths": paths,
        "components": {"schemas": _schemas(models)},
    }
    if token:
        found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        found["security"] = [{"token": []}]
        paths["/health"]["get"]["security"] = []
    return found


def _get(summary: str, content_type: str = "application/json") -> dict[str, Any]:
    schema = {"type": "string"} if content_type == "text/plain" else {"type": "object"}
    good = {"description": "As said.", "content": {content_type: {"schema": schema}}}
    return {"get": {"summary": summary, "responses": {"200": good, **_errors("401", "403")}}}


def _errors(*statuses: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {status: {"description": ERRORS[status], "content": content} for status in statuses or ERRORS}


def _predict(models: Sequence[Served], most: int, summary: str) -> dict[str, Any]:
    answer = _ref(f"Answer of {models[0].name}") if len(models) == 1 else _ref("Answers")
    good = {"description": "A prediction for each item.", "content": {"application/json": {"schema": answer}}}
    body = {"required": True, "content": _contents(models[0], most)}
    post = {
        "summary": summary,
        "parameters": [NEIGHBOURS],
        "requestBody": body,
        "responses": {"200": good, **_errors()},
    }
    return {"post": post}


def _contents(model: Served, most: int) -> dict[str, Any]:
    """What a request may hold, by content type."""
    items: dict[str, Any] = {"type": "array", "minItems": 1, "maxItems": most}
    if model.kind in FILES:
        form = {"type": "object", "required": ["file"], "properties": {"file": {**items, "items": BINARY}}}
        return {
            "multipart/form-data": {"schema": form},
            **{one: {"schema": BINARY} for one in ONE_FILE[model.kind]},
        }
    name = "texts" if model.kind == "texts" else "rows"
    schema = {
        "type": "object",
        "required": [name],
        "additionalProperties": False,
        "properties": {name: {**items, "items": _item(model)}},
    }
    plain = {"text/plain": {"schema": {"type": "string", "pattern": r"\S"}}} if model.kind == "texts" else {}
    return {"application/json": {"schema": schema}, **plain}


def _item(model: Served) -> dict[str, Any]:
    if model.kind == "texts":
        return {"type": "string", "description": "An empty one has an error in its place."}
    return (
        {"type": "array", "items": {"type": "number"}} if model.form is None else _ref(f"Row of {model.name}")
    )


def _schemas(models: Sequence[Served]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Error": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}},
        "Answers": {
            "type": "object",
            "required": ["answers"],
            "properties": {"answers": {"type": "array", "items": {"type": "object"}}},
        },
    }
    for model in models:
        rows = {"type": "array", "items": {"anyOf": [_prediction(model), _unread()]}}
        found[f"Answer of {model.name}".replace(" ", "_")] = {
            "type": "object",
            "required": ["model", "predictions"],
            "properties": {"model": {"const": model.name}, "predictions": rows},
        }
        if model.form is not None:
            found[f"Row of {model.name}".replace(" ", "_")] = {
                "type": "object",
                "required": list(model.form),
                "properties": {name: dict(schema) for name, schema in model.form.items()},
                "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
            }
    return found


def _prediction(model: Served) -> dict[str, Any]:
    share = {"type": "number", "minimum": 0, "maximum": 1}
    each = {"type": "object", "properties": {name: {"type": "number"} for name in model.classes}}
    by_kind: dict[str, dict[str, Any]] = {
        "classes": {"label": {"type": "string"}, "probability": share, "probabilities": each},
        "tags": {"tags": {"type": "array", "items": {"enum": list(model.classes)}}, "probabilities": each},
        "numbers": {"values": each},
    }
    own = by_kind[model.label_kind]
    more = {
        "notes": {"type": "array", "items": {"type": "string"}},
        "neighbours": {"type": "array", "items": {"type": "object"}},
    }
    return {
        "type": "object",
        "required": ["item", *own],
        "properties": {"item": {"type": "string"}, **own, **more},
        "additionalProperties": False,
    }


def _unread() -> dict[str, Any]:
    text = {"type": "string"}
    return {"type": "object", "required": ["item", "error"], "properties": {"item": text, "error": text}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name.replace(' ', '_')}"}
