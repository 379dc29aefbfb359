#!/usr/bin/env python3
"""Compares the API's description with the one that clients were built for.

    scripts/openapi-breaking.py [BASELINE DOCUMENT ACCEPTED]

(default: baseline.json, openapi.json and breaking.json in openapi/). Fails for
a breaking change that is not accepted, and for an accepted one that is not
found. ACCEPTED is a list of {"id": "...", "reason": "..."}; an id is what this
script prints of a change.

Breaking is, for what clients send (parameters and request bodies): a path, a
method, a parameter, a request body, a content type, a member, an alternative or
an enum value that is gone; a parameter, a body or a member that is newly
required; a type that is no longer accepted; a format or a pattern that has
changed; a narrower bound; `additionalProperties` that is newly false.

For what they receive: a status, a content type, a header, a member, an
alternative or an enum value that is gone; a member that may newly be absent; a
type that was not there before; a format that has changed. New members, enum
values and alternatives are not breaking: clients have to ignore unknown ones.

A change of a shared schema is one change, however many operations use it.
Security requirements, defaults, words and examples are not compared.
"""

import json
import os
import re
import sys
from itertools import product
from pathlib import Path
from typing import NamedTuple

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
TYPES = {"null", "boolean", "object", "array", "number", "string", "integer"}
REQUEST, RESPONSE = "request", "response"

# Bounds, and what it means to say nothing.
AT_MOST = dict.fromkeys(("maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties"), float("inf"))
AT_LEAST = {"minLength": 0, "minItems": 0, "minProperties": 0,
            "minimum": float("-inf"), "exclusiveMinimum": float("-inf")}

# Keywords that are not understood, but must not change without notice.
OPAQUE = ("not", "if", "then", "else", "patternProperties", "propertyNames", "contains", "dependentRequired",
          "dependentSchemas", "unevaluatedProperties", "unevaluatedItems", "prefixItems", "contentEncoding",
          "contentMediaType", "multipleOf")


def canonical(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def last_part(reference):
    return reference.rsplit("/", 1)[-1]


def says_something(schema):
    return bool(schema.keys() - {"title", "description", "example", "examples", "default", "deprecated"})


def component(schema):
    """The name of the component that a schema is, if it is nothing else."""
    if not isinstance(schema, dict) or "$ref" not in schema:
        return None
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    return None if says_something(beside) else last_part(schema["$ref"])


class Unusable(Exception):
    """A file that cannot be compared."""


class Document:
    """An OpenAPI document, whose references can be followed."""

    def __init__(self, root):
        self.root = root

    def target(self, reference):
        node = self.root
        if not reference.startswith("#/"):
            raise Unusable(f"{reference} is outside of the document")
        for part in reference[2:].split("/"):
            part = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(node, dict) or part not in node:
                raise Unusable(f"{reference} leads nowhere")
            node = node[part]
        return node

    def resolved(self, node):
        """What a node that may be a reference stands for (not for schemas)."""
        while "$ref" in node:
            node = self.target(node["$ref"])
        return node

    def operations(self):
        """Every operation under its path without the names of its parameters."""
        for path, item in self.root.get("paths", {}).items():
            item = self.resolved(item)
            for method in METHODS:
                if method in item:
                    yield path, method, item

    def parameters(self, path, item, operation):
        """The parameters of an operation. Those in the path go by their position,
        because clients do not send their names."""
        order = re.findall(r"\{([^}]*)\}", path)
        found = {}
        for node in [*item.get("parameters", []), *operation.get("parameters", [])]:
            parameter = self.resolved(node)
            place, name = parameter["in"], parameter["name"]
            if place == "path" and name in order:
                key = order.index(name)
            else:
                key = name.lower() if place == "header" else name
            found[place, key] = node
        return found

    def alternatives(self, schema, trail=()):
        """The schemas that a value may satisfy instead of this one, without
        references and combinations at their top."""
        if isinstance(schema, bool):
            return [Alternative({} if schema else {"type": []})]
        own = {key: value for key, value in schema.items() if key not in ("$ref", "allOf", "oneOf", "anyOf")}
        if "const" in own:
            own["enum"] = [own.pop("const")]
        choices = [[Alternative(own)]]
        if reference := schema.get("$ref"):
            if reference in trail:
                raise Unusable(f"{reference} contains itself")
            targets = self.alternatives(self.target(reference), (*trail, reference))
            name = last_part(reference) if len(targets) == 1 else None
            choices.append([Alternative(found, name) for found, _ in targets])
        choices += [self.alternatives(part, trail) for part in schema.get("allOf", [])]
        for key in ("oneOf", "anyOf"):
            if key in schema:
                choices.append([found for part in schema[key] for found in self.alternatives(part, trail)])
        return unite_enums([merge_all(combination) for combination in product(*choices)])


class Alternative(NamedTuple):
    """A schema without references at its top, and the component that it is."""

    schema: dict
    name: str | None = None

    def types(self):
        """The types that it accepts; an integer is not counted among numbers."""
        types = self.schema.get("type", TYPES)
        types = {types} if isinstance(types, str) else set(types)
        return types | {"integer"} if "number" in types else types

    def label(self):
        """What tells it from other alternatives: its constants, or its name."""
        properties = self.schema.get("properties", {})
        constants = {
            name: one.get("const", one.get("enum", [None])[0])
            for name, one in properties.items()
            if isinstance(one, dict) and ("const" in one or len(one.get("enum", [])) == 1)
        }
        return canonical(constants) if constants else self.name or self.schema.get("title")


def merge_all(combination):
    merged, name = {}, None
    for alternative in combination:
        if says_something(alternative.schema):
            # A component with something beside it is no longer that component.
            name = None if says_something(merged) else alternative.name
        merged = merge(merged, alternative.schema)
    return Alternative(merged, name)


def merge(one, other):
    """A schema that accepts what both accept."""
    merged = {**one, **other}
    for key in one.keys() & other.keys():
        a, b = one[key], other[key]
        if key == "type":
            merged[key] = sorted(Alternative(one).types() & Alternative(other).types())
        elif key == "enum":
            merged[key] = [value for value in a if value in b]
        elif key == "required":
            merged[key] = [*a, *b]
        elif key == "properties":
            merged[key] = {**a, **b, **{name: {"allOf": [a[name], b[name]]} for name in a.keys() & b.keys()}}
        elif key in ("items", "additionalProperties"):
            merged[key] = False if False in (a, b) else {"allOf": [a, b]}
        elif key in AT_MOST:
            merged[key] = min(a, b)
        elif key in AT_LEAST:
            merged[key] = max(a, b)
        elif key == "pattern" and a != b:
            merged[key] = f"{a} and {b}"
    return merged


def unite_enums(alternatives):
    """Alternatives that are lists of values are one list of values."""
    if len(alternatives) < 2 or not all("enum" in found.schema for found in alternatives):
        return alternatives
    types = set().union(*(found.types() for found in alternatives))
    values = [value for found in alternatives for value in found.schema["enum"]]
    return [Alternative({"type": sorted(types), "enum": values})]


def spelt(types):
    if types == TYPES:
        return "any"
    types = types - {"integer"} if "number" in types else types
    return " or ".join(sorted(types)) or "nothing"


class Comparison:
    """The breaking changes from one document to another, as their ids."""

    def __init__(self, base, new):
        self.base, self.new = base, new
        self.found = []
        self.done, self.under_way = set(), set()

    def report(self, where, what):
        change = f"{where}: {what}"
        if change not in self.found:
            self.found.append(change)

    # --- Operations ----------------------------------------------------------

    def run(self):
        def placed(document):
            return {(re.sub(r"\{[^}]*\}", "{}", path), method): (path, item)
                    for path, method, item in document.operations()}

        old, new = placed(self.base), placed(self.new)
        paths = {anonymous for anonymous, _ in new}
        for (anonymous, method), (path, item) in old.items():
            if anonymous not in paths:
                self.report(path, "path gone")
            elif (anonymous, method) not in new:
                self.report(f"{method.upper()} {path}", "method gone")
            else:
                self.operation(method, (path, item), new[anonymous, method])
        return self.found

    def operation(self, method, old, new):
        (path, item), (new_path, new_item) = old, new
        where = f"{method.upper()} {path}"
        one, other = item[method], new_item[method]
        self.parameters(where, self.base.parameters(path, item, one), self.new.parameters(new_path, new_item, other))
        self.request_body(where, one.get("requestBody"), other.get("requestBody"))
        for status, response in one.get("responses", {}).items():
            if status in other.get("responses", {}):
                self.response(f"{where} response {status}", response, other["responses"][status])
            else:
                self.report(where, f"response {status} gone")

    def both(self, where, kind, nodes):
        """What two nodes stand for, and where: in a component, when they share it."""
        one, other = nodes
        if "$ref" in one and one["$ref"] == other.get("$ref"):
            where = f"{kind}/{last_part(one['$ref'])}"
        return where, self.base.resolved(one), self.new.resolved(other)

    def parameters(self, where, old, new):
        for key, node in old.items():
            name = f"{key[0]} parameter {self.base.resolved(node)['name']}"
            if key not in new:
                self.report(where, f"{name} gone")
                continue
            there, one, other = self.both(f"{where} {name}", "parameters", (node, new[key]))
            if other.get("required") and not one.get("required"):
                self.report(there, "newly required")
            self.contents(there, one.get("content", {}), other.get("content", {}), REQUEST)
            self.schemas(there, one.get("schema", True), other.get("schema", True), REQUEST)
        for key in new.keys() - old.keys():
            parameter = self.new.resolved(new[key])
            if parameter.get("required"):
                self.report(where, f"{key[0]} parameter {parameter['name']} newly required")

    def request_body(self, where, old, new):
        where = f"{where} request"
        if old is None:
            if new is not None and self.new.resolved(new).get("required"):
                self.report(where, "newly required")
            return
        if new is None:
            self.report(where, "gone")
            return
        where, one, other = self.both(where, "requestBodies", (old, new))
        if other.get("required") and not one.get("required"):
            self.report(where, "newly required")
        self.contents(where, one.get("content", {}), other.get("content", {}), REQUEST)

    def response(self, where, old, new):
        where, one, other = self.both(where, "responses", (old, new))
        self.contents(where, one.get("content", {}), other.get("content", {}), RESPONSE)
        headers = {name.lower(): node for name, node in other.get("headers", {}).items()}
        for name, node in one.get("headers", {}).items():
            if name.lower() not in headers:
                self.report(where, f"header {name} gone")
                continue
            there, header, now = self.both(f"{where} header {name}", "headers", (node, headers[name.lower()]))
            self.schemas(there, header.get("schema", True), now.get("schema", True), RESPONSE)

    def contents(self, where, old, new, direction):
        for kind, media in old.items():
            if kind in new:
                self.schemas(f"{where} {kind}", media.get("schema", True), new[kind].get("schema", True), direction)
            else:
                self.report(where, f"content type {kind} gone")

    # --- Schemas -------------------------------------------------------------

    def schemas(self, where, old, new, direction):
        if component(old) == component(new) is not None:
            where = f"{direction} schemas/{component(old)}"
        self.any_of(where, self.base.alternatives(old), self.new.alternatives(new), direction)

    def any_of(self, where, old, new, direction):
        before = set().union(*(found.types() for found in old))
        after = set().union(*(found.types() for found in new))
        if (before - after) if direction == REQUEST else (after - before):
            self.report(where, f"type {spelt(before)} -> {spelt(after)}")
        old, new = ([found for found in side if found.types() != {"null"}] for side in (old, new))
        if len(old) == 1 and (len(new) == 1 or direction == RESPONSE):
            for found in new:
                self.pair(where, old[0], found, direction)
            return
        self.pair_up(where, old, new, direction)

    def pair_up(self, where, old, new, direction):
        """Finds for each alternative the one that it has become: by its label, or
        else any that breaks nothing."""
        labels = {found.label(): found for found in new if found.label()}
        for number, found in enumerate(old, 1):
            label = found.label()
            if label in labels:
                self.pair(f"{where}({label})", found, labels[label], direction)
            elif not any(self.is_harmless(found, other, direction) for other in new):
                self.report(where, f"alternative {label or number} gone")

    def is_harmless(self, old, new, direction):
        trial = Comparison(self.base, self.new)
        trial.under_way = set(self.under_way)
        trial.any_of("", [old], [new], direction)
        return not trial.found

    def pair(self, where, old, new, direction):
        if not (old.types() - {"null"}) & new.types():
            return  # said of the types
        if old.name == new.name is not None:
            where = f"{direction} schemas/{old.name}"
        pair = (canonical(old.schema), canonical(new.schema), direction)
        if pair in self.under_way or (where, pair) in self.done:
            return
        self.under_way.add(pair)
        self.compare(where, old.schema, new.schema, direction)
        self.under_way.remove(pair)
        self.done.add((where, pair))

    def compare(self, where, old, new, direction):
        """Two schemas without references and combinations at their top."""
        self.values(where, old, new, direction)
        if direction == REQUEST:
            self.bounds(where, old, new)
        self.members(where, old, new, direction)
        self.further_members(where, old, new, direction)
        self.schemas(f"{where}[]", old.get("items", True), new.get("items", True), direction)
        for key in OPAQUE:
            if canonical(old.get(key)) != canonical(new.get(key)):
                self.report(where, f"{key} changed")

    def values(self, where, old, new, direction):
        if "enum" in new and "enum" in old:
            for value in old["enum"]:
                if value not in new["enum"]:
                    self.report(where, f"enum value {canonical(value)} gone")
        elif "enum" in new and direction == REQUEST:
            self.report(where, f"only {canonical(new['enum'])} from now on")
        if "format" in old and "format" in new and old["format"] != new["format"]:
            self.report(where, f"format {old['format']} -> {new['format']}")

    def bounds(self, where, old, new):
        for key, unbounded in {**AT_MOST, **AT_LEAST}.items():
            before, after = old.get(key, unbounded), new.get(key, unbounded)
            if after < before if key in AT_MOST else after > before:
                self.report(where, f"{key} {old.get(key, 'none')} -> {after}")
        if "pattern" in new and new["pattern"] != old.get("pattern"):
            self.report(where, f"pattern {old.get('pattern', 'none')} -> {new['pattern']}")
        if new.get("uniqueItems") and not old.get("uniqueItems"):
            self.report(where, "uniqueItems newly true")

    def members(self, where, old, new, direction):
        before, after = old.get("properties", {}), new.get("properties", {})
        must, must_now = set(old.get("required", [])), set(new.get("required", []))
        for name, schema in before.items():
            if name not in after:
                self.report(f"{where}/{name}", "gone")
                continue
            self.schemas(f"{where}/{name}", schema, after[name], direction)
            if direction == RESPONSE and name in must - must_now:
                self.report(f"{where}/{name}", "may newly be absent")
        if direction == REQUEST:
            for name in sorted(must_now - must):
                self.report(f"{where}/{name}", "newly required")

    def further_members(self, where, old, new, direction):
        before, after = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if after is False:
            if before is not False and (direction == REQUEST or before is not True):
                self.report(where, "additionalProperties newly false")
        elif before is not False:
            self.schemas(f"{where}/*", before, after, direction)


# --- What is accepted --------------------------------------------------------


def load(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unusable(f"{path} cannot be read: {error}") from error


def accepted_ids(entries, path):
    def is_entry(entry):
        return (isinstance(entry, dict) and entry.keys() == {"id", "reason"}
                and all(isinstance(text, str) and text.strip(" .") for text in entry.values()))

    if not isinstance(entries, list) or not all(map(is_entry, entries)):
        raise Unusable(f'{path} must be a list of {{"id": "...", "reason": "..."}}, and neither may be empty')
    ids = [entry["id"] for entry in entries]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise Unusable(f"{path} has more than once: {'; '.join(twice)}")
    return ids


def breaking_changes(baseline, document):
    return Comparison(Document(baseline), Document(document)).run()


def check(baseline, document, accepted):
    """Compares the files, prints what is wrong, and returns whether all is well."""
    found = breaking_changes(load(baseline), load(document))
    ids = accepted_ids(load(accepted), accepted)
    unaccepted = [change for change in found if change not in ids]
    unfounded = [change for change in ids if change not in found]
    if unaccepted:
        print(f"Breaking changes of the API that {accepted} does not accept:", file=sys.stderr)
        for change in unaccepted:
            print(f"  {json.dumps({'id': change, 'reason': '...'}, ensure_ascii=False)}", file=sys.stderr)
    if unfounded:
        print(f"{accepted} accepts changes that were not found against {baseline}:", file=sys.stderr)
        for change in unfounded:
            print(f"  {change}", file=sys.stderr)
    if not (unaccepted or unfounded):
        print(f"{document}: {len(ids)} breaking changes from {baseline}, all of them accepted")
    return not (unaccepted or unfounded)


def main(arguments):
    folder = Path(os.path.relpath(Path(__file__).resolve().parent.parent / "openapi"))
    files = [Path(name) for name in arguments] or [
        folder / name for name in ("baseline.json", "openapi.json", "breaking.json")]
    if len(files) != 3:
        print("usage: openapi-breaking.py [BASELINE DOCUMENT ACCEPTED]", file=sys.stderr)
        return 2
    try:
        return 0 if check(*files) else 1
    except Unusable as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
