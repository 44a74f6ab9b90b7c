# SPDX-License-Identifier: GPL-2.0
"""The report page: one file, with its figures and its style inside."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any, Iterator

from . import native, pgtable, plots, summary, table
from .results import Results

_INTRO = """
Two DMA stacks in one kernel image, chosen at boot: <b>ioflush</b> and
<b>mainline</b>'s own. Each is booted in QEMU behind an emulated IOMMU, in
<b>strict</b> mode (an unmap waits until the hardware has forgotten the
translation) and in <b>lazy</b> mode (invalidations are batched), and without
translation (<b>passthrough</b>), which is the ceiling. Every figure is the median
of {runs} run{s}, the stacks taking turns; whiskers and the columns <i>min-max</i>
span all runs. Ratios to passthrough are to mainline's, for both stacks.
"""

_RATIOS = ("ioflush / mainline", "mainline / passthrough", "ioflush / passthrough")

_ABOUT = {
    "network-guest": (
        "Network throughput, guest clock",
        "{tool} between two NICs of one guest, joined by a hub and kept apart by a "
        "network namespace; one vCPU, one nanosecond of guest time an instruction. "
        "UDP_STREAM counts 64-byte packets sent. The emulated devices cost no guest "
        "time, so this shows what the stacks' own code costs. An idle guest's clock "
        "jumps to its next timer; with virtio-net, whose packets QEMU forwards behind "
        "the guest's back, that happens between a request and its response: read "
        "TCP_RR on e1000e only.",
        "make bench PARTS=netperf CLOCKS=guest"),
    "network-wall": (
        "Network throughput, wall clock",
        "The same on two vCPUs in real time. Emulation speed varies with everything "
        "else the host does: smoke, not a verdict.",
        "make bench PARTS=netperf CLOCKS=wall"),
    "instructions": (
        "Instructions of one map plus unmap",
        "ioflush_maptime on QEMU's edu device, {loops} mappings in batches of 64, less "
        "the same loop around empty functions. Timer ticks and deferred flushes are "
        "in the figure. Less is better.",
        "make bench PARTS=micro"),
    "pgtable": (
        "Instructions of an operation on a page table",
        "ioflush_pgbench, guest clock: {batches} batches of up to 64 operations each, less "
        "the same loop around empty functions. Our formats and those of mainline's library "
        "are measured in one boot, called as a driver calls them, with callbacks that do "
        "nothing; the VT-d domain is iommu_map() and iommu_unmap() on a domain that is "
        "attached to a device, invalidations and their waits included, in a boot of each "
        "stack. Where nothing stands beside a figure, this kernel has no such table. Bars: "
        "each at most mainline's, one 4 KiB map at most 0.8 of it, 256 at most half on "
        "VT-d and Arm. A scan looks through 1 GiB of mappings that nobody wrote "
        "through, so that its figure is in ns per GiB. Less is better.",
        "make bench-pgtable"),
    "traffic": (
        "What one unmap costs at the IOMMU",
        "Events in QEMU's trace during a TCP_STREAM, over the unmaps that the kernel's "
        "dma_unmap_page and dma_unmap_sg trace events count in the same time. Marks in "
        "the trace keep boot out and the last deferred flush in. Less is better.",
        "make bench PARTS=counts"),
    "benchmark": (
        "The kernel's dma_map_benchmark",
        "One thread, 4 KiB, guest clock. It rounds each sample down to 100 ns, which "
        "is coarse beside the instructions above. Less is better.",
        "make bench PARTS=micro"),
}


def _drawing(name: str, meta: dict[str, Any], results: Results) -> str | None:
    if name.startswith("network-"):
        return plots.network(results, meta, name.partition("-")[2])
    if name == "pgtable":
        return None
    draw = {"instructions": plots.instructions, "traffic": plots.traffic,
            "benchmark": plots.benchmark}[name]
    return draw(results, meta)


def _rows(rows: list[table.Row]) -> Iterator[str]:
    subject = None
    for row in rows:
        classes = ["new"] if subject not in (None, row.subject) else []
        subject = row.subject
        cells = "".join(f"<td class={_column(column)}>{escape(word)}</td>"
                        for column, word in enumerate(row.words))
        yield f'<tr class="{" ".join(classes)}">{cells}</tr>'
        for result in row.failed:
            yield (f"<tr class=bad><td colspan={len(table.HEADINGS)}>failed: "
                   f"{escape(table.failure_text(result))}</td></tr>")


def _column(column: int) -> str:
    """How a column of the table looks: words, a median, its span, or a ratio."""
    if column < table.LEFT:
        return "w"
    if column >= table.LEFT + 4:
        return "n"
    return "n" if (column - table.LEFT) % 2 == 0 else "span"


def _table(rows: list[table.Row]) -> str:
    head = "".join(f"<th class={_column(column)}>{escape(word)}</th>"
                   for column, word in enumerate((*table.HEADINGS[:-3], *_RATIOS)))
    body = "\n".join(_rows(rows))
    return (f"<div class=wide><table><thead><tr>{head}</tr></thead>"
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


def _native_part(meta: dict[str, Any]) -> str:
    """What the user-space harness measured, if it did."""
    if not meta.get("native"):
        return ""
    headings, rows = native.table(meta["native"])
    head = "".join(f"<th class=n>{escape(word)}</th>" for word in headings)
    body = "\n".join("<tr>" + "".join(f"<td class={'n' if column else 'w'}>{escape(word)}</td>"
                                      for column, word in enumerate(row)) + "</tr>"
                     for row in rows)
    return (f"<p>{escape(table.NATIVE_TITLE)}.</p><div class=wide><table class=grid><thead>"
            f"<tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>")


def _pgtable_section(meta: dict[str, Any], results: Results) -> str:
    """This one has no drawing, and a table of its own."""
    title, about, command = _ABOUT["pgtable"]
    parts = "\n".join(_pgtable_part(results, part) for part in pgtable.PARTS)
    failed = "".join(f"<p>{escape(line)}</p>" for line in table.failure_lines(results)
                     if "pgtable_" in line)
    return (f"<h2 id=pgtable>{escape(title)}</h2>\n<p>{escape(about.format(**meta))}</p>\n"
            f"{parts}\n{failed}<p>The empty loop, subtracted from all but the scans: "
            f"{escape(pgtable.loop(results))}. Made by <code>{escape(command)}</code>.</p>"
            f"{_native_part(meta)}")


def _section(name: str, rows: list[table.Row], meta: dict[str, Any], results: Results) -> str:
    if name == "pgtable":
        return _pgtable_section(meta, results)
    title, about, command = _ABOUT[name]
    drawing = _drawing(name, meta, results)
    figure = ""
    if drawing:
        figure = (f"<figure>{plots.inline(drawing)}<figcaption>Made by <code>{escape(command)}</code>"
                  f"</figcaption></figure>")
    return (f"<h2 id={name}>{escape(title)}</h2>\n"
            f"<p>{escape(about.format(**meta))}</p>\n{figure}\n{_table(rows)}")


def _facts(meta: dict[str, Any]) -> str:
    rows = {
        "kernel": f"Linux {meta['kernel']}, {meta['arch']}, IOMMU {meta['iommu']}",
        "QEMU": meta["qemu"],
        "network tool": f"{meta['tool']}, {meta['duration_s']} s a test",
        "commit": meta["commit"],
        "date": meta["date"],
        "host": meta["host"],
        "image (sha256)": meta["image"],
    }
    return "<dl>" + "".join(f"<dt>{escape(key)}</dt><dd>{escape(str(value))}</dd>"
                            for key, value in rows.items()) + "</dl>"


def _reproduce(meta: dict[str, Any]) -> str:
    wanted = (f"RUNS={meta['runs']} DURATION={meta['duration_s']} LOOPS={meta['loops']}")
    return (
        "<h2 id=reproduce>How to reproduce</h2>"
        f"<p>At commit <code>{escape(meta['commit'])}</code>, all of it, and one cell of "
        "it:</p>"
        f"<pre>make bench {wanted}\n"
        f"make bench {wanted} PARTS=netperf NICS=virtio-net MODES=strict CLOCKS=guest</pre>"
        "<p>Each guest's folder in <code>out/bench/</code> keeps what it was: "
        "<code>qemu.cmd</code> (the QEMU command), <code>report</code> (what the guest "
        "wrote), <code>console.log</code>, and <code>outcome.json</code> (the figures and "
        "raw counts). The numbers behind this page are in <code>results.json</code> beside "
        "it.</p>")


def html(meta: dict[str, Any], results: Results) -> str:
    """The page as text."""
    css = (Path(__file__).parent / "page.css").read_text()
    said = "".join(f"<li>{escape(text)}</li>" for text in summary.sentences(results))
    groups = table.sections(results)
    sections = "\n".join(_section(name, groups[name], meta, results)
                         for name in groups)
    intro = _INTRO.format(runs=meta["runs"], s="" if meta["runs"] == 1 else "s")
    return f"""<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta name=viewport content="width=device-width, initial-scale=1">
<title>ioflush beside mainline: {escape(meta['date'])}</title>
<style>{css}</style>
<main>
<h1>IOMMU protection: ioflush beside mainline</h1>
<p class=lead>Linux {escape(meta['kernel'])} · {escape(meta['qemu'])} · commit
{escape(meta['commit'])} · {escape(meta['date'])}</p>
<ul class=say>{said}</ul>
<p>{intro}</p>
{_facts(meta)}
{sections}
{_reproduce(meta)}
</main>
</html>
"""


def _replace(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(text)
    partial.replace(path)


def write(folder: Path, meta: dict[str, Any], results: Results) -> None:
    """Writes the page, and each of its figures as a file of its own."""
    for name in table.sections(results):
        drawing = _drawing(name, meta, results)
        if drawing:
            _replace(folder / f"{name}.svg", drawing)
    _replace(folder / "index.html", html(meta, results))
