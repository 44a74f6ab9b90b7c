# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Guests side by side: booting keeps one CPU busy, and so does guest time. What they
# print comes in the order in which they were begun. Sourced, never run.

aside_guests=$(($(nproc) > 1 ? 2 : 1))
aside_dir=$(mktemp -d)
aside_begun=0 aside_shown=0
# Set where a line has said 'not ok'; for who sourced this.
# shellcheck disable=SC2034
failed=0

# What runs in the background is deaf to Ctrl-C, and so are its guests.
trap 'trap - TERM; rm -rf "$aside_dir"; kill -TERM 0' INT TERM
trap 'rm -rf "$aside_dir"' EXIT

# Of those that have ended, up to the first that has not.
aside_show() {
	while [[ -e $aside_dir/$aside_shown.ended ]]; do
		cat "$aside_dir/$aside_shown"
		# shellcheck disable=SC2034
		! grep -q '^not ok' "$aside_dir/$aside_shown" || failed=1
		aside_shown=$((aside_shown + 1))
	done
}

# shellcheck disable=SC2317 # a trap calls it
aside_ended() {
	local status=$?

	((status == 0)) || echo "not ok - $aside_name: status $status" >>"$aside_said"
	: >"$aside_said.ended"
}

# In a subshell; a command that dies is a test that failed.
aside_run() {
	aside_said=$1 aside_name="${*:2:2}"
	shift

	trap - INT TERM
	trap aside_ended EXIT
	"$@" >"$aside_said" 2>&1
}

# aside COMMAND...: begins a command that prints the lines of its tests, when no more
# than one other is at work.
aside() {
	while (($(jobs -pr | wc -l) >= aside_guests)); do
		wait -n || true
		aside_show
	done
	(aside_run "$aside_dir/$aside_begun" "$@") &
	aside_begun=$((aside_begun + 1))
}

# Until nothing is at work.
aside_wait() {
	wait
	aside_show
}
