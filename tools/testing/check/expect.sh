# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What a guest has to say. Sourced, never run.

# unmet EXPECTED FILE...: EXPECTED are regular expressions, one a line, each of which has
# to match a line of the files; with a '!' in front, none may. Prints the first that is
# not met, and nothing if all are.
unmet() {
	local regex expected=$1
	shift

	while IFS= read -r regex; do
		case $regex in
		"") ;;
		!*)
			if grep -aEq -- "${regex#!}" "$@"; then
				echo "there is '${regex#!}'"
				return
			fi
			;;
		*)
			if ! grep -aEq -- "$regex" "$@"; then
				echo "there is no '$regex'"
				return
			fi
			;;
		esac
	done <<<"$expected"
}
