# Compares two JSON objects, each in a file of its own, field by field at the top level, and says for each field of the
# first that the second lacks or holds differently. Long values are cut to where they begin to differ.
# Counts bytes: run it with LC_ALL=C.

FNR == 1 { side++ }
{ text[side] = text[side] $0 }

function trim(string) { gsub(/^[ \t]+|[ \t]+$/, "", string); return string }

# Splits an object at its own commas and fills `fields` (name to value) and `order` (position to name).
function read_object(json, fields, order,    i, c, depth, quoted, start, count, pair, colon) {
    json = trim(json)
    json = substr(json, 2, length(json) - 2) ","
    start = 1
    for (i = 1; i <= length(json); i++) {
        c = substr(json, i, 1)
        if (quoted) {
            if (c == "\\") i++
            else if (c == "\"") quoted = 0
        } else if (c == "\"") quoted = 1
        else if (c ~ /[[{]/) depth++
        else if (c ~ /[]}]/) depth--
        else if (c == "," && depth == 0) {
            pair = trim(substr(json, start, i - start))
            match(pair, /^"[^"]*"[ \t]*:/)
            colon = RLENGTH
            order[++count] = trim(substr(pair, 1, colon - 1))
            fields[order[count]] = squeeze(substr(pair, colon + 1))
            start = i + 1
        }
    }
    return count
}

# Blanks outside strings tell nothing; a document may be indented on one side and not on the other.
function squeeze(json,    i, c, quoted, result) {
    for (i = 1; i <= length(json); i++) {
        c = substr(json, i, 1)
        if (c == "\\") { result = result c substr(json, ++i, 1); continue }
        if (c == "\"") quoted = !quoted
        if (quoted || c !~ /[ \t]/) result = result c
    }
    return result
}

# Up to 60 bytes around a position. A character that the cut would break, in UTF-8, is left out.
function excerpt(string, from,    start, part) {
    start = from > 24 ? from - 24 : 1
    part = substr(string, start, 60)
    if (start > 1) { sub(/^[\200-\277]+/, "", part); part = "…" part }
    if (length(string) >= start + 60) { sub(/[\300-\377][\200-\277]*$/, "", part); part = part "…" }
    return part
}

function first_difference(one, two,    i) {
    for (i = 1; substr(one, i, 1) == substr(two, i, 1); i++) if (i > length(one)) break
    return i
}

END {
    count = read_object(text[1], before, order)
    read_object(text[2], after, ignored)
    for (i = 1; i <= count; i++) {
        name = order[i]
        shown = name
        gsub(/"/, "", shown)
        if (!(name in after)) {
            printf "    %-16s - %s\n    %-16s + (left out)\n", shown, excerpt(before[name], 1), ""
        } else if (before[name] != after[name]) {
            at = first_difference(before[name], after[name])
            printf "    %-16s - %s\n    %-16s + %s\n", shown, excerpt(before[name], at), "", excerpt(after[name], at)
        }
    }
}
