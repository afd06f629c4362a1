# tap - TAP for the tests in shell, and the folder that they write to.
#
# make runs them at the top of the build, with srcdir, CC and its flags.

folder=$(mktemp -d "${TMPDIR:-/tmp}/test_manual.XXXXXX")
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM HUP
n=0

# ok CLAIM COMMAND... - holds when the command does; what it says is shown when not.
ok() {
	claim=$1
	shift
	n=$((n + 1))
	if "$@" >"$folder/said" 2>&1; then
		echo "ok $n - $claim"
	else
		echo "not ok $n - $claim"
		sed 's/^/# /' "$folder/said"
	fi
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

done_testing() {
	echo "1..$n"
}

# page WHAT PAGE [N] - a part of a page: see page.awk.
page() {
	awk -v what="$1" -v nth="${3:-}" -f "$srcdir/tests/manual/page.awk" "$2"
}
