# SPDX-License-Identifier: GPL-2.0
"""Counting what reached the emulated IOMMU, from QEMU's trace events.

The job reads one byte of the host bridge's configuration space just before each
counted time and another one just after it.  Nobody else reads those, QEMU traces
the read in the same log as the invalidations, and the guest is quiet around both
marks, so what lies between them is exactly the counted traffic's, deferred
flushes included and boot excluded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Iterable

#: Configuration space offsets that the job reads as marks.
BEGIN_OFFSET = 0xFD
END_OFFSET = 0xFF

_MARK = re.compile(r"pci_cfg_read \S+ 0+:0+\.0 @0x(fd|ff) ")

#: What is added up, besides raw events.
TOTALS = ("invalidations", "domain_invalidations", "walk_flushes", "waits", "doorbells",
          "pages")

#: What one invalidation of a whole domain or more adds.
_WHOLE = ("invalidations", "domain_invalidations", "walk_flushes")


class VtdDecoder:
    """VT-d's descriptors, chapter 6.5.2 of its specification."""

    EVENTS = ("vtd_inv_desc", "vtd_inv_desc_iotlb_domain", "vtd_inv_desc_iotlb_global",
              "vtd_inv_desc_wait_sw", "vtd_inv_desc_wait_irq", "vtd_inv_qi_tail")
    _ADDED = {
        "vtd_inv_desc_iotlb_domain": _WHOLE,
        "vtd_inv_desc_iotlb_global": _WHOLE,
        "vtd_inv_desc_wait_sw": ("waits",),
        "vtd_inv_desc_wait_irq": ("waits",),
        "vtd_inv_qi_tail": ("doorbells",),
    }
    _IOTLB = re.compile(r"type iotlb high 0x([0-9a-f]+) low 0x([0-9a-f]+)")
    _BY_PAGE = 3  # granularity, bits 5:4 of the low word
    _LEAF_ONLY = 1 << 6  # the invalidation hint of the high word
    _MASK = 0x3F  # of the high word: this many address bits do not matter

    def add(self, event: str, line: str, totals: dict[str, int]) -> None:
        """Takes in one event."""
        for name in self._ADDED.get(event, ()):
            totals[name] += 1
        found = self._IOTLB.search(line) if event == "vtd_inv_desc" else None
        if not found or int(found[2], 16) >> 4 & 3 != self._BY_PAGE:
            return
        high = int(found[1], 16)
        totals["invalidations"] += 1
        totals["pages"] += 1 << (high & self._MASK)
        totals["walk_flushes"] += not high & self._LEAF_ONLY


class Smmuv3Decoder:
    """SMMUv3's commands.

    QEMU names each command, and says below which range a TLBI by address has,
    in as many pieces as it takes to make each a power of two.
    """

    EVENTS = ("smmuv3_cmdq_opcode", "smmuv3*range_inval", "smmuv3_write_mmio")
    _BY_ADDRESS = ("TLBI_NH_VA", "TLBI_NH_VAA", "TLBI_S2_IPA")
    _WHOLE_DOMAIN = ("TLBI_NH_ASID", "TLBI_NH_ALL", "TLBI_NSNH_ALL", "TLBI_S12_VMALL")
    _OPCODE = re.compile(r"<--- SMMU_CMD_(\w+)")
    _RANGE = re.compile(r" tg=(\d+) num_pages=0x([0-9a-f]+) ttl=\d+ leaf=(\d)")
    _CMDQ_PROD = " addr: 0x98 "

    def __init__(self) -> None:
        self._first_piece = False

    def add(self, event: str, line: str, totals: dict[str, int]) -> None:
        """Takes in one event."""
        if event == "smmuv3_cmdq_opcode":
            self._command(self._OPCODE.search(line), totals)
        elif event == "smmuv3_write_mmio":
            totals["doorbells"] += self._CMDQ_PROD in line
        elif event.endswith("range_inval"):
            self._piece(self._RANGE.search(line), totals)

    def _command(self, found: re.Match[str] | None, totals: dict[str, int]) -> None:
        name = found[1] if found else ""
        self._first_piece = name in self._BY_ADDRESS
        if name in self._BY_ADDRESS:
            totals["invalidations"] += 1
        elif name in self._WHOLE_DOMAIN:
            for total in _WHOLE:
                totals[total] += 1
        elif name == "SYNC":
            totals["waits"] += 1

    def _piece(self, found: re.Match[str] | None, totals: dict[str, int]) -> None:
        if not found:
            raise TraceError("a range that cannot be read")
        granule, pages = int(found[1]), int(found[2], 16)
        # 1, 2 and 3 are granules of 4, 16 and 64 KiB; 0 is a command for one entry.
        totals["pages"] += pages << (2 * (granule - 1) if granule else 0)
        totals["walk_flushes"] += self._first_piece and found[3] == "0"
        self._first_piece = False


_DECODERS = {"vtd": VtdDecoder, "smmuv3": Smmuv3Decoder}


class TraceError(Exception):
    """The trace does not hold one counted stretch."""


@dataclass
class Counts:
    """How often each thing happened between the marks, and each event."""

    totals: dict[str, int] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)


def patterns(iommu: str) -> list[str]:
    """What to ask QEMU to trace."""
    return [*_DECODERS[iommu].EVENTS, "pci_cfg_read"]


def _event(line: str) -> str:
    """The event of a line, which may begin with a `pid@seconds:` stamp."""
    word = line.partition(" ")[0]
    return word.rpartition(":")[2].rstrip("\n")


def stretches(lines: Iterable[str], iommu: str) -> list[Counts]:
    """Counts the events of each stretch between two marks."""
    found: list[Counts] = []
    between = False
    for line in lines:
        event = _event(line)
        if event == "pci_cfg_read":
            mark = _MARK.search(line)
            if mark:
                between = _turn(between, int(mark[1], 16))
                if between:
                    decoder = _DECODERS[iommu]()
                    found.append(Counts(dict.fromkeys(TOTALS, 0)))
        elif between:
            counts = found[-1]
            counts.events[event] = counts.events.get(event, 0) + 1
            decoder.add(event, line, counts.totals)
    if between:
        raise TraceError("the trace ends between the marks")
    return found


def _turn(between: bool, offset: int) -> bool:
    """Whether what follows a mark is counted."""
    if between != (offset == END_OFFSET):
        raise TraceError(f"a mark at {offset:#x} is out of order")
    return not between
