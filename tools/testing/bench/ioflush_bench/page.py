# SPDX-License-Identifier: GPL-2.0
"""The report page: one file, with its figures and its style inside."""

from __future__ import annotations

from functools import partial
from html import escape
from pathlib import Path
from typing import Any, Callable, Iterator

from . import axes, bars, meta, native, pgtable, plots, scale, summary, table
from .results import Results

_INTRO = """
Two DMA stacks in one kernel image, chosen at boot: <b>ioflush</b> and
<b>mainline</b>'s own. Each is booted in QEMU behind an emulated IOMMU ({iommus}), in
<b>strict</b> mode (an unmap waits until the hardware has forgotten the
translation) and in <b>lazy</b> mode (invalidations are batched), ioflush in
<b>guarded</b> mode, too (batched for memory that a device could only read, which is held
meanwhile), and without
translation (<b>passthrough</b>), which is the ceiling. Every figure is the median
of {runs} run{s}, the stacks taking turns; whiskers and the columns <i>min-max</i>
span all runs. Ratios to passthrough are to mainline's, for both stacks.
"""

_LONG = {"iof/main": "ioflush / mainline", "main/pass": "mainline / passthrough",
         "iof/pass": "ioflush / passthrough", "rcu/ring": "RCU / ring"}

_ABOUT = {
    "network-guest": (
        "Network throughput, guest clock",
        "{tool} between two NICs of one guest, joined by a hub and kept apart by a "
        "network namespace; one vCPU, one nanosecond of guest time an instruction. "
        "UDP_STREAM counts 64-byte packets sent. The emulated devices cost no guest "
        "time, so this shows what the stacks' own code costs. An idle guest's clock "
        "ticks as fast as the host lets it poll; "
        "with virtio-net, whose packets QEMU forwards behind the guest's back, it is idle "
        "between a request and its response: read TCP_RR on e1000e only.",
        "make bench ARCH={arch} PARTS=netperf"),
    "network-wall": (
        "Network throughput, wall clock",
        "The same on two vCPUs in real time. Emulation speed varies with everything "
        "else the host does: smoke, not a verdict.",
        "make bench ARCH={arch} PARTS=netperf CLOCKS=wall"),
    "sync": (
        "Invalidations that take longer",
        "An emulator executes an invalidation while its doorbell is written, in none of the "
        "guest's time: above nobody ever waits for hardware, which takes something like a "
        "microsecond. Here each invalidation that is waited for takes so much longer than "
        "the emulator's, on both stacks: what a strict unmap then loses is what it loses to a "
        "wait. In ioflush the queue shows a sync as finished so long after its doorbell "
        "(ioflush.sync_ns); mainline's callers are held up by a probe at the end of the "
        "function in which they wait, whose own cost is measured and part of the time "
        "(ioflush_late). TCP_STREAM on {sync_nic}, {sync_reads} on {sync_disk}, and the "
        "instructions of one map plus "
        "unmap, in which the wait counts as such. Small buffers are copied by ioflush and not "
        "invalidated; up to which length it measures, so with a longer wait it is more. "
        "Passthrough invalidates nothing, and is measured once.",
        "make bench ARCH={arch} SYNC_NS='0 1000' PARTS='netperf micro storage' "
        "NICS={sync_nic} DISKS={sync_disk}"),
    "instructions": (
        "Instructions of one map plus unmap",
        "ioflush_maptime on QEMU's edu device, {loops} mappings in batches of 64, less "
        "the same loop around empty functions. Timer ticks and deferred flushes are "
        "in the figure. Beside kept pages: in lazy mode, after so many were mapped, each the "
        "first of 128 of which the others have gone again. Less is better.",
        "make bench ARCH={arch} PARTS=micro"),
    "pgtable": (
        "Instructions of an operation on a page table",
        "ioflush_pgbench, guest clock: {batches} batches of up to 64 operations each, less "
        "the same loop around empty functions. Our formats and those of mainline's library "
        "are measured in one boot, called as a driver calls them, with callbacks that do "
        "nothing; the domain is iommu_map() and iommu_unmap() on a domain that is "
        "attached to a device, invalidations and their waits included, in a boot of each "
        "stack. Where nothing stands beside a figure, this kernel has no such table. Bars: "
        "each at most mainline's, one 4 KiB map at most 0.8 of it, 256 at most half on "
        "the domain and Arm. A scan looks through 1 GiB of mappings that nobody wrote "
        "through, so that its figure is in ns per GiB. Less is better.",
        "make bench-pgtable ARCH={arch}"),
    "storage": (
        "Storage",
        "fio with io_uring, O_DIRECT on one disk that keeps nothing (QEMU's null block "
        "driver) and costs no guest time; one vCPU, one nanosecond of guest time an "
        "instruction. I/Os are those that the kernel has counted between two samples of a "
        "run. Instructions are all of that time, divided by the I/Os, but what a program "
        "with the lowest priority took of it: interrupts and the kernel's threads are in. "
        "At depth 1 the guest waits for QEMU's device, which is the host's time: read the "
        "instructions there.",
        "make bench ARCH={arch} PARTS=storage"),
    "traffic": (
        "What one unmap costs at the IOMMU",
        "Events in QEMU's trace during a TCP_STREAM, over the unmaps that the kernel's "
        "dma_unmap_page and dma_unmap_sg trace events count in the same time. Marks in "
        "the trace keep boot out and the last deferred flush in. An invalidation that is "
        "not leaf-only takes the tables that the IOMMU has cached, too. Of ioflush's lazy "
        "mode also: pages that invalidations covered over pages unmapped, the most bytes "
        "that waited for one drain, and how many table pages were gained or lost between "
        "the marks. Less is better.",
        "make bench ARCH={arch} PARTS=counts"),
    "window": (
        "From an unmap to its invalidation",
        "Lazy mode of ioflush, from its debugfs file after all network tests of a guest: "
        "the longest time ever, the bound that holds (ioflush.window_us), and within "
        "which time 99 % and 99.9 % of the entries were invalidated, by a histogram whose "
        "buckets double. Mainline has a timer of 10 ms and no such figures.",
        "make bench ARCH={arch} PARTS=netperf MODES=lazy STACKS=ioflush"),
    "engine": (
        "Lazy mode: the ring against RCU callbacks",
        "The same tests with ioflush.engine=rcu, in which callbacks of RCU invalidate, "
        "reclaim and free, with the window's timers behind them; the ring drains at a mark "
        "and by a timer. On {nic} only. Instructions, traffic and windows: less is better.",
        "make bench ARCH={arch} ENGINES='ring rcu' MODES=lazy STACKS=ioflush NICS={nic}"),
    "storm": (
        "One unmap of 1 GiB in blocks of 2 MiB",
        "Invalidation commands of the IOTLB in QEMU's trace during one iommu_unmap(), on a "
        "domain of its own (ioflush_pgbench). Aligned: under addresses that one entry for "
        "1 GiB could have mapped, so that a table is unlinked; blocks: half a GiB further "
        "up. Less is better.",
        "make bench ARCH={arch} PARTS=storm"),
    "benchmark": (
        "The kernel's dma_map_benchmark",
        "One thread, 4 KiB, guest clock. It rounds each sample down to 100 ns, which "
        "is coarse beside the instructions above. Less is better.",
        "make bench ARCH={arch} PARTS=micro"),
}


#: The newest drawing of each kind, and the figures in it: a page that is written again
#: after every guest has most of them already.
_drawn: dict[tuple[str, ...], tuple[object, str | None]] = {}


def _once(name: tuple[str, ...], figures: object, draw: Callable[[], str | None]) -> str | None:
    if name not in _drawn or _drawn[name][0] != figures:
        _drawn[name] = (figures, draw())
    return _drawn[name][1]


def _figures(results: Results, wanted: Callable[[str], bool]) -> list[tuple[Any, ...]]:
    """All that the drawing of some sections can depend on."""
    return [(result.cell, result.failure, *result.samples) for result in results
            if wanted(table.section(result.cell))]


def _plot(name: str) -> Callable[[Results, dict[str, Any]], str | None] | None:
    """What draws a section, if anything does."""
    if name.startswith("network-"):
        return partial(plots.network, clock=name.partition("-")[2])
    return {"instructions": plots.instructions, "traffic": plots.traffic,
            "benchmark": plots.benchmark}.get(name)


def _drawing(name: str, info: dict[str, Any], results: Results) -> str | None:
    plot = _plot(name)
    return plot and _once((info["arch"], name),
                          _figures(results, lambda found: found == name),
                          lambda: plot(results, info))


def _overview(results: Results, info: dict[str, Any]) -> str | None:
    """The streams of all architectures in one drawing."""
    return _once(("netperf",), _figures(results, lambda found: found == "network-guest"),
                 lambda: plots.overview(results, info))


def _rows(rows: list[table.Row]) -> Iterator[str]:
    subject = None
    for row in rows:
        classes = ["new"] if subject not in (None, row.subject) else []
        subject = row.subject
        cells = "".join(f"<td class={_column(column)}>{escape(word)}</td>"
                        for column, word in enumerate(row.words))
        yield f'<tr class="{" ".join(classes)}">{cells}</tr>'
        for result in row.failed:
            yield (f"<tr class=bad><td colspan={len(row.words)}>failed: "
                   f"{escape(table.failure_text(result))}</td></tr>")


def _column(column: int) -> str:
    """How a column of the table looks: words, a median, its span, or a ratio."""
    if column < table.LEFT:
        return "w"
    if column >= table.LEFT + 4:
        return "n"
    return "n" if (column - table.LEFT) % 2 == 0 else "span"


def _table(name: str, rows: list[table.Row]) -> str:
    heads = table.headings(name)
    head = "".join(f"<th class={_column(column)}>{escape(_LONG.get(word, word))}</th>"
                   for column, word in enumerate(heads))
    body = "\n".join(_rows(rows))
    return (f"<div class=wide><table class=pairs><thead><tr>{head}</tr></thead>"
            f"<tbody>\n{body}\n</tbody></table></div>")


def _pgtable_part(results: Results, part: dict[str, str]) -> str:
    """One grid of operations by formats."""
    over = "".join(f"<th colspan={len(pgtable.COLUMNS)}>{escape(title)}</th>"
                   for title in part.values())
    head = "".join(f"<th class=n>{word}</th>" for word in pgtable.COLUMNS * len(part))
    body = []
    for name, *groups in pgtable.rows(results, part):
        cells = "".join(f"<td class={'over' if words[-1].startswith('MISSED') else 'n'}>"
                        f"{escape(word)}</td>" for words in groups for word in words)
        body.append(f"<tr><td class=w>{escape(name[0])}</td>{cells}</tr>")
    return (f"<div class=wide><table class=grid><thead><tr><th></th>{over}</tr>"
            f"<tr><th>operation</th>{head}</tr></thead><tbody>\n" + "\n".join(body)
            + "\n</tbody></table></div>")


def _native_part(info: dict[str, Any]) -> str:
    """What the user-space harness measured, if it did."""
    if not info.get("native"):
        return ""
    headings, rows = native.table(info["native"])
    head = "".join(f"<th class=n>{escape(word)}</th>" for word in headings)
    body = "\n".join("<tr>" + "".join(f"<td class={'n' if column else 'w'}>{escape(word)}</td>"
                                      for column, word in enumerate(row)) + "</tr>"
                     for row in rows)
    return (f"<h2 id=native>{escape(table.NATIVE_TITLE)}</h2>"
            f"<div class=wide><table class=grid><thead><tr>{head}</tr></thead>"
            f"<tbody>\n{body}\n</tbody></table></div>")


def _scale_part(info: dict[str, Any]) -> str:
    """What the simulator measured, if it did."""
    return scale.section(info["scale"]) if info.get("scale") else ""


def _pgtable_section(info: dict[str, Any], results: Results) -> str:
    """This one has no drawing, and a table of its own."""
    title, about, command = _ABOUT["pgtable"]
    parts = "\n".join(_pgtable_part(results, part) for part in pgtable.PARTS)
    failed = "".join(f"<p>{escape(line)}</p>" for line in table.failure_lines(results)
                     if "pgtable_" in line)
    return (f"<h3 id={info['arch']}-pgtable>{escape(title)}</h3>\n"
            f"<p>{escape(about.format(**info))}</p>\n"
            f"{parts}\n{failed}<p>The empty loop, subtracted from all but the scans: "
            f"{escape(pgtable.loop(results))}. Made by "
            f"<code>{escape(command.format(**info))}</code>.</p>")


def _section(name: str, rows: list[table.Row], info: dict[str, Any], results: Results) -> str:
    if name == "pgtable":
        return _pgtable_section(info, results)
    title, about, command = (text.format(nic=axes.ENGINE_NIC, sync_nic=axes.SYNC_NIC,
                                         sync_disk=axes.SYNC_DISK, sync_reads=axes.SYNC_READS,
                                         **info)
                             for text in _ABOUT[name])
    drawing = _drawing(name, info, results)
    caption = f"Made by <code>{escape(command)}</code>"
    if drawing:
        figure = f"<figure>{plots.inline(drawing)}<figcaption>{caption}</figcaption></figure>"
    else:
        figure = f"<p class=made>{caption}</p>"
    return (f"<h3 id={info['arch']}-{name}>{escape(title)}</h3>\n"
            f"<p>{escape(about)}</p>\n{figure}\n{_table(name, rows)}")


def _bars(results: Results) -> str:
    """What has to be reached, if any of it was measured."""
    found = bars.measured(results)
    if not found:
        return ""
    head = "".join(f"<th class={'n' if column == 1 else 'w'}>{word}</th>"
                   for column, word in enumerate(bars.HEADINGS))
    body = []
    for bar in found:
        what, value, limit, verdict = (escape(word) for word in bar.words)
        kind = "over" if bar.verdict == "MISSED" else "good"
        body.append(f"<tr><td class=w>{what}</td><td class=n>{value}</td>"
                    f"<td class=w>{limit}</td><td class={kind}>{verdict}</td></tr>")
    return (f"<h3>{escape(table.BARS_TITLE)}</h3>"
            f"<div class='wide fit'><table class=bars><thead><tr>{head}</tr></thead>"
            "<tbody>\n" + "\n".join(body) + "\n</tbody></table></div>")


def _list(rows: dict[str, str]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(key)}</dt><dd>{escape(str(value))}</dd>"
                            for key, value in rows.items()) + "</dl>"


def _facts(info: dict[str, Any]) -> str:
    return _list({
        "network tool": f"{info['tool']}, {info['duration_s']} s a test",
        "commit": info["commit"],
        "date": info["date"],
        "host": info["host"],
    })


def _unfinished(info: dict[str, Any]) -> str:
    """That this is not all yet, if it is not."""
    done, planned = info["guests"]["done"], info["guests"]["planned"]
    if done == planned:
        return ""
    return (f"<div class=unfinished><b>Not finished:</b> {done} of {planned} guests are done. "
            f"Bars are judged when their cells are there. <code>{escape(info['command'])}</code> "
            "goes on with the others.</div>")


def _name(arch: str) -> str:
    """How an architecture is headed."""
    return f"{axes.IOMMU_TITLES[axes.IOMMU_OF[arch]]}, {arch}"


def _say(results: Results) -> str:
    """What the figures say, one box an architecture."""
    said = []
    for arch in results.arches:
        items = "".join(f"<li>{escape(text)}</li>"
                        for text in summary.sentences(results.of_arch(arch)))
        said.append(f"<div class=say><b>{escape(_name(arch))}</b><ul>{items}</ul></div>")
    return "\n".join(said)


def _arch(info: dict[str, Any], results: Results) -> str:
    """All of one architecture."""
    groups = table.sections(results)
    facts = _list({"kernel": f"Linux {info['kernel']}", "QEMU": info["qemu"],
                   "image (sha256)": info["image"]})
    links = " · ".join(f"<a href='#{info['arch']}-{name}'>{escape(_ABOUT[name][0])}</a>"
                       for name in groups)
    sections = "\n".join(_section(name, groups[name], info, results) for name in groups)
    return (f"<h2 id={info['arch']}>{escape(_name(info['arch']))}</h2>\n{facts}"
            f"<p class=made>{links}</p>\n{_bars(results)}\n{sections}")


def _reproduce(info: dict[str, Any]) -> str:
    arch = list(info["arches"])[0]
    return (
        "<h2 id=reproduce>How to reproduce</h2>"
        f"<p>At commit <code>{escape(info['commit'])}</code>: this page, one cell of it, and "
        "everything that there is:</p>"
        f"<pre>{escape(info['command'])} AGAIN=1\n"
        f"make bench AGAIN=1 ARCH={arch} PARTS=netperf NICS=virtio-net MODES=strict "
        f"RUNS={info['runs']} DURATION={info['duration_s']}\n"
        "make bench AGAIN=1 FULL=1</pre>"
        "<p>Without <code>AGAIN=1</code> a guest that is done is not booted again, as long as "
        "kernel, guest, QEMU and parameters are the same.</p>"
        "<p>Each guest's folder in <code>out/bench/</code> keeps what it was: "
        "<code>qemu.cmd</code> (the QEMU command), <code>report</code> (what the guest "
        "wrote), <code>console.log</code>, and <code>outcome.json</code> (the figures and "
        "raw counts). The numbers behind this page are in <code>results.json</code> beside "
        "it.</p>")


def html(info: dict[str, Any], results: Results) -> str:
    """The page as text."""
    css = (Path(__file__).parent / "page.css").read_text()
    arches = "\n".join(_arch(meta.of_arch(info, arch), results.of_arch(arch))
                       for arch in results.arches)
    intro = _INTRO.format(
        runs=info["runs"], s="" if info["runs"] == 1 else "s",
        iommus=" and ".join(f"{axes.IOMMU_TITLES[axes.IOMMU_OF[arch]]} on {arch}"
                            for arch in results.arches))
    kernels = " · ".join(dict.fromkeys(f"Linux {each['kernel']}"
                                       for each in info["arches"].values()))
    return f"""<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta name=viewport content="width=device-width, initial-scale=1">
<title>ioflush beside mainline: {escape(info['date'])}</title>
<style>{css}</style>
<main>
<h1>IOMMU protection: ioflush beside mainline</h1>
<p class=lead>{escape(kernels)} · commit {escape(info['commit'])} · {escape(info['date'])}</p>
{_unfinished(info)}
{_say(results)}
<p>{intro}</p>
{_facts(info)}
{arches}
{_native_part(info)}
{_scale_part(info)}
{_reproduce(info)}
</main>
</html>
"""


def _replace(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(text)
    partial.replace(path)


def write(folder: Path, info: dict[str, Any], results: Results) -> None:
    """Writes the page, and each of its figures as a file of its own."""
    for arch in results.arches:
        part = results.of_arch(arch)
        for name in table.sections(part):
            drawing = _drawing(name, meta.of_arch(info, arch), part)
            if drawing:
                _replace(folder / f"{arch}-{name}.svg", drawing)
    if info.get("scale"):
        _replace(folder / "scale.svg", scale.drawing(info["scale"]))
    everything = _overview(results, info)
    if everything:
        _replace(folder / "netperf.svg", everything)
    _replace(folder / "index.html", html(info, results))
