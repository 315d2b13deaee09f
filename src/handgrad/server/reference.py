"""The routes as a page at /docs, made of the OpenAPI document; it needs no network, and no code of others."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>handgrad: routes</title><style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 0 auto; padding: 1rem; }
h2 { margin-top: 2.5rem; text-transform: capitalize; }
h3 { margin-bottom: 0; font: 600 1rem/1.5 ui-monospace, monospace; }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; } p { margin: .25rem 0; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; } caption { text-align: left; opacity: .75; }
th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; font-weight: 400;
  border-top: 1px solid #8886; }
</style></head><body>"""


def install(app: FastAPI) -> None:
    """Add the route."""

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse("".join(page(app.openapi())))


def page(document: Mapping[str, Any]) -> Iterator[str]:
    """Write an OpenAPI document as HTML."""
    yield f"{HEAD}<h1>handgrad {escape(document['info']['version'])}: routes</h1>"
    yield f"<p>{escape(document['info']['summary'])}</p>"
    yield '<p>For programs: the same as <a href="./openapi.json">OpenAPI</a>. <a href="./">The page</a></p>'
    tag = None
    routes = [
        (path, method, route)
        for path, methods in document["paths"].items()
        for method, route in methods.items()
    ]
    for path, method, route in sorted(routes, key=lambda entry: entry[2]["tags"][0]):
        if route["tags"][0] != tag:
            tag = route["tags"][0]
            yield f"<h2>{escape(tag)}</h2>"
        yield f"<h3>{method.upper()} {escape(path)}</h3>"
        for paragraph in route["description"].split("\n\n"):
            yield f"<p>{escape(paragraph)}</p>"
        yield "<table><tbody>"
        for parameter in route.get("parameters", []):
            need = "" if parameter["required"] else ", may be left out"
            yield _row(parameter["name"], f"{_kind(parameter['schema'])}, in the {parameter['in']}{need}")
        for media, content in route.get("requestBody", {}).get("content", {}).items():
            yield _row("takes", _content(media, content))
        for status, response in route["responses"].items():
            kinds = [_content(media, content) for media, content in response.get("content", {}).items()]
            yield _row(status, "; ".join(kinds) if status.startswith("2") else response["description"])
        yield "</tbody></table>"
    yield "<h2>What goes in and out</h2>"
    for name, schema in document["components"]["schemas"].items():
        yield f'<table id="{escape(name)}"><caption><b>{escape(name)}</b>: {escape(schema.get("description", ""))}'
        yield "</caption><tbody>"
        for key, field in schema.get("properties", {}).items():
            need = "" if key in schema.get("required", []) else ", may be left out"
            yield _row(key, f"{_kind(field)}{need}. {field.get('description', '')}".strip())
        yield "</tbody></table>"
    yield "</body></html>"


def _row(name: str, text: str) -> str:
    return f"<tr><th scope='row'><code>{escape(name)}</code></th><td>{escape(text)}</td></tr>"


def _content(media: str, content: Mapping[str, Any]) -> str:
    return f"{_kind(content['schema'])} ({media})"


def _kind(schema: Mapping[str, Any]) -> str:
    """Write a schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(_kind(choice) for choice in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return " | ".join(f"“{value}”" for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    limits = [
        f"{sign} {schema[key]}"
        for key, sign in (
            ("minimum", "≥"),
            ("exclusiveMinimum", ">"),
            ("maximum", "≤"),
            ("exclusiveMaximum", "<"),
        )
        if key in schema
    ]
    kind = "bytes" if schema.get("format") == "binary" else str(schema.get("type", "anything"))
    return " ".join([kind, *limits])
