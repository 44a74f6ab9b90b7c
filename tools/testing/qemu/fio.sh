# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# fio for the guest, from Debian's source: the packaged one is linked against the
# libraries of every storage there is.  Ours is static and has the kernel's own
# engines only, io_uring and libaio among them.  Sourced by `guest`.

# What a machine may have the headers of; configure takes what it finds.
fio_without="--disable-native --disable-shm --disable-numa --disable-rdma --disable-rados
	     --disable-rbd --disable-http --disable-gfapi --disable-pmem --disable-lex
	     --disable-xnvme --disable-libblkio --disable-libzbc --disable-libnfs
	     --disable-dfs --disable-tcmalloc --disable-isal --disable-tls"

# fio_fetch DIR APT-OPTION...: the source's archive, and nothing unpacked.
fio_fetch() {
	local dir=$1
	shift

	mkdir -p "$dir"
	(cd "$dir" && apt-get "$@" source --download-only --only-source fio)
}

# fio_tarball DIR: the newest archive that lies there.
fio_tarball() {
	find "$1" -name 'fio_*.orig.tar.*' ! -name '*.asc' ! -name '*.FAILED' | sort -V | tail -n 1
}

# fio_build TARBALL WORK ROOT PREFIX FILE: makes FILE, with the libaio in ROOT.
fio_build() {
	local tarball=$1 work=$2 root=$3 prefix=$4 file=$5 library option options=()

	library=$(find "$root/usr/lib" -name libaio.a | head -n 1)
	[[ $library ]] || { echo "there is no libaio.a in $root"; return 1; }
	rm -rf "$work"
	mkdir -p "$work" "${file%/*}"
	tar -C "$work" --strip-components=1 -xf "$tarball" || return 1
	for option in $fio_without; do
		# A release knows those of its time.
		! grep -q -- "$option)" "$work/configure" || options+=("$option")
	done
	# The compiler is the one name that both configure and make use everywhere.
	(cd "$work" && ./configure --build-static "${options[@]}" \
		--cc="${prefix}gcc -idirafter $root/usr/include -L${library%/*}") || return 1
	# ENGINES of a `make bench` that this is part of would be taken for fio's.
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES -u ENGINES \
		make -C "$work" -j"$(nproc)" fio || return 1
	"${prefix}strip" -o "$file.new" "$work/fio" || return 1
	mv "$file.new" "$file"
	rm -rf "$work"
}
