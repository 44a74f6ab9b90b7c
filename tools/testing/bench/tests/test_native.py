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
                native.measure(Path(folder), Path(folder) / "out")
