# SPDX-License-Identifier: GPL-2.0
"""The report's figures, as SVG text to be put into the page."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Callable, Sequence

import matplotlib
import matplotlib.patches
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import axes as matrix_axes
from . import meta
from .figures import number
from .matrix import Cell
from .results import Result, Results

#: One colour a stack, one shade a mode; passthrough is the neutral one.
SERIES = {
    ("mainline", "strict"): "#5b7083",
    ("ioflush", "strict"): "#c2571a",
    ("ioflush", "guarded"): "#dd8d45",
    ("mainline", "lazy"): "#a9b8c4",
    ("ioflush", "lazy"): "#f0a35e",
    ("mainline", "passthrough"): "#dcdfd6",
    ("ioflush", "passthrough"): "#c5cbb9",
}
_INK = "#33393f"
#: The top of ratios to passthrough.  Bars above are noise, and end at the edge.
_TOP = 1.45
_STYLE = {
    "svg.fonttype": "none", "svg.hashsalt": "ioflush", "font.family": "sans-serif",
    "font.size": 10, "axes.edgecolor": "#9aa2a9", "axes.labelcolor": _INK,
    "text.color": _INK, "xtick.color": _INK, "ytick.color": _INK,
    "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
    "axes.grid": True, "axes.grid.axis": "y", "grid.color": "#e6e8ea",
}

#: Modes in which there is something to protect, from the strictest on.
_PROTECTED = ("strict", "guarded", "lazy")

Scale = Callable[[Result], float]


@dataclass(frozen=True)
class Group:
    """Bars that stand together: what they say below, and the cell of each series."""

    label: str
    cell: Callable[[str, str], Cell]


@dataclass(frozen=True)
class Bar:
    """One bar with its whiskers."""

    value: float
    low: float
    high: float
    text: str


def _bar(results: Results, cell: Cell, relative: bool) -> Bar | None:
    result = results.get(cell)
    if result is None or result.value is None:
        return None
    scale = 1.0
    if relative:
        ratio = results.to_passthrough(result)
        if ratio is None or not result.value:
            return None
        scale = ratio / result.value
    value = result.value * scale
    text = f"{value:.2f}" if relative else number(result.value)
    return Bar(value, min(result.samples) * scale, max(result.samples) * scale, text)


def _series(results: Results, groups: Sequence[Group], relative: bool,
            modes: Sequence[str]) -> dict[tuple[str, str], list[Bar | None]]:
    """The bars of each stack and mode that has any."""
    found = {}
    for stack, mode in SERIES:
        if mode in modes:
            bars = [_bar(results, group.cell(stack, mode), relative) for group in groups]
            if any(bars):
                found[stack, mode] = bars
    return found


def _draw_series(ax: Axes, bars: list[Bar | None], left: float, width: float,
                 name: tuple[str, str], small: bool, limit: float) -> None:
    for place, bar in enumerate(bars):
        if bar is None:
            continue
        x = place + left
        ax.bar(x, bar.value, width * 0.94, color=SERIES[name])
        if bar.high > bar.low:
            ax.errorbar(x, bar.value, [[bar.value - bar.low], [bar.high - bar.value]],
                        color=_INK, linewidth=0.9, capsize=2)
        high = bar.high if bar.high < 1.1 * bar.value else bar.value
        ax.annotate(bar.text, (x, min(high, limit)), (0, 3), textcoords="offset points",
                    ha="center", va="bottom", fontsize=7.5 if small else 8.5,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5})


def _panel(ax: Axes, results: Results, groups: Sequence[Group], relative: bool,
           modes: Sequence[str]) -> dict[tuple[str, str], str]:
    """Draws one set of axes; returns the series drawn, with their colours."""
    series = _series(results, groups, relative, modes)
    width = 0.84 / max(1, len(series))
    for index, (name, bars) in enumerate(series.items()):
        left = (index - (len(series) - 1) / 2) * width
        _draw_series(ax, bars, left, width, name, len(series) * len(groups) > 12,
                     0.93 * _TOP if relative else float("inf"))
    ax.set_xticks(range(len(groups)), [group.label for group in groups])
    ax.tick_params(axis="x", length=0)
    ax.set_xlim(-0.6, len(groups) - 0.4)
    ax.margins(y=0.14)
    if relative:
        ax.axhline(1.0, color=_INK, linewidth=0.8, linestyle=(0, (4, 3)))
        ax.set_ylim(0, _TOP)
    return {name: SERIES[name] for name in series}


def _svg(figure: Figure) -> str:
    """The drawing alone, without a document around it or a date in it."""
    out = io.StringIO()
    figure.savefig(out, format="svg", bbox_inches="tight", metadata={"Date": None})
    text = out.getvalue()
    return re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg"):], flags=re.S)


def inline(svg: str) -> str:
    """The same drawing as wide as the page that it is put into."""
    return re.sub(r'width="[^"]*pt" height="[^"]*pt"', 'width="100%"', svg, count=1)


#: A name, a colour and points.
Curve = tuple[str, str, Sequence[tuple[float, float]]]


def curves(panels: Sequence[tuple[str, Sequence[Curve]]], xlabel: str, name: str) -> str:
    """Panels beside one another, both axes by powers."""
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(9.4, 3.6), layout="constrained")
        drawn = {}
        for ax, (title, lines) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels):
            for label, colour, points in lines:
                if points:
                    drawn[label], = ax.plot(*zip(*points), color=colour, marker="o",
                                            markersize=3, linewidth=1.4)
            ax.set_xscale("log", base=2)
            ax.set_yscale("log")
            ax.xaxis.set_major_formatter("{x:.0f}")
            ax.set_xlabel(xlabel)
            ax.set_title(title, loc="left", fontsize=9.5, fontweight="bold")
        figure.legend(drawn.values(), drawn.keys(), frameon=False, loc="lower center",
                      bbox_to_anchor=(0.5, 1.0), fontsize=8, ncols=3)
        return _svg(figure)


def _figure(panels: Sequence[tuple[str, Sequence[Group]]], results: Results, ylabel: str,
            relative: bool, modes: Sequence[str], name: str) -> str | None:
    """One figure of panels, above one another; nothing where there is nothing to show."""
    panels = [panel for panel in panels if _series(results, panel[1], relative, modes)]
    if not panels:
        return None
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(9.4, 3.1 * len(panels) + 0.4), layout="constrained")
        drawn: dict[tuple[str, str], str] = {}
        for ax, (title, groups) in zip(figure.subplots(len(panels), squeeze=False)[:, 0],
                                       panels):
            drawn.update(_panel(ax, results, groups, relative, modes))
            ax.set_ylabel(ylabel)
            if title:
                ax.set_title(title, loc="left", fontsize=10.5, fontweight="bold")
        handles = [matplotlib.patches.Patch(color=colour) for colour in drawn.values()]
        figure.legend(handles, [f"{stack}, {mode}" for stack, mode in drawn], frameon=False,
                      loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=9,
                      ncols=min(6, len(drawn)))
        return _svg(figure)


#: What the drawing of the traffic shows; the table has all.
_TRAFFIC = matrix_axes.COUNT_METRICS[:4]


def _network_panels(results: Results, info: dict, clock: str, where: str = "",
                    tests: Sequence[str] = matrix_axes.NET_TESTS) -> list[tuple[str, list[Group]]]:
    """One panel a NIC."""
    def groups(nic: str) -> list[Group]:
        return [Group(test, lambda stack, mode, test=test: Cell(
                    info["arch"], info["iommu"], nic, stack, mode, test, clock,
                    matrix_axes.TEST_METRICS[test][0]))
                for test in tests]
    return [(where + nic, groups(nic)) for nic in _nics(results, clock)]


def network(results: Results, info: dict, clock: str) -> str | None:
    """Network tests over mainline's passthrough."""
    panels = _network_panels(results, info, clock)
    return panels and _figure(panels, results, "of passthrough", True, _PROTECTED,
                              f"network-{clock}") or None


def overview(results: Results, info: dict) -> str | None:
    """The streams of all architectures, guest clock."""
    panels = [panel for arch in results.arches
              for panel in _network_panels(
                  results.of_arch(arch), meta.of_arch(info, arch), "guest",
                  f"{matrix_axes.IOMMU_TITLES[matrix_axes.IOMMU_OF[arch]]} ({arch}), ",
                  matrix_axes.STREAMS)]
    return panels and _figure(panels, results, "of passthrough", True, _PROTECTED,
                              "netperf") or None


def _nics(results: Results, clock: str) -> list[str]:
    present = {result.cell.nic for result in results if result.cell.clock == clock}
    return [nic for nic in matrix_axes.NICS if nic in present]


def instructions(results: Results, info: dict) -> str | None:
    """Instructions of one map plus unmap."""
    groups = [Group(label, lambda stack, mode, test=test: Cell(
                  info["arch"], info["iommu"], None, stack, mode, test, "guest",
                  "instructions"))
              for test, label in (("map_unmap_256", "256 bytes"),
                                  ("map_unmap_4k", "4 KiB"), ("map_unmap_64k", "64 KiB"),
                                  ("map_unmap_sg16", "16-entry scatterlist"))]
    return _figure([("", groups)], results, "instructions", False, matrix_axes.MODES,
                   "instructions")


def traffic(results: Results, info: dict) -> str | None:
    """What one unmap costs at the IOMMU, one panel a NIC."""
    def groups(nic: str) -> list[Group]:
        return [Group(matrix_axes.METRICS[metric].label,
                      lambda stack, mode, metric=metric: Cell(
                          info["arch"], info["iommu"], nic, stack, mode,
                          matrix_axes.COUNT_TEST, "guest", metric))
                for metric in _TRAFFIC]
    panels = [(nic, groups(nic)) for nic in _nics(results, "guest")]
    return panels and _figure(panels, results, "per unmap", False, ("strict", "lazy"),
                              "traffic") or None


def benchmark(results: Results, info: dict) -> str | None:
    """The kernel's own benchmark."""
    groups = [Group(metric, lambda stack, mode, metric=metric: Cell(
                  info["arch"], info["iommu"], None, stack, mode,
                  matrix_axes.BENCHMARK_TEST, "guest", metric))
              for metric in matrix_axes.BENCHMARK_METRICS]
    return _figure([("", groups)], results, "µs", False, matrix_axes.MODES, "benchmark")
