#!/usr/bin/env python3
"""Validates answers against Ironclad's OpenAPI documents.

    validate_answers.py FOLDER EXCHANGES

FOLDER holds the documents. EXCHANGES has one JSON object a line: {"operation", "status", "headers": {lower-case
name: value}, "body": hexadecimal}. Prints one JSON object a line for each problem: {"line" (from 1), "operation",
"status", "place", "text"}; `place` is a JSON pointer into the body, or what else is wrong: "status",
"content-type", "body", "header". Equal problems of an operation are printed once.

A field that no schema names is a separate problem, whether the schema forbids it or not.

In five places the documents are read as FACTS.md 7 says, and not literally: a schema that only has branches does not
forbid fields outside them (1); a 204 has no body (5), whatever is declared; `nullable` (6) allows null; `oneOf` (8) is
also satisfied by two branches; and an operation can answer errors that it does not declare (9). Each error is compared
with the shape of its API's errors, and with what is declared unless every operation can answer it.
"""
import binascii
import datetime
import json
import re
import sys

import jsonschema

DOCUMENTS = (
    ("ironclad-public-api-openapi.json", "public"),
    ("ironclad-oauth-20-api-openapi.json", "oauth"),
    ("ironclad-scim-api-openapi.json", "scim"),
    ("clickwrap-openapi.json", "clickwrap"),
)
# What every operation can answer, declared or not.
STATUSES_OF_ALL = {400, 401, 403, 413, 429, 500, 503}
STATUSES_OF_CLICKWRAP = STATUSES_OF_ALL | {404}
CODES_OF_ALL = {"MISSING_PARAM", "INVALID_PARAM"}
CODES = (
    "MISSING_PARAM INVALID_PARAM NOT_FOUND FORBIDDEN UNAUTHORIZED DEPRECATED SERVER_ERROR NOT_IMPLEMENTED "
    "NOT_ALLOWED INVALID_STATE CONTENT_UNAVAILABLE CONFLICT BAD_GATEWAY TOO_MANY_REQUESTS"
).split()


def strict_object(required, optional=(), **constraints):
    properties = {name: {"type": "string"} for name in (*required, *optional)}
    properties.update(constraints)
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


SCIM_ERROR = {"const": ["urn:ietf:params:scim:api:messages:2.0:Error"]}
SCIM_STATUS = {"type": "string", "pattern": "^[45][0-9][0-9]$"}
ERRORS = {
    "public": strict_object(("code", "message"), ("param",), code={"enum": CODES}),
    "exports": strict_object(("error",)),
    "oauth": strict_object(("error", "error_description")),
    "clickwrap": {"type": "object", "required": ["error"], "additionalProperties": False, "properties": {
        "error": strict_object(("message", "status", "name", "code"), status={"type": "integer"}),
    }},
    # For a wrong filter, the documents have `schema` instead of `schemas`.
    "scim": {"anyOf": [
        strict_object((key, "status", "detail"), ("scimType",), **{key: SCIM_ERROR, "status": SCIM_STATUS})
        for key in ("schemas", "schema")
    ]},
}
# The paths whose errors are not those of their document.
SHAPES_OF_PATHS = {"/exports": "exports", "/userinfo": "public", "/company-info": "public"}
# Objects whose keys are a company's own: those that the documents name are examples, and of the first two the values
# as well.
FREE = {"attributes", "schema"}
KEYED = {"properties", "recordTypes", "attachments"}

formats = jsonschema.FormatChecker(formats=())


@formats.checks("date-time", raises=ValueError)
def is_date_time(value):
    if isinstance(value, str):
        if not re.fullmatch(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", value):
            return False
        datetime.datetime.fromisoformat(value[:19])
    return True


@formats.checks("date", raises=ValueError)
def is_date(value):
    if isinstance(value, str):
        datetime.date.fromisoformat(value)
    return True


@formats.checks("email")
def is_email(value):
    return not isinstance(value, str) or "@" in value


def read_as_meant(node):
    """Rewrites a document in place, as described above."""
    if isinstance(node, list):
        for item in node:
            read_as_meant(item)
    elif isinstance(node, dict):
        if node.get("nullable") is True and isinstance(node.get("type"), str):
            node["type"] = [node["type"], "null"]
        if isinstance(node.get("oneOf"), list) and "anyOf" not in node:
            node["anyOf"] = node.pop("oneOf")
            if node.get("additionalProperties") is False and "properties" not in node:
                del node["additionalProperties"]
        for value in node.values():
            read_as_meant(value)


def alternatives(document, schemas):
    """The schemas, and those that they refer to or are made of."""
    for schema in schemas:
        while "$ref" in schema:
            target = document
            for part in schema["$ref"][2:].split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            schema = target
        yield schema
        yield from alternatives(document, (*schema.get("allOf", ()), *schema.get("anyOf", ())))


def undocumented(document, schemas, value, place=()):
    """Where a value has fields that none of its schemas names, though they name some."""
    schemas = list(alternatives(document, schemas))
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from undocumented(document, [s["items"] for s in schemas if "items" in s], item, (*place, i))
    elif isinstance(value, dict):
        named, others = {}, [s["additionalProperties"] for s in schemas if s.get("additionalProperties")]
        for schema in schemas:
            for name, inner in schema.get("properties", {}).items():
                named.setdefault(name, []).append(inner)
        if place and place[-1] in FREE:
            return
        if place and place[-1] in KEYED:
            others.extend(inner for each in named.values() for inner in each)
        for name, item in value.items():
            inner = named.get(name) or [other for other in others if isinstance(other, dict)]
            if inner:
                yield from undocumented(document, inner, item, (*place, name))
            elif named and not others:
                yield (*place, name)


def pointer(parts):
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


class Operation:
    def __init__(self, api, document, where, entry):
        self.api, self.document, self.where, self.responses = api, document, where, entry["responses"]
        self.error_shape = SHAPES_OF_PATHS.get("/" + where[1].split("/")[1], api)
        self.validators = {}

    def declared(self, status):
        """The media types that the operation declares for a status, with the place of each schema; None: none."""
        where = (*self.where, "responses", status)
        response = self.responses.get(status)
        if response is None:
            return None
        if "$ref" in response:
            where = tuple(response["$ref"][2:].split("/"))
            for part in where:
                response = self.document[part] if response is None or part == where[0] else response[part]
        return {
            media: (*where, "content", media, "schema") if content.get("schema") else None
            for media, content in response.get("content", {}).items()
        }

    def validator(self, where):
        """The validator of a schema within the document, so that its references are found; or of one of ERRORS."""
        if where not in self.validators:
            schema = ERRORS[where] if isinstance(where, str) else {**self.document, "$ref": "#" + pointer(where)}
            self.validators[where] = jsonschema.Draft202012Validator(schema, format_checker=formats)
        return self.validators[where]


def load(folder):
    operations = {}
    for name, api in DOCUMENTS:
        with open(f"{folder}/{name}", encoding="utf-8") as file:
            document = json.load(file)
        read_as_meant(document)
        for path, methods in document["paths"].items():
            for method, entry in methods.items():
                if isinstance(entry, dict) and "operationId" in entry:
                    operations[entry["operationId"]] = Operation(api, document, ("paths", path, method), entry)
    return operations


def errors_meant(error):
    """The errors of the alternative that is nearest to the value: the one with the deepest errors. When several are
    equally near, the error that none of them fits."""
    depths = {}
    for inner in error.context:
        branch = inner.schema_path[0]
        depths[branch] = max(depths.get(branch, 0), len(inner.absolute_path))
    nearest = [branch for branch, depth in depths.items() if depth == max(depths.values())]
    if len(nearest) != 1:
        yield error
        return
    for inner in error.context:
        if inner.schema_path[0] == nearest[0]:
            yield from errors_meant(inner)


def problems_of_value(validator, value):
    for found in validator.iter_errors(value):
        for error in errors_meant(found):
            text = error.message if len(error.message) < 300 else error.message[:300] + "…"
            yield pointer(error.absolute_path) or "/", text


def problems_of_error(operation, declared, value):
    """`declared`: the place of the schema for this status, or None."""
    if isinstance(value, str) and declared:  # for a bare text only the declared schema counts
        yield from problems_of_value(operation.validator(declared), value)
        return
    # A request that is refused before it reaches the operation gets an error in the shape of the whole API.
    shape = operation.error_shape if declared or operation.error_shape != "exports" else "public"
    yield from problems_of_value(operation.validator(shape), value)
    if declared and not (isinstance(value, dict) and value.get("code") in CODES_OF_ALL):
        yield from problems_of_value(operation.validator(declared), value)


def problems_of_body(operation, status, declared, body):
    try:
        value = json.loads(body.decode("utf-8"))
    except ValueError as error:
        yield "body", f"is no JSON: {error}"
        return
    where = (declared or {}).get("application/json")
    if status >= 400:
        yield from problems_of_error(operation, where, value)
    elif where:
        yield from problems_of_value(operation.validator(where), value)
        schema = {"$ref": "#" + pointer(where)}
        for place in undocumented(operation.document, [schema], value):
            yield pointer(place), "is a field that the documents do not name"


def problems(operation, exchange):
    status, headers = exchange["status"], exchange["headers"]
    body = binascii.unhexlify(exchange["body"])
    if "x-ironclad-requestid" not in headers:
        yield "header", "x-ironclad-requestid is missing"
    declared = operation.declared(str(status))
    usual = STATUSES_OF_CLICKWRAP if operation.api == "clickwrap" else STATUSES_OF_ALL
    if declared is None and status not in usual:
        yield "status", f"{status} is not declared: {', '.join(operation.responses)}"
        success = [code for code in operation.responses if code < "300"]
        if status > 299 or not success:
            return
        declared = operation.declared(success[0])
    media = headers.get("content-type", "").split(";")[0].strip().lower()
    if declared == {} or status == 204:
        if body:
            yield "body", f"is not empty: {len(body)} bytes"
        return
    wanted = list(declared) if declared else ["application/json"]
    if media not in wanted:
        yield "content-type", f"is {media or 'none'} instead of {', '.join(wanted)}"
    elif media == "application/json":
        yield from problems_of_body(operation, status, declared, body)


def main(folder, path):
    operations, seen = load(folder), set()
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            exchange = json.loads(line)
            operation = operations.get(exchange["operation"])
            found = problems(operation, exchange) if operation else [("operation", "is in no document")]
            for place, text in found:
                key = exchange["operation"], exchange["status"], place, text
                if key not in seen:
                    seen.add(key)
                    print(json.dumps({"line": number, "operation": key[0], "status": key[1], "place": place,
                                      "text": text}))


if __name__ == "__main__":
    main(*sys.argv[1:])
