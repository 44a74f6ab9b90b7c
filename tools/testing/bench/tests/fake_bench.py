#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The bench as it is, but for guests that are a script and a page without drawings.

usage: fake_bench.py RUN-GUEST [OPTION]...
"""

import sys
import types
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

sys.dont_write_bytecode = True
BENCH = Path(__file__).resolve().parent.parent / "bench"


def main() -> int:
    """Returns the bench's exit status."""
    loader = SourceFileLoader("bench", str(BENCH))
    bench = module_from_spec(spec_from_loader("bench", loader))
    # Half of the time that a bench without guests takes is matplotlib's.
    plots = types.ModuleType("ioflush_bench.plots")
    for name in ("network", "instructions", "traffic", "benchmark", "overview"):
        setattr(plots, name, lambda *_unused, **_named: None)
    sys.modules["ioflush_bench.plots"] = plots
    loader.exec_module(bench)
    bench.guest.RUN_GUEST = Path(sys.argv.pop(1))
    return bench.main()


if __name__ == "__main__":
    sys.exit(main())
