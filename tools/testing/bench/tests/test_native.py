# SPDX-License-Identifier: GPL-2.0
"""What the user-space harness's bench writes, as a table."""

import tempfile
import unittest
from pathlib import Path

from ioflush_bench import native, page, table

from .fixtures import META
from .test_pgtable import measured

ENTRIES = [
    {"format": "vtdss-4", "threads": 1, "case": "256 pages", "map_ns": 85.1, "unmap_ns": 70.0},
    {"format": "vtdss-4", "threads": 1, "case": "scan pages", "ns_per_gib": 185126.0},
    {"format": "vtdss-4", "threads": 2, "case": "256 pages", "map_ns": 88.0, "unmap_ns": 72.4},
    {"format": "arm-s1-4k", "threads": 1, "case": "lookup", "lookup_ns": 6.4},
]


class NativeTest(unittest.TestCase):
    """Rows by format and threads; what was not measured is a dash."""

    def test_table(self):
        headings, rows = native.table(ENTRIES)
        self.assertEqual(headings, ("format", "threads", "256 pages", "scan pages", "lookup"))
        self.assertEqual(rows, [("arm-s1-4k", "1", "-", "-", "6"),
                                ("vtdss-4", "1", "85 / 70", "185,126", "-"),
                                ("vtdss-4", "2", "88 / 72", "-", "-")])

    def test_shown(self):
        text = table.text({**META, "native": ENTRIES}, measured())
        self.assertIn("185,126", text)
        self.assertIn("<td class=n>185,126</td>", page.html({**META, "native": ENTRIES},
                                                            measured()))
        self.assertNotIn("ns, map / unmap", table.text(META, measured()))

    def test_a_harness_that_does_not_build(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(native.NativeError):
                native.measure(Path(folder), Path(folder) / "out", False)

    def test_a_program_is_measured_once(self):
        with tempfile.TemporaryDirectory() as folder:
            top, out = Path(folder), Path(folder) / "out"
            user = top / "tools/testing/user"
            user.mkdir(parents=True)
            (user / "source").write_text('#!/bin/sh\necho x >>"$0.runs"\n'
                                         'echo "[1]" >"${1#--json=}"\n')
            (user / "Makefile").write_text(
                "bench:\n\tmkdir -p $(O)/bench; cp source $(O)/bench/bench; "
                "chmod 755 $(O)/bench/bench\n")
            runs = out / "user/bench/bench.runs"
            for again, change, count in ((False, "", 1), (False, "", 1), (True, "", 2),
                                         (False, "# other\n", 3), (False, "", 3)):
                with open(user / "source", "a", encoding="ascii") as source:
                    source.write(change)
                self.assertEqual(native.measure(top, out, again), [1])
                self.assertEqual(runs.read_text().count("x"), count)
