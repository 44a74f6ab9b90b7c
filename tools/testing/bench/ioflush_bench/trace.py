# SPDX-License-Identifier: GPL-2.0
"""Counting what reached the emulated IOMMU, from QEMU's trace events.

The job reads one byte of the host bridge's configuration space just before the
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

#: Events of each IOMMU model, by what they count.
EVENTS = {
    "vtd": {
        "vtd_inv_desc_iotlb_pages": ("invalidations",),
        "vtd_inv_desc_iotlb_domain": ("invalidations", "domain_invalidations"),
        "vtd_inv_desc_iotlb_global": ("invalidations", "domain_invalidations"),
        "vtd_inv_desc_wait_sw": ("waits",),
        "vtd_inv_desc_wait_irq": ("waits",),
        "vtd_inv_qi_tail": ("doorbells",),
    },
}


class TraceError(Exception):
    """The trace does not hold one counted stretch."""


@dataclass
class Counts:
    """How often each thing happened between the marks, and each event."""

    totals: dict[str, int] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)


def patterns(iommu: str) -> list[str]:
    """What to ask QEMU to trace."""
    return [*EVENTS[iommu], "pci_cfg_read"]


def _event(line: str) -> str:
    """The event of a line, which may begin with a `pid@seconds:` stamp."""
    word = line.partition(" ")[0]
    return word.rpartition(":")[2].rstrip("\n")


def count(lines: Iterable[str], iommu: str) -> Counts:
    """Counts the events between the two marks."""
    meaning = EVENTS[iommu]
    found = Counts({name: 0 for names in meaning.values() for name in names},
                   {event: 0 for event in meaning})
    state = "before"
    for line in lines:
        event = _event(line)
        if event == "pci_cfg_read":
            mark = _MARK.search(line)
            if mark:
                state = _next_state(state, int(mark[1], 16))
        elif state == "between" and event in meaning:
            found.events[event] += 1
            for name in meaning[event]:
                found.totals[name] += 1
    if state != "after":
        raise TraceError(f"the trace ends {state} the marks")
    return found


def _next_state(state: str, offset: int) -> str:
    if state == "before" and offset == BEGIN_OFFSET:
        return "between"
    if state == "between" and offset == END_OFFSET:
        return "after"
    if state == "before":
        return state
    raise TraceError(f"a mark at {offset:#x} is out of order")
