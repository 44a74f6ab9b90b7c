# SPDX-License-Identifier: GPL-2.0
#
# The commands of this repository.  Each target calls one script, which has its
# own --help; everything that is built goes to out/.

ARCH       ?=
KERNEL     ?= 6.12
IOMMU      ?=
STACK      ?= ioflush
MODE       ?= strict
NIC        ?= virtio-net
APPEND     ?=
QEMU_ARGS  ?=
KSRC       ?=
QUICK      ?=
FULL       ?=
AGAIN      ?=
FRESH      ?=
export ARCH KERNEL IOMMU STACK MODE NIC APPEND QEMU_ARGS KSRC QUICK FULL AGAIN FRESH

# The scripts choose how parallel they are; ours is no kbuild.
MAKEFLAGS += --no-print-directory
qemu := tools/testing/qemu
one_arch = $(or $(ARCH),x86_64)
each_arch = $(or $(ARCH),x86_64 arm64)

help:
	@echo 'ioflush: an IOMMU stack for Linux 6.12 and 7.3, and the machinery to try and measure it'
	@echo
	@echo '  make bench      build all, run netperf and fio on both stacks, compare; out/report/ is'
	@echo '                  written after every guest, and an interrupted bench goes on'
	@echo '  make bench-pgtable  instructions of page-table operations beside mainline'\''s'
	@echo '  make check      every test; ends in a line "N passed, N failed"'
	@echo '  make soak       the tests for long, many times and with many seeds; hours; an interrupted'
	@echo '                  soak goes on; tools/testing/check/soak --list has its parts'
	@echo '  make kernel     out/ARCH/build: one image with both stacks'
	@echo '  make guest      out/ARCH/guest: the initramfs with netperf and fio'
	@echo '  make boot       a guest to try things in, on this terminal'
	@echo '  make kunit      the unit tests, under UML and in guests'
	@echo '  make style      checkpatch, sparse, kernel-doc, shellcheck, ...'
	@echo '  make deb        out/deb/*.deb: the module for Debian'\''s own kernels (DKMS), and the tools'
	@echo '  make series     out/series/*.patch, for git am on a clean kernel'
	@echo '  make clean      remove out/ (what is in ~/.cache/ioflush stays)'
	@echo
	@echo 'Variables, and what they are now:'
	@echo '  ARCH=$(ARCH)               x86_64 arm64; if empty, check and kunit do both, others x86_64'
	@echo '  KERNEL=$(KERNEL)         6.12 7.3: the version of Linux; what is made of 7.3 goes to out/7.3/'
	@echo '  IOMMU=$(IOMMU)              vtd virtio none for x86_64, smmuv3 virtio none for arm64; if empty, the first'
	@echo '  STACK=$(STACK)       ioflush mainline'
	@echo '  MODE=$(MODE)         strict guarded lazy passthrough'
	@echo '  NIC=$(NIC)      virtio-net e1000e none'
	@echo '  APPEND=$(APPEND)              more of the kernel command line, for boot'
	@echo '  QEMU_ARGS=$(QEMU_ARGS)           more arguments for QEMU, for boot'
	@echo '  KSRC=$(KSRC)                another tree of that version than the packaged one'
	@echo '  QUICK=$(QUICK)               1: only what a bench has first'
	@echo '  FULL=$(FULL)                1: the whole bench, of both architectures; hours'
	@echo '  AGAIN=$(AGAIN)               1: bench and soak do anew what is done'
	@echo '  FRESH=$(FRESH)               1: check and style look again at what they found clean, too'

deps:
	@$(qemu)/deps

kernel:
	@$(qemu)/kernel --arch "$(one_arch)"

guest:
	@$(qemu)/guest --arch "$(one_arch)"

boot:
	@$(qemu)/boot

# These two are Python programs, which a small system has to install first.
bench: deps
	@tools/testing/bench/bench

# Two guests and a minute: deterministic, so it needs one run only.
bench-pgtable: deps
	@PARTS=pgtable tools/testing/bench/bench

kunit:
	@tools/testing/kunit/kunit --uml
	@set -e; for arch in $(each_arch); do ARCH="$$arch" tools/testing/kunit/kunit; done

style:
	@tools/testing/check/style

series:
	@tools/testing/check/series

deb:
	@tools/testing/host/deb

check: deps
	@tools/testing/check/check

soak: deps
	@tools/testing/check/soak $(if $(filter 1,$(AGAIN)),--again)

clean:
	rm -rf out

.PHONY: help deps kernel guest boot bench bench-pgtable kunit style series deb check soak clean
