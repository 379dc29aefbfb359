"""scripts/openapi-breaking.py, on small documents with planted breaches."""

import copy
import importlib.util
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "openapi-breaking.py"
SPEC = importlib.util.spec_from_file_location("openapi_breaking", SCRIPT)
breaking = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(breaking)


def ref(name, kind="schemas"):
    return {"$ref": f"#/components/{kind}/{name}"}


def json_of(schema):
    return {"application/json": {"schema": schema}}


BASE = {
    "openapi": "3.1.0",
    "paths": {
        "/cases/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}},
                    {"name": "Accept-Language", "in": "header", "schema": {"type": "string"}},
                ],
                "responses": {
                    "200": {
                        "headers": {"ETag": {"schema": {"type": "string"}}},
                        "content": json_of(ref("Case")),
                    },
                    "404": ref("NotFound", "responses"),
                },
            },
            "delete": {"responses": {"204": {}, "404": ref("NotFound", "responses")}},
        },
        "/cases": {
            "post": {
                "requestBody": {"content": {**json_of(ref("NewCase")), "text/plain": {"schema": {"type": "string"}}}},
                "responses": {"201": {"content": json_of(ref("Case"))}},
            },
        },
    },
    "components": {
        "responses": {"NotFound": {"content": {"application/problem+json": {"schema": ref("Problem")}}}},
        "schemas": {
            "Problem": {"type": "object", "properties": {"code": {"type": "string"}}},
            "Topic": {"type": "string", "enum": ["login", "other"]},
            "Case": {
                "type": "object",
                "required": ["number"],
                "properties": {
                    "number": {"type": "string"},
                    "topic": ref("Topic"),
                    "parent": {"oneOf": [ref("Case"), {"type": "null"}]},
                    "opened": {"type": "string", "format": "date"},
                    "words": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
            "NewCase": {
                "type": "object",
                "required": ["topic"],
                "properties": {
                    "topic": ref("Topic"),
                    "text": {"type": "string", "minLength": 1, "maxLength": 500, "pattern": "^a"},
                    "files": {"type": "array", "items": {"type": "string"}, "maxItems": 5},
                    "phone": {"type": ["string", "null"]},
                },
            },
        },
    },
}


def changes(change, base=None):
    """The breaking changes that a change of the document makes."""
    base = copy.deepcopy(base or BASE)
    document = copy.deepcopy(base)
    change(document)
    return breaking.breaking_changes(base, document)


def operation(document, path="/cases/{id}", method="get"):
    return document["paths"][path][method]


def of_schema(name, **keywords):
    """The changes that keywords of a component make; `None` takes one away."""

    def change(document):
        schema = document["components"]["schemas"]
        for part in name.split("/"):
            schema = schema[part]
        schema.update(keywords)
        for key in [key for key, value in keywords.items() if value is None]:
            del schema[key]

    return changes(change)


def between(direction, old, new):
    """The changes from one schema of a body to another."""
    one, other = ({"paths": {"/a": {"put": {
        "requestBody": {"content": json_of(schema if direction == "request" else {})},
        "responses": {"200": {"content": json_of(schema if direction == "response" else {})}},
    }}}} for schema in (old, new))
    where = f"PUT /a {direction}{' 200' if direction == 'response' else ''} application/json"
    return [change.removeprefix(where) for change in breaking.breaking_changes(one, other)]


class Operations(unittest.TestCase):
    def test_the_same_document_breaks_nothing(self):
        self.assertEqual(changes(lambda document: None), [])

    def test_paths_and_methods(self):
        self.assertEqual(changes(lambda d: d["paths"].pop("/cases")), ["/cases: path gone"])
        self.assertEqual(changes(lambda d: d["paths"]["/cases/{id}"].pop("delete")),
                         ["DELETE /cases/{id}: method gone"])

    def test_the_name_of_a_path_parameter_is_not_sent(self):
        def rename(document):
            document["paths"]["/cases/{number}"] = document["paths"].pop("/cases/{id}")
            document["paths"]["/cases/{number}"]["parameters"][0]["name"] = "number"

        self.assertEqual(changes(rename), [])

    def test_statuses_content_types_and_headers(self):
        self.assertEqual(changes(lambda d: operation(d)["responses"].pop("404")),
                         ["GET /cases/{id}: response 404 gone"])
        self.assertEqual(changes(lambda d: operation(d)["responses"]["200"].update(content={"text/csv": {}})),
                         ["GET /cases/{id} response 200: content type application/json gone"])
        self.assertEqual(changes(lambda d: operation(d)["responses"]["200"]["headers"].pop("ETag")),
                         ["GET /cases/{id} response 200: header ETag gone"])

    def test_a_shared_response_changes_once(self):
        self.assertEqual(changes(lambda d: d["components"]["responses"]["NotFound"].pop("content")),
                         ["responses/NotFound: content type application/problem+json gone"])

    def test_a_response_may_move_into_a_component(self):
        def move(document):
            document["components"]["responses"]["Found"] = operation(document)["responses"]["200"]
            operation(document)["responses"]["200"] = ref("Found", "responses")

        self.assertEqual(changes(move), [])

    def test_parameters(self):
        self.assertEqual(changes(lambda d: operation(d)["parameters"].pop(0)),
                         ["GET /cases/{id}: query parameter limit gone"])
        self.assertEqual(changes(lambda d: operation(d)["parameters"][0].update(required=True)),
                         ["GET /cases/{id} query parameter limit: newly required"])
        self.assertEqual(changes(lambda d: operation(d)["parameters"][0]["schema"].update(maximum=50)),
                         ["GET /cases/{id} query parameter limit: maximum 100 -> 50"])
        self.assertEqual(changes(lambda d: operation(d)["parameters"][1].update(name="accept-language")), [])

    def test_new_parameters(self):
        def add(required):
            parameter = {"name": "q", "in": "query", "required": required}
            return lambda document: operation(document)["parameters"].append(parameter)

        self.assertEqual(changes(add(False)), [])
        self.assertEqual(changes(add(True)), ["GET /cases/{id}: query parameter q newly required"])

    def test_parameters_of_all_methods(self):
        def add(document):
            parameter = {"name": "X-Tenant", "in": "header", "required": True}
            document["paths"]["/cases/{id}"]["parameters"].append(parameter)

        self.assertEqual(changes(add), [f"{method} /cases/{{id}}: header parameter X-Tenant newly required"
                                        for method in ("GET", "DELETE")])

    def test_request_bodies(self):
        def body(document):
            return operation(document, "/cases", "post")["requestBody"]

        self.assertEqual(changes(lambda d: operation(d, "/cases", "post").pop("requestBody")),
                         ["POST /cases request: gone"])
        self.assertEqual(changes(lambda d: body(d).update(required=True)), ["POST /cases request: newly required"])
        self.assertEqual(changes(lambda d: body(d)["content"].pop("text/plain")),
                         ["POST /cases request: content type text/plain gone"])

        def add(required):
            new = {"required": required, "content": {}}
            return lambda document: operation(document, method="delete").update(requestBody=new)

        self.assertEqual(changes(add(False)), [])
        self.assertEqual(changes(add(True)), ["DELETE /cases/{id} request: newly required"])


class Members(unittest.TestCase):
    def test_gone(self):
        properties = BASE["components"]["schemas"]["Case"]["properties"]
        fewer = {name: schema for name, schema in properties.items() if name != "opened"}
        self.assertEqual(of_schema("Case", properties=fewer), ["response schemas/Case/opened: gone"])
        self.assertEqual(of_schema("NewCase", properties={"topic": ref("Topic")}),
                         [f"request schemas/NewCase/{name}: gone" for name in ("text", "files", "phone")])

    def test_newly_required_of_those_who_send(self):
        self.assertEqual(of_schema("NewCase", required=["topic", "text", "new"]),
                         ["request schemas/NewCase/new: newly required", "request schemas/NewCase/text: newly required"])
        self.assertEqual(of_schema("NewCase", required=None), [])

    def test_newly_absent_for_those_who_receive(self):
        self.assertEqual(of_schema("Case", required=None), ["response schemas/Case/number: may newly be absent"])
        self.assertEqual(of_schema("Case", required=["number", "topic"]), [])

    def test_additional_ones_are_newly_refused(self):
        self.assertEqual(of_schema("NewCase", additionalProperties=False),
                         ["request schemas/NewCase: additionalProperties newly false"])
        self.assertEqual(of_schema("Case", additionalProperties=False), [])
        self.assertEqual(of_schema("Case/properties/words", additionalProperties=False),
                         ["response schemas/Case/words: additionalProperties newly false"])
        self.assertEqual(of_schema("Case/properties/words", additionalProperties={"type": "integer"}),
                         ["response schemas/Case/words/*: type string -> integer"])

    def test_new_ones_break_nothing(self):
        for name in ("Case", "NewCase"):
            properties = {**BASE["components"]["schemas"][name]["properties"], "new": {"type": "string"}}
            self.assertEqual(of_schema(name, properties=properties), [])


class Values(unittest.TestCase):
    def test_an_enum_value_that_is_gone_breaks_both_sides(self):
        self.assertEqual(sorted(of_schema("Topic", enum=["login"])),
                         ['request schemas/Topic: enum value "other" gone',
                          'response schemas/Topic: enum value "other" gone'])
        self.assertEqual(of_schema("Topic", enum=["login", "other", "new"]), [])

    def test_a_new_enum_breaks_those_who_send(self):
        closed = {"enum": ["a"]}
        self.assertEqual(of_schema("NewCase/properties/text", **closed),
                         ['request schemas/NewCase/text: only ["a"] from now on'])
        self.assertEqual(of_schema("Case/properties/number", **closed), [])

    def test_bounds_may_widen_and_not_narrow(self):
        for name, keywords, expected in (
            ("text", {"maxLength": 499}, "/text: maxLength 500 -> 499"),
            ("text", {"minLength": 2}, "/text: minLength 1 -> 2"),
            ("text", {"pattern": "^b"}, "/text: pattern ^a -> ^b"),
            ("files", {"maxItems": 4}, "/files: maxItems 5 -> 4"),
            ("files", {"minItems": 1}, "/files: minItems none -> 1"),
            ("files", {"uniqueItems": True}, "/files: uniqueItems newly true"),
            ("files", {"multipleOf": 2}, "/files: multipleOf changed"),
            ("text", {"maxLength": None, "minLength": 0, "pattern": None}, None),
            ("files", {"maxItems": 6, "minItems": 0, "uniqueItems": False}, None),
        ):
            with self.subTest(keywords):
                found = of_schema(f"NewCase/properties/{name}", **keywords)
                self.assertEqual(found, [f"request schemas/NewCase{expected}"] if expected else [])
        for keywords, expected in (
            ({"minimum": 1}, ": minimum none -> 1"),
            ({"maximum": 9}, ": maximum 10 -> 9"),
            ({"maximum": 11}, None),
            ({"exclusiveMaximum": 5}, ": exclusiveMaximum none -> 5"),
        ):
            old = {"type": "integer", "maximum": 10}
            self.assertEqual(between("request", old, {**old, **keywords}), [expected] if expected else [])
            self.assertEqual(between("response", old, {**old, **keywords}), [])

    def test_formats(self):
        self.assertEqual(of_schema("Case/properties/opened", format="date-time"),
                         ["response schemas/Case/opened: format date -> date-time"])
        self.assertEqual(of_schema("Case/properties/opened", format=None), [])

    def test_types(self):
        self.assertEqual(of_schema("NewCase/properties/phone", type="string"),
                         ["request schemas/NewCase/phone: type null or string -> string"])
        self.assertEqual(of_schema("Case/properties/number", type=["string", "null"]),
                         ["response schemas/Case/number: type string -> null or string"])
        self.assertEqual(of_schema("NewCase/properties/text", type=["string", "null"]), [])
        self.assertEqual(between("request", {"type": "number"}, {"type": "integer"}), [": type number -> integer"])
        self.assertEqual(between("response", {"type": "number"}, {"type": "integer"}), [])
        self.assertEqual(between("request", {}, {"type": "string"}), [": type any -> string"])
        self.assertEqual(between("response", {"type": "string"}, {}), [": type string -> any"])

    def test_items(self):
        self.assertEqual(of_schema("NewCase/properties/files", items={"type": "integer"}),
                         ["request schemas/NewCase/files[]: type string -> integer"])


class Combinations(unittest.TestCase):
    OBJECT = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}

    def test_all_of_is_the_same_as_one(self):
        parts = {"allOf": [
            {"type": "object", "properties": {"a": {"type": "string"}}},
            {"required": ["a"], "properties": {"b": {"type": "string"}}},
        ]}
        for direction in ("request", "response"):
            self.assertEqual(between(direction, self.OBJECT, parts), [])
            self.assertEqual(between(direction, parts, self.OBJECT), [])

    def test_a_breach_within_all_of_is_seen(self):
        narrower = {"allOf": [self.OBJECT, {"properties": {"a": {"maxLength": 3}}, "required": ["b"]}]}
        self.assertEqual(between("request", self.OBJECT, narrower), ["/a: maxLength none -> 3", "/b: newly required"])

    def test_what_all_of_says_twice_holds_twice(self):
        tight = {"type": "string", "minLength": 3, "maxLength": 5, "pattern": "^a", "enum": ["abc", "abcd"]}
        loose = {"type": ["string", "null"], "minLength": 1, "maxLength": 9, "pattern": "^.b", "enum": ["abcd", "x"]}
        expected = [": type null or string -> string", ': enum value "x" gone', ": maxLength 9 -> 5",
                    ": minLength 1 -> 3"]
        for parts in ([tight, loose], [loose, tight]):
            found = between("request", loose, {"allOf": parts})
            self.assertEqual(found[:-1], expected)
            self.assertIn("^a", found[-1])
            self.assertIn("^.b", found[-1])

    def test_members_of_all_of_hold_twice(self):
        tight = {"required": ["a"], "properties": {"a": {"maxLength": 3}}, "items": {"maxLength": 3},
                 "additionalProperties": {"maxLength": 3}}
        loose = {"required": ["b"], "properties": {"a": {"type": "string"}}, "items": {"type": "string"},
                 "additionalProperties": {"type": "string"}}
        for parts in ([tight, loose], [loose, tight]):
            self.assertEqual(between("request", loose, {"allOf": parts}), [
                "/a: maxLength none -> 3", "/a: newly required", "/*: maxLength none -> 3", "[]: maxLength none -> 3"])

    def test_null_beside_a_schema(self):
        nullable = {"oneOf": [self.OBJECT, {"type": "null"}]}
        self.assertEqual(between("request", nullable, self.OBJECT), [": type null or object -> object"])
        self.assertEqual(between("response", self.OBJECT, nullable), [": type object -> null or object"])
        self.assertEqual(between("request", self.OBJECT, nullable), [])
        self.assertEqual(between("response", nullable, self.OBJECT), [])
        less = {"oneOf": [{"type": "null"}, {"type": "object", "properties": {"a": {"type": "string"}}}]}
        self.assertEqual(between("response", nullable, less), ["/a: may newly be absent", "/b: gone"])

    def test_one_of_constants_is_an_enum(self):
        constants = {"oneOf": [{"type": "string", "const": "x"}, {"type": "string", "enum": ["y"]}]}
        enum = {"type": "string", "enum": ["y", "x"]}
        self.assertEqual(between("request", constants, enum), [])
        self.assertEqual(between("request", enum, constants), [])
        self.assertEqual(between("request", enum, {"const": "x", "type": "string"}), [': enum value "y" gone'])

    @staticmethod
    def tagged(tag, **properties):
        return {"type": "object", "properties": {"kind": {"const": tag}, **properties}}

    def test_alternatives_are_told_apart_by_their_constants(self):
        text = {"type": "string"}
        old = {"oneOf": [self.tagged("x", a=text), self.tagged("y", b=text)]}
        turned = {"oneOf": [self.tagged("z"), self.tagged("y", b=text), self.tagged("x", a=text)]}
        fewer = {"oneOf": [self.tagged("y", b=text), self.tagged("z")]}
        less = {"oneOf": [self.tagged("x"), self.tagged("y", b=text)]}
        for direction in ("request", "response"):
            self.assertEqual(between(direction, old, turned), [])
            self.assertEqual(between(direction, old, fewer), [': alternative {"kind": "x"} gone'])
            self.assertEqual(between(direction, old, less), ['({"kind": "x"})/a: gone'])

    def test_alternatives_without_labels_go_to_what_accepts_them(self):
        old = {"oneOf": [{"type": "string", "maxLength": 3}, {"type": "integer"}]}
        self.assertEqual(between("request", old, {"anyOf": [{"type": "number"}, {"type": "string"}]}), [])
        self.assertEqual(between("request", old, {"anyOf": [{"type": "string", "maxLength": 2}, {"type": "integer"}]}),
                         [": alternative 1 gone"])

    def test_one_schema_may_become_several_that_fit(self):
        several = {"oneOf": [self.OBJECT, {**self.OBJECT, "required": ["a", "b"]}]}
        self.assertEqual(between("response", self.OBJECT, several), [])
        loose = {"oneOf": [self.OBJECT, {**self.OBJECT, "required": []}]}
        self.assertEqual(between("response", self.OBJECT, loose), ["/a: may newly be absent"])
        self.assertEqual(between("request", self.OBJECT, several), [])


class References(unittest.TestCase):
    def test_a_schema_may_move_into_a_component_or_out(self):
        def inline(document):
            document["components"]["schemas"]["NewCase"]["properties"]["topic"] = {
                "type": "string", "enum": ["login", "other"]}

        self.assertEqual(changes(inline), [])
        inlined = copy.deepcopy(BASE)
        inline(inlined)
        self.assertEqual(breaking.breaking_changes(inlined, BASE), [])

    def test_a_breach_behind_another_component_is_seen(self):
        def replace(document):
            document["components"]["schemas"]["NewTopic"] = {"type": "string", "enum": ["login"]}
            document["components"]["schemas"]["NewCase"]["properties"]["topic"] = ref("NewTopic")

        self.assertEqual(changes(replace), ['request schemas/NewCase/topic: enum value "other" gone'])

    def test_recursion_ends_under_another_name_too(self):
        def rename(document):
            schemas = document["components"]["schemas"]
            schemas["Renamed"] = json.loads(json.dumps(schemas["Case"]).replace("schemas/Case", "schemas/Renamed"))
            schemas["Renamed"]["properties"].pop("opened")
            operation(document)["responses"]["200"]["content"] = json_of(ref("Renamed"))

        self.assertEqual(changes(rename), ["GET /cases/{id} response 200 application/json/opened: gone"])

    def test_recursion_ends_within_alternatives(self):
        document = {"components": {"schemas": {"Tree": {"anyOf": [
            {"type": "object", "properties": {"child": ref("Tree")}},
            {"type": "array", "items": ref("Tree")},
        ]}}}, "paths": {"/tree": {"get": {"responses": {"200": {"content": json_of(ref("Tree"))}}}}}}
        self.assertEqual(changes(lambda same: None, document), [])

    def test_a_component_with_something_beside_it_is_not_that_component(self):
        for topic in ({"allOf": [ref("Topic"), {"enum": ["login"]}]}, {"allOf": [{"enum": ["login"]}, ref("Topic")]},
                      {**ref("Topic"), "enum": ["login"]}):
            properties = {**BASE["components"]["schemas"]["NewCase"]["properties"], "topic": topic}
            self.assertEqual(of_schema("NewCase", properties=properties),
                             ['request schemas/NewCase/topic: enum value "other" gone'])

    def test_a_component_of_alternatives_changes_once(self):
        content = json_of(ref("Union"))
        union = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
        base = {"components": {"schemas": {"Union": union}},
                "paths": {path: {"get": {"responses": {"200": {"content": content}}}} for path in ("/a", "/b")}}
        self.assertEqual(changes(lambda d: d["components"]["schemas"]["Union"]["oneOf"].pop(), base),
                         ["response schemas/Union: alternative 2 gone"])

    def test_what_cannot_be_followed_is_an_error(self):
        for schema in (ref("Missing"), {"$ref": "other.json#/a"}):
            with self.assertRaises(breaking.Unusable):
                between("request", schema, schema)
        circle = {"components": {"schemas": {"A": {"allOf": [ref("A")]}}}}
        with self.assertRaises(breaking.Unusable):
            breaking.Document(circle).alternatives(ref("A"))


class Accepted(unittest.TestCase):
    GONE = "/cases: path gone"

    def run_with(self, accepted, change=lambda document: document["paths"].pop("/cases")):
        document = copy.deepcopy(BASE)
        change(document)
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for name, content in (("baseline", BASE), ("openapi", document), ("breaking", accepted)):
                files.append(Path(folder, f"{name}.json"))
                files[-1].write_text(json.dumps(content), encoding="utf-8")
            return subprocess.run([sys.executable, SCRIPT, *files], capture_output=True, text=True, check=False)

    def test_a_breach_needs_an_entry(self):
        run = self.run_with([])
        self.assertEqual(run.returncode, 1)
        self.assertIn(json.dumps({"id": self.GONE, "reason": "..."}), run.stderr)
        self.assertEqual(self.run_with([{"id": self.GONE, "reason": "Nobody called it."}]).returncode, 0)

    def test_an_entry_needs_a_breach(self):
        run = self.run_with([{"id": self.GONE, "reason": "Nobody called it."}], lambda document: None)
        self.assertEqual(run.returncode, 1)
        self.assertIn(self.GONE, run.stderr)

    def test_entries_have_an_id_and_a_reason_once(self):
        entry = {"id": self.GONE, "reason": "Nobody called it."}
        for accepted in ([{"id": self.GONE}], [{**entry, "reason": "..."}], [{**entry, "by": "me"}], [entry, entry],
                         [self.GONE], {self.GONE: "Nobody called it."}):
            self.assertEqual(self.run_with(accepted).returncode, 2, accepted)


if __name__ == "__main__":
    unittest.main()
