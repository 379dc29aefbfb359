"""scripts/figures, on small checkouts."""

import json
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "figures"

RUN_OF_TEN = "".join(f"    call_{number}();\n" for number in range(10))


def figures(files):
    """What the script says of a checkout with these files, places included."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in {"api/src/lib.rs": "", **files}.items():
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        output = subprocess.run([SCRIPT, "--json", "--list", folder], check=True, capture_output=True, text=True)
    return json.loads(output.stdout)


def of_rust(text, **others):
    return figures({"api/src/a.rs": text, **others})["rust"]


class Lines(unittest.TestCase):
    def test_blank_lines_and_comments_are_no_code(self):
        text = '//! A file.\n\n/* one\n   /* nested */\n*/\nfn a() {} // why\nconst URL: &str = "http://x";\n'
        found = of_rust(text)
        self.assertEqual(found["code_lines"], 2)
        self.assertEqual(found["comment_share"], round(4 / 6, 3))

    def test_quotes_end_where_rust_ends_them(self):
        text = (
            "const A: char = '\"';\nfn a<'a>(b: &'a str) {}\n"
            "const B: &str = r#\"a \" // b\"#;\nconst C: &str = \"\\\"// no\";\n// comment\n"
        )
        found = of_rust(text)
        self.assertEqual(found["code_lines"], 4)
        self.assertEqual(found["functions"]["count"], 1)

    def test_tests_are_not_production(self):
        found = of_rust(
            "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b((c, d): (u8, u8)) { c.unwrap() }\n}\n",
            **{
                "api/src/b/tests.rs": "fn c() {}\n",
                "api/src/b.rs": "#[cfg(test)]\nmod planted;\n",
                "api/src/b/planted.rs": "fn d() {}\n",
                "tests/it/main.rs": "fn e() {}\n",
            },
        )
        self.assertEqual(found["code_lines"], 1)
        self.assertEqual(found["test_code_lines"], 4 + 1 + 2 + 1 + 1)
        self.assertEqual(found["functions"]["count"], 1)
        self.assertEqual(found["unwraps"], 0)
        self.assertEqual(found["tuple_parameters"], 0)

    def test_crates_below_api_are_counted(self):
        found = figures({"api/kernel/src/lib.rs": "fn a() {}\n", "api/kernel/build.rs": "fn b() {}\n"})
        self.assertEqual(found["rust"]["code_lines"], 1)

    def test_the_web_client_has_tests_beside_it_and_helpers(self):
        found = figures(
            {
                "frontend/src/a.ts": "// why\nconst a = 'http://x'\n",
                "frontend/src/A.vue": "<template>\n  <!-- two\n       lines -->\n  <p>don't</p>\n</template>\n",
                "frontend/src/a.test.ts": "it()\n",
                "frontend/src/test/mount.ts": "/** one\n * two */\nexport {}\n",
                "frontend/src/schema.gen.ts": "export {}\n",
            }
        )["web"]
        self.assertEqual((found["code_lines"], found["test_code_lines"]), (4, 2))


class Functions(unittest.TestCase):
    def test_tuple_patterns_are_found_in_any_layout(self):
        found = of_rust(
            "fn one((a, b): (A, B)) {}\n"
            "async fn two<F: Fn(A) -> B>(\n    &self,\n    f: F,\n    (a, (b, c)): (A, (B, C)),\n) -> [u8; 2] {}\n"
            "fn three(mut d: D, (e, f): (E, F), (g, h): (G, H)) {}\n"
        )
        self.assertEqual(found["tuple_parameters"], 4)
        self.assertEqual(found["functions_with_tuple_parameters"], 3)
        self.assertEqual(found["places"]["functions_with_tuple_parameters"][1], "api/src/a.rs:2 two")

    def test_other_patterns_are_not_tuples(self):
        found = of_rust(
            "fn one(SignedIn(session): SignedIn, Path((a, b)): Path<(A, B)>) {}\n"
            "fn two(pair: (A, B), work: impl Fn((A, B)) -> C) { call(|(a, b): (A, B)| a) }\n"
            "type Three = fn((A, B)) -> C;\n"
        )
        self.assertEqual(found["tuple_parameters"], 0)

    def test_parameters_are_counted_without_self(self):
        found = of_rust(
            "fn four(&'a mut self, a: A, b: B<C, D>, c: Map<fn(E, F) -> G, H>, d: [u8; 3]) {}\n"
            "fn five(a: A, b: B, c: C, d: D, e: E) {}\n"
        )
        self.assertEqual(found["places"]["more_than_four_parameters"], ["api/src/a.rs:2 five (5)"])

    def test_lengths_are_lines_and_only_bodies_have_one(self):
        found = of_rust("trait A {\n    fn a();\n}\nfn b() {}\n\n// why\nfn c()\nwhere\n    D: E,\n{\n\n    f();\n}\n")
        self.assertEqual(found["functions"], {"count": 2, "median": 1, "p95": 7, "max": 7})


class Counts(unittest.TestCase):
    def test_clones_nested_results_and_unwraps(self):
        found = of_rust(
            "fn a() -> Result<Result<A, B>, C> {\n"
            "    let _ = (Arc::clone(core), Arc::clone(&self.core), core.clone(), Arc::clone(&clock));\n"
            "    d.unwrap().expect(\"e\").unwrap_or(1).unwrap_or_default()\n"
            "}\n// Result<Result<A, B>, C> and x.unwrap()\n"
        )
        self.assertEqual(found["core_clones"], 3)
        self.assertEqual(found["nested_results"], 1)
        self.assertEqual(found["unwraps"], 2)
        self.assertEqual(found["unwraps_per_1000_lines"], 500.0)


class Duplicates(unittest.TestCase):
    def test_a_run_is_counted_once_as_long_as_it_goes(self):
        longer = RUN_OF_TEN + "    call_more();\n"
        found = of_rust(f"fn a() {{\n{longer}}}\n", **{"api/src/b.rs": f"use c::d;\nfn b() {{\n{longer}}}\n"})
        self.assertEqual(found["places"]["duplicate_runs"], ["api/src/a.rs:2 = api/src/b.rs:3 (11)"])

    def test_layout_and_comments_do_not_hide_one(self):
        apart = RUN_OF_TEN.replace("\n", "\n\n    // why\n  ")
        found = of_rust(f"fn a() {{\n{RUN_OF_TEN}}}\nfn b() {{\n{apart}}}\n")
        self.assertEqual(found["duplicate_runs"], 1)

    def test_a_run_does_not_overlap_itself(self):
        found = of_rust("fn a() {\n" + "    b();\n" * 15 + "}\n")
        self.assertEqual(found["duplicate_runs"], 0)

    def test_nine_lines_or_imports_are_none(self):
        nine = RUN_OF_TEN.replace("    call_4();\n", "")
        imports = "use a::{\n" + "".join(f"    b{n},\n" for n in range(12)) + "};\n"
        found = of_rust(f"{imports}fn a() {{\n{nine}}}\n", **{"api/src/b.rs": f"{imports}fn b() {{\n{nine}}}\n"})
        self.assertEqual(found["duplicate_runs"], 0)


if __name__ == "__main__":
    unittest.main()
