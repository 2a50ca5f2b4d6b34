# Judges what check-layers has gathered: the tables, the declared targets, the imports. One line for each violation.

function report(message) {
    print message
    violations++
}

function begins(string, prefix) { return substr(string, 1, length(prefix)) == prefix }

function check_only(target, name, place,    module, i, allowed, who) {
    for (module in only) {
        if (!begins(name, module)) continue
        allowed = 0
        who = split(only[module], names, " ")
        for (i = 1; i <= who; i++) if (names[i] == target) allowed = 1
        if (!allowed) report(place ": " target " uses " name "; only " only[module] " may use it")
    }
}

function check_never(target, module, place,    i, count) {
    count = split(never[target], names, " ")
    for (i = 1; i <= count; i++)
        if (begins(module, names[i])) report(place ": " target " uses " module ", which the rules must not know")
}

function check_layer(target, other, place) {
    if (!(target in rank) || !(other in rank) || rank[other] < rank[target]) return
    if (rank[other] == rank[target] && layer[target] == "adapters")
        report(place ": " target " uses " other "; adapters never import one another")
    else
        report(place ": " target " (" layer[target] ") uses " other " (" layer[other] \
            "); a target imports only from lower layers")
}

function list_after(first,    names, i) {
    names = $first
    for (i = first + 1; i <= NF; i++) names = names " " $i
    return names
}

$1 == "layer" { height++; for (i = 3; i <= NF; i++) { rank[$i] = height; layer[$i] = $2 } }
$1 == "only" { only[$2] = list_after(3) }
$1 == "never" { never[$2] = list_after(3) }

$1 == "target" {
    ours[$2] = 1
    if (!($2 in rank)) report("Package.swift: " $2 " is in no layer; add it to the table in scripts/check-layers")
}

$1 == "declares" {
    declared[$2, $3] = 1
    check_layer($2, $3, "Package.swift")
}

$1 == "imports" {
    imports++
    if (!($2 in ours)) report($4 ": " $2 " is no target of Package.swift")
    else if ($3 in ours && $3 != $2 && !(($2, $3) in declared))
        report($4 ": " $2 " imports " $3 ", which Package.swift does not declare for it")
    check_layer($2, $3, $4)
    check_only($2, $3, $4)
    check_never($2, $3, $4)
}

$1 == "includes" { check_only($2, $3, $4) }

END {
    if (violations) { print violations " violations"; exit 1 }
    print "layers are kept: " imports + 0 " imports"
}
