# page - takes a page of the manual apart.
#
#     awk -v what=examples -f page.awk PAGE     the displays of EXAMPLES, plain
#     awk -v what=prototypes -f page.awk PAGE   the functions of SYNOPSIS, as C
#
# -v nth=N prints only the N-th display.

function plain(line) {
	sub(/^\\&/, "", line)
	gsub(/\\e/, "\\", line)
	return line
}

# The rest of a macro's line as its arguments, without their quotes.
function arguments(line,    n) {
	n = 0
	sub(/^\.[A-Z][a-z] */, "", line)
	while (line != "") {
		match(line, line ~ /^"/ ? "^\"[^\"]*\"" : "^[^ ]+")
		argument[++n] = substr(line, 1, RLENGTH)
		gsub(/"/, "", argument[n])
		line = substr(line, RLENGTH + 1)
		sub(/^ +/, "", line)
	}
	return n
}

function declare(first, n,    i, list) {
	for (i = first; i <= n; i++)
		list = list (i > first ? ", " : "") argument[i]
	print type " " name "(" list ");"
}

/^\.Sh / {
	section = substr($0, 5)
}

what == "examples" && section == "EXAMPLES" {
	if ($0 ~ /^\.Bd -literal/) {
		shown = 1
		n_shown++
	} else if ($0 == ".Ed") {
		shown = 0
	} else if (shown && (!nth || n_shown == nth)) {
		print plain($0)
	}
}

what == "prototypes" && section == "SYNOPSIS" {
	if ($0 ~ /^\.Ft /) {
		arguments($0)
		type = argument[1]
	} else if ($0 ~ /^\.Fn /) {
		n = arguments($0)
		name = argument[1]
		declare(2, n)
	} else if ($0 ~ /^\.Fo /) {
		arguments($0)
		name = argument[1]
		many = 0
	} else if ($0 ~ /^\.Fa /) {
		arguments($0)
		list[++many] = argument[1]
	} else if ($0 == ".Fc") {
		for (i = 1; i <= many; i++)
			argument[i] = list[i]
		declare(1, many)
	}
}
