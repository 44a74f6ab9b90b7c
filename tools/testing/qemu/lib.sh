# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
#
# Shared by every script of the test harness: where things are, what may be
# asked for, and how work is announced.  Sourced, never run.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd -P)
qemu_dir=$top/tools/testing/qemu
cache=${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/ioflush
kernel_choices="6.12 7.3"
kernel_series=${KERNEL:-6.12}
# What is made of another kernel than the usual one has a folder of its own.
out=${IOFLUSH_OUT:-$top/out}
[[ $kernel_series == 6.12 ]] || out+=/$kernel_series
log_dir=$out/log
src=$out/src/linux

# A checkout may be another user's, as under sudo; git wants to be told so.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=$top

arch_choices="x86_64 arm64"
stack_choices="ioflush mainline"
mode_choices="strict guarded lazy passthrough"
nic_choices="virtio-net e1000e none"
disk_choices="nvme virtio-blk"
clock_choices="guest wall"
build_choices="build build-debug build-kcsan build-rt"

# The IOMMUs that an architecture's machine can have, the usual one first.
iommu_choices() {
	case $1 in
	x86_64) echo "vtd virtio none" ;;
	arm64) echo "smmuv3 virtio none" ;;
	esac
}

# arch_label ARCH: what stands before the names of tests and of their folders.
arch_label() {
	[[ $1 == x86_64 ]] || echo "$1: "
}

# config_fragments ARCH: the files that the usual kernel's configuration is made of.
config_fragments() {
	local own=$qemu_dir/configs/$1-$kernel_series.config

	[[ -e $own ]] || own=
	echo "$qemu_dir"/configs/{base,"$kernel_series","$1"}.config "$own"
}

# What stands before the names of the compiler and its tools.
cross_prefix() {
	case $1 in
	arm64) echo "aarch64-linux-gnu-" ;;
	esac
}

# kernel_image ARCH: what boots, below a build's directory.
kernel_image() {
	case $1 in
	x86_64) echo "arch/x86/boot/bzImage" ;;
	arm64) echo "arch/arm64/boot/Image" ;;
	esac
}

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# msg TEXT: a line of progress, with the time since this command began.
msg() {
	printf '[%4ds] %s\n' "$SECONDS" "$*"
}

# choose NAME VALUE "CHOICES": dies naming the choices unless VALUE is one.
choose() {
	local choice

	for choice in $3; do
		[[ $choice == "$2" ]] && return 0
	done
	die "$1=$2 is not known; choose one of: $3"
}

choose KERNEL "$kernel_series" "$kernel_choices"

# choose_mode STACK MODE: dies unless the stack has that mode.
choose_mode() {
	choose MODE "$2" "$mode_choices"
	[[ $1 != mainline || $2 != guarded ]] ||
		die "MODE=guarded is one of ioflush's; choose another for STACK=mainline"
}

# need TOOL...: every tool has to be there.  `deps` is what installs them.
need() {
	local tool

	for tool; do
		command -v "$tool" >/dev/null ||
			die "'$tool' is missing and was not installed: run tools/testing/qemu/deps"
	done
}

# need_disk DIR MIB WHAT: refuses to start what would fill the disk.  The limit
# can be lowered (or raised, which is how the check of it works) by
# IOFLUSH_NEED_MIB.
need_disk() {
	local want=${IOFLUSH_NEED_MIB:-$2} have

	mkdir -p "$1"
	have=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
	((have >= want)) ||
		die "$3 needs $want MiB of free disk in $1, which has $have"
}

# One writer a directory: `lock DIR` waits for others that use DIR and holds it
# until this process ends, however it ends.
lock() {
	local fd

	mkdir -p "$1"
	exec {fd}>"$1/.lock"
	flock -n "$fd" && return 0
	msg "waiting for another run that uses $1"
	flock "$fd"
}

# step NAME COMMAND...: runs a long command with its output in
# out/log/NAME.log, says every half minute that it is still at work and where,
# and shows the end of the log when it fails.
step() {
	local name=$1 log=$log_dir/$1.log start=$SECONDS beat=0 status=0
	shift

	mkdir -p "$log_dir"
	msg "$name: running (log $log)"
	"$@" >"$log" 2>&1 </dev/null &
	local pid=$!
	# A background job is deaf to Ctrl-C; take it down with us.
	trap 'kill "$pid" 2>/dev/null; wait "$pid"; die "interrupted"' INT TERM
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.5
		if ((++beat % 60 == 0)); then
			msg "$name: $((SECONDS - start)) s so far: $(tail -n 1 "$log" | cut -c 1-100)"
		fi
	done
	wait "$pid" || status=$?
	trap - INT TERM
	if ((status)); then
		tail -n 20 "$log" >&2
		echo "$name: failed with status $status after $((SECONDS - start)) s; the whole log is $log" >&2
		return "$status"
	fi
	msg "$name: done in $((SECONDS - start)) s"
}

# debian_mirror: where this machine has Debian's packages from, and its release.
debian_mirror() {
	# shellcheck disable=SC2016 # apt expands these, not the shell
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(IDENTIFIER)' |
		awk '$3 == "main" && $4 == "Packages" && $2 !~ /-(updates|security|backports)$/ { print $1, $2 }' |
		sort -u | head -n 1
}

# foreign_apt DIR SUITE COMMAND...: apt-get as on a machine that has Debian's SUITE alone,
# by the mirror of this one. The lists and all that it writes are below DIR.
foreign_apt() {
	local dir=$1 suite=$2 uri
	shift 2

	read -r uri _ <<<"$(debian_mirror)"
	[[ $uri ]] || die "apt has no source of the main component of Debian"
	mkdir -p "$dir"/state/lists/partial "$dir/cache"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main" \
		>"$dir/sources.list"
	apt-get -q -o "Dir::State=$dir/state" -o "Dir::Cache=$dir/cache" \
		-o "Dir::State::status=/var/lib/dpkg/status" \
		-o "Dir::Etc::SourceList=$dir/sources.list" -o "Dir::Etc::SourceParts=-" \
		-o "APT::Sandbox::User=" -o "Acquire::Languages=none" "$@"
}

# libraries ROOT DIR FILE: the shared objects that FILE needs, and those that they need,
# from the packages that are unpacked in ROOT, to DIR.
libraries() {
	local root=$1 dir=$2 name path

	for name in $(readelf -d "$3" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p') \
		    $(readelf -l "$3" | sed -n 's,.*interpreter: .*/\(.*\)\],\1,p'); do
		[[ -e $dir/$name ]] && continue
		path=$(find "$root/lib" "$root/usr/lib" "$root"/lib64 -name "$name" 2>/dev/null | head -n 1)
		[[ $path ]] || { echo "no package has $name, which $3 needs"; return 1; }
		cp -L "$path" "$dir/$name"
		libraries "$root" "$dir" "$dir/$name" || return 1
	done
}

# kbuild ARCH DIR ARGUMENT...: the kernel's make, for the tree in out/src/linux.
#
# The compiler's cache is shared by all clones: names relative to the clone, and
# nothing in an object that tells when, where or by whom it was built. What an object
# depends on the compiler says as it runs (CCACHE_DEPEND), not a preprocessor before it:
# from nothing a build takes a fifth less. It does not say all, see cached.
kbuild() {
	local arch=$1 dir=$2 prefix
	shift 2

	prefix=$(cross_prefix "$arch")
	need make gcc "${prefix}gcc" ccache flex bison bc
	CCACHE_DIR=$cache/ccache CCACHE_BASEDIR=$top CCACHE_NOHASHDIR=1 \
	CCACHE_MAXSIZE=3G CCACHE_SLOPPINESS=time_macros CCACHE_DEPEND=1 \
	KBUILD_BUILD_TIMESTAMP="Thu Jan  1 00:00:00 UTC 1970" \
	KBUILD_BUILD_USER=ioflush KBUILD_BUILD_HOST=ioflush \
	PYTHONDONTWRITEBYTECODE=1 \
		make -C "$src" O="$dir" ARCH="$arch" CROSS_COMPILE="$prefix" \
		     CC="$qemu_dir/cached ${prefix}gcc" HOSTCC="$qemu_dir/cached gcc" \
		     -j"$(nproc)" "$@"
}
