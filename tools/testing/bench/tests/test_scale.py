# SPDX-License-Identifier: GPL-2.0
"""What the simulator writes, as a part of the report."""

import unittest

from ioflush_bench import page, scale, table

from .fixtures import META
from .test_pgtable import measured

TSV = ("# stack\tcpus\tsync\tunmaps_per_s\tcost_ns\tmean_ns\tp50_ns\tp999_ns\tmax_ns\t"
       "exposed_us\tcommands\tsyncs\tdoorbells\tmoves\n"
       + "".join(f"{stack}  \t{cpus}\t1000\t{cpus}5000\t1517.4\t1418.1\t1433\t1433\t1433\t1.7\t"
                 "1.0\t0.5\t1.0\t1.5\n"
                 for stack in ("strict", "smmuv3", "lazy", "fq-vtd") for cpus in (1, 96)))
FOUND = {"rows": scale.parse(TSV), "bars": ["ok - scale: a bar", "not ok - scale: another"]}


class ScaleTest(unittest.TestCase):
    """Rows, the drawing and the verdicts."""

    def test_rows(self):
        self.assertEqual(scale.words(FOUND)[1],
                         ("strict", "96", "965,000", "1,517", "1,433", "1,433", "2", "0.500",
                          "1.500"))

    def test_no_table(self):
        for text in ("", TSV.splitlines()[0], TSV + "strict\t1\n"):
            with self.assertRaises(scale.ScaleError):
                scale.parse(text)

    def test_shown(self):
        info = {**META, "scale": FOUND}
        html = page.html(info, measured())
        for text in (html, table.text(info, measured())):
            self.assertIn("965,000", text)
            self.assertIn("not ok - scale: another", text)
        self.assertIn("<svg", html[html.index("id=scale"):])
        self.assertNotIn("id=scale", page.html(META, measured()))
