"""Tests of scripts/spec-coverage, on a small project made for each of them."""
import contextlib
import importlib.machinery
import importlib.util
import io
import os
import pathlib
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "spec-coverage")
loader = importlib.machinery.SourceFileLoader("spec_coverage", SCRIPT)
spec_coverage = importlib.util.module_from_spec(importlib.util.spec_from_loader("spec_coverage", loader))
loader.exec_module(spec_coverage)

MIVOICE = """# Catalogue
- **MV-SYS-01** [software] The server is software only.
- **MV-SYS-02** [software] A second one, which mentions MV-SYS-01.
- **MV-UNSUP-01** [hardware: out of scope] Old phones.
- **MV-ERR-01** A correction.
"""
ALLSTREAM = "| ID | Kind | Capability | Ref | Requirement |\n|---|---|---|---|---|\n| AL-101 | S | trunk | intro | A trunk. |\n"
INCONSISTENCIES = "| ID | Source | Where | Kind | What is wrong | Decision |\n|---|---|---|---|---|---|\n| X-01 | s | w | C | wrong | right |\n"
INDEX = "id,file,kind,capabilities,source_ref\nAL-101,allstream.md,S,trunk,intro\nTT-701,thinktel.md,N,terms,intro\n"


class SpecCoverageTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        for name, text in (("mivoice.md", MIVOICE), ("allstream.md", ALLSTREAM), ("operators-inconsistencies.md", INCONSISTENCIES),
                           ("operators-requirements.csv", INDEX), ("intercall.md", ""), ("openip.md", ""), ("thinktel.md", "")):
            self.write(f"docs/spec/{name}", text)

    def write(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as f:
            f.write(text)

    def run_it(self):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = spec_coverage.main(["--root", self.root])
        return code, out.getvalue().splitlines(), err.getvalue().splitlines()

    def page(self):
        return pathlib.Path(self.root, "docs/spec-coverage.md").read_text(encoding="utf-8")

    def test_without_tests_everything_that_is_software_is_not_yet_done(self):
        code, out, _ = self.run_it()
        self.assertEqual(code, 0)
        self.assertEqual(out[-1], "spec-coverage: 7 requirements: 0 proved, 0 partly, 5 not yet, 2 not software")

    def test_a_test_that_names_an_id_proves_it_and_is_shown_by_its_title(self):
        self.write("Tests/SIPTests/ServerTests.swift", '@Test("needs no card (MV-SYS-01)")\nfunc a() {}\n')
        _, out, _ = self.run_it()
        self.assertIn("1 proved, 0 partly, 4 not yet", out[-1])
        self.assertIn("| MV-SYS-01 | software | proved | The server is software only. | needs no card (MV-SYS-01) (Tests/SIPTests/ServerTests.swift) |", self.page())

    def test_partly_is_said_by_the_test_and_yields_to_a_whole_proof(self):
        self.write("e2e/test_one.py", "# partly: AL-101, X-01\ndef test_trunk():\n    pass\n")
        _, out, _ = self.run_it()
        self.assertIn("0 proved, 2 partly, 3 not yet", out[-1])
        self.assertIn("test_trunk (e2e/test_one.py) (partly)", self.page())
        self.write("e2e/test_two.py", "def test_whole():\n    '''AL-101'''\n")
        _, out, _ = self.run_it()
        self.assertIn("1 proved, 1 partly, 3 not yet", out[-1])

    def test_an_unknown_id_in_a_test_fails_with_its_place(self):
        self.write("Tests/SIPTests/ServerTests.swift", '\n@Test("what (MV-SYS-99)")\nfunc a() {}\n')
        code, _, err = self.run_it()
        self.assertEqual(code, 1)
        self.assertEqual(err, ["Tests/SIPTests/ServerTests.swift:2: MV-SYS-99 is not a requirement of docs/spec"])

    def test_what_only_looks_like_an_id_is_left_alone(self):
        self.write("Tests/SIPTests/ServerTests.swift", 'let header = "X-Custom-12: TX-100"; let model = "Z-AL-101-b"\n')
        code, out, err = self.run_it()
        self.assertEqual((code, err), (0, []))
        self.assertIn("0 proved", out[-1])

    def test_an_id_defined_twice_is_refused(self):
        self.write("docs/spec/mivoice.md", MIVOICE + "- **MV-SYS-01** [software] Again.\n")
        with self.assertRaises(SystemExit):
            self.run_it()

    def test_the_projects_own_catalogue_can_be_read(self):
        root = os.path.dirname(os.path.dirname(SCRIPT))
        found = spec_coverage.read_requirements(os.path.join(root, "docs", "spec"))
        self.assertGreater(len(found), 700)
        self.assertTrue(all(r.text for r in found.values()), [r.id for r in found.values() if not r.text][:5])


if __name__ == "__main__":
    unittest.main()
