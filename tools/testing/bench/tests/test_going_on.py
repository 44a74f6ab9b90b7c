# SPDX-License-Identifier: GPL-2.0
"""A bench that is interrupted, started again, or finds another kernel: as a user has it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from html.parser import HTMLParser
from pathlib import Path
from unittest import mock

from ioflush_bench import axes, config, guest, matrix, meta, page, report, runs, table
from ioflush_bench.progress import Progress

from .fixtures import META, figure, runner, wanted

HERE = Path(__file__).resolve().parent

#: Notes that it was booted; waits to be killed if it is the guest of the number in
#: `hold`; fails if its name is in `broken`; else reports as a guest does.
RUN_GUEST = """#!/bin/sh
here=${0%/*}
while [ $# -gt 1 ]; do
	case $1 in
	--stack) stack=$2 ;;
	--iommu) iommu=$2 ;;
	--mode) mode=$2 ;;
	--job) job=${2##*/} ;;
	--out) out=$2 ;;
	esac
	shift
done
echo "${out##*/}" >>"$here/booted"
[ "$(wc -l <"$here/booted")" != "$(cat "$here/hold")" ] || exec sleep 600
! grep -qx "${out##*/}" "$here/broken" || { echo "it broke" >"$out/status"; exit 1; }
case $iommu-$stack in
virtio-ioflush) unit=ioflush/vtiommu-0 ;;
virtio-mainline) unit=mainline/0000:00:01.0 ;;
*-ioflush) unit=ioflush/dmar0 ;;
*-mainline) unit=mainline/dmar0 ;;
esac
case $mode in strict) type=DMA ;; lazy) type=DMA-FQ ;; passthrough) type=identity ;; esac
{
	printf '%s\\n' "iommu $unit" "domain $type" "engine ring"
	case $job in
	netperf)
		echo "tool Netperf version 2"
		echo "netperf TCP_STREAM THROUGHPUT=900 THROUGHPUT_UNITS=10^6bits/s" ;;
	micro)
		for shape in 64 256 256_from 1500_from 4k 64k sg16; do
			for step in pair map unmap; do echo "maptime ${step}_$shape 700"; done
		done
		echo "map_benchmark average map latency(us):1.0 standard deviation:0"
		echo "map_benchmark average unmap latency(us):1.0 standard deviation:0" ;;
	esac
	echo "end 0"
} >"$out/report"
"""

#: Four guests: netperf and micro, in strict mode, of both stacks.
ASKED = {"QUICK": "1", "TESTS": "TCP_STREAM", "MODES": "strict", "JOBS": "1"}


class GoingOnTest(unittest.TestCase):
    """The whole program, with guests that take no time."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.here = Path(scratch.name)
        self.out = self.here / "out"
        for name, text in (("run-guest", RUN_GUEST), ("hold", "0"), ("broken", ""),
                           ("bin/qemu-system-x86_64", "#!/bin/sh\necho QEMU 7.2\n"),
                           ("out/x86_64/build/" + meta.IMAGES["x86_64"], "a kernel"),
                           ("out/x86_64/guest/initramfs.gz", "a guest")):
            path = self.here / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)

    def start(self, **env):
        """A bench on its way; `booted` begins anew."""
        (self.here / "booted").write_text("")
        clean = {name: value for name, value in os.environ.items()
                 if name not in (*config.VARIABLES, "AGAIN", "JOBS")}
        return subprocess.Popen(
            [sys.executable, str(HERE / "fake_bench.py"), str(self.here / "run-guest"),
             "--no-build"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**clean, "IOFLUSH_OUT": str(self.out), **ASKED, **env,
                 "PATH": f"{self.here}/bin:{os.environ['PATH']}"})

    def run_bench(self, status=0, **env):
        """A bench to its end; returns what it said, and which guests it booted."""
        bench = self.start(**env)
        said, wrong = bench.communicate(timeout=120)
        self.assertEqual(bench.returncode, status, said + wrong)
        return said + wrong, (self.here / "booted").read_text().split()

    def document(self):
        """results.json, or nothing while there is none."""
        try:
            return json.loads((self.out / "report/results.json").read_text())
        except FileNotFoundError:
            return None

    def interrupted(self, done, number):
        """A bench that is interrupted when its report has so many guests, and what it said."""
        (self.here / "hold").write_text(str(done[1]))
        bench = self.start()
        until = time.monotonic() + 120
        while (self.document() or {"meta": {"guests": {"done": 0}}}
               )["meta"]["guests"]["done"] != done[0] or not self.held(done[1]):
            self.assertIsNone(bench.poll(), "it ended by itself")
            self.assertLess(time.monotonic(), until, "the guest's report never came")
            time.sleep(0.02)
        bench.send_signal(number)
        _, wrong = bench.communicate(timeout=60)
        (self.here / "hold").write_text("0")
        self.assertEqual(bench.returncode, 130, wrong)
        return wrong

    def held(self, number):
        return len((self.here / "booted").read_text().split()) == number

    def check_report(self, done):
        """JSON and page are whole, agree, and say how much there is."""
        document = self.document()
        text = (self.out / "report/index.html").read_text()
        HTMLParser().feed(text)
        self.assertTrue(text.rstrip().endswith("</html>"))
        self.assertEqual(document["meta"]["guests"], {"done": done, "planned": 8})
        self.assertEqual(f"{done} of 8 guests are done" in text, done < 8)
        self.assertEqual(bool(document["pending"]), done < 8)
        cells = [(entry["stack"], entry["test"]) for entry in document["results"]
                 if entry["metric"] in ("throughput", "instructions")
                 and entry["test"] in ("TCP_STREAM", "map_unmap_4k")]
        self.assertEqual(cells, [("ioflush", "TCP_STREAM"), ("mainline", "TCP_STREAM"),
                                 *3 * [("ioflush", "map_unmap_4k"),
                                       ("mainline", "map_unmap_4k")]][:done])
        self.assertEqual(list((self.out / "report").glob("*.partial")), [])

    def test_interrupted_twice(self):
        said = self.interrupted((1, 2), signal.SIGINT)
        self.assertIn("1 of 8 guests are done", said)
        self.assertIn("`make bench QUICK=1 MODES=strict TESTS=TCP_STREAM` goes on with the "
                      "other 7", said)
        self.check_report(1)
        said = self.interrupted((3, 3), signal.SIGTERM)  # the third that this one boots
        self.assertIn("3 of 8 guests are done", said)
        self.check_report(3)
        said, booted = self.run_bench()
        self.assertEqual(booted, ["x86_64-micro-mainline-strict-guest-run1",
                                  "x86_64-micro-vtd-ir-off-ioflush-strict-guest-run1",
                                  "x86_64-micro-vtd-ir-off-mainline-strict-guest-run1",
                                  "x86_64-micro-virtio-x86-ioflush-strict-guest-run1",
                                  "x86_64-micro-virtio-x86-mainline-strict-guest-run1"])
        self.assertIn("3 of 8 guests were done before", said)
        self.check_report(8)
        said, booted = self.run_bench()
        self.assertEqual(booted, [])
        self.assertIn("iof/main", said)
        self.check_report(8)

    def test_what_has_changed_is_measured_again(self):
        _, all_of_them = self.run_bench()
        self.assertEqual(len(all_of_them), 8)
        self.assertEqual(self.run_bench(AGAIN="1")[1], all_of_them)
        for name in ("out/x86_64/build/" + meta.IMAGES["x86_64"],
                     "out/x86_64/guest/initramfs.gz", "bin/qemu-system-x86_64", "run-guest"):
            with self.subTest(name):
                path = self.here / name
                path.write_text(path.read_text() + "\n# changed\n")
                if name.startswith("bin"):
                    path.write_text("#!/bin/sh\necho QEMU 8\n")
                self.assertEqual(self.run_bench()[1], all_of_them)
                self.assertEqual(self.run_bench()[1], [])

    def test_what_failed_is_measured_again(self):
        broken = "x86_64-netperf-virtio-net-mainline-strict-guest-run1"
        (self.here / "broken").write_text(broken)
        said, booted = self.run_bench(status=1)
        self.assertEqual(len(booted), 8)
        self.assertIn("it broke", said)
        self.assertIn("tries them again", said)
        (self.here / "broken").write_text("")
        self.assertEqual(self.run_bench()[1], [broken])
        self.check_report(8)


class PublishTest(unittest.TestCase):
    """A report of whatever is there so far."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def outcome(self, boot, tests=axes.TESTS):
        made = guest.Outcome(folder="out/bench/" + boot.slug)
        for cell in boot.cells(tests):
            made.figures[guest.figure_name(cell.test, cell.metric)] = figure(boot)
        return made

    def report(self, boots):
        return report.Report(self.folder, dict(META), boots, axes.TESTS,
                             mock.create_autospec(Progress, instance=True, elapsed_s=1))

    def test_after_each_guest(self):
        boots = matrix.plan(wanted(RUNS="1"))
        made, outcomes = self.report(boots), {}
        with mock.patch.object(page, "_drawing", return_value=None), \
                mock.patch.object(page, "_overview", return_value=None):
            for count, boot in enumerate(boots, 1):
                outcomes[boot] = self.outcome(boot)
                made.publish(outcomes)
                text = (self.folder / "index.html").read_text()
                self.assertEqual(f"{count} of {len(boots)} guests" in text, count < len(boots))
                table.text(made.info, made.results)

    def test_drawings_of_a_part(self):
        boots = matrix.plan(config.from_environment({}))
        made = self.report(boots)
        outcomes = {boot: self.outcome(boot) for boot in boots[:11]}
        made.publish(outcomes)
        drawn = {path.name: path.read_text() for path in self.folder.glob("*.svg")}
        self.assertEqual(set(drawn), {"x86_64-network-guest.svg", "x86_64-instructions.svg",
                                      "x86_64-benchmark.svg", "netperf.svg"})
        # Of the other NIC there is no passthrough yet: an empty panel says nothing.
        for boot in boots[11:13]:
            outcomes[boot] = self.outcome(boot)
        made.publish(outcomes)
        self.assertNotIn("e1000e", (self.folder / "netperf.svg").read_text())
        for boot in boots[11:13]:
            del outcomes[boot]
        # A further guest: what it adds to is drawn anew, the rest is not.
        with mock.patch.object(page.plots, "instructions") as again:
            for boot in boots[11:18]:
                outcomes[boot] = self.outcome(boot)
            made.publish(outcomes)
            again.assert_not_called()
        self.assertIn("e1000e", (self.folder / "netperf.svg").read_text())
        self.assertEqual((self.folder / "x86_64-instructions.svg").read_text(),
                         drawn["x86_64-instructions.svg"])

    def test_the_first_comparison_is_said_once(self):
        boots = matrix.plan(config.from_environment({}))
        made, outcomes = self.report(boots), {}
        said = made._progress.say  # pylint: disable=protected-access
        with mock.patch.object(made, "write"):
            for count, boot in enumerate(boots, 1):
                outcomes[boot] = self.outcome(boot)
                made.publish(outcomes)
                self.assertEqual(said.called, count >= 8)
        text = "\n".join(call.args[0] for call in said.call_args_list)
        self.assertEqual(text.count("One map plus unmap of 4 KiB in lazy mode"), 1)
        self.assertEqual(text.count("Streams in strict mode"), 1)

    def test_bars_wait_for_their_cells(self):
        boots = matrix.plan(config.from_environment({"PARTS": "counts"}))
        made, judged = self.report(boots), []
        outcomes = {}
        with mock.patch.object(page, "write"):
            for boot in boots:
                outcomes[boot] = self.outcome(boot)
                made.publish(outcomes)
                document = json.loads((self.folder / "results.json").read_text())
                judged.append([bar["what"] for bar in document["bars"]])
        # Lazy mode of ours on the first NIC is the third guest, on the other the seventh.
        self.assertEqual([len(bars) for bars in judged], [0] * 6 + [5] * 2)

    def test_an_interrupt_in_a_report_ends_the_guests(self):
        asked = wanted(RUNS="1", PARTS="micro")
        boots = matrix.plan(asked)
        one = runner(asked)
        publish = mock.Mock(side_effect=[None, KeyboardInterrupt])
        with mock.patch.object(one, "measure", side_effect=self.outcome), \
                mock.patch.object(one, "reuse", return_value=None):
            try:
                runs.run_all(boots, one, mock.create_autospec(Progress, instance=True), publish)
            except KeyboardInterrupt:  # before anything else is done about it
                self.assertTrue(one.stopped)
        self.assertEqual(publish.call_count, 2)
