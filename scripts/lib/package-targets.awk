# Reads the JSON of `swift package dump-package` and prints "target NAME" and "declares NAME DEPENDENCY" for every
# target that is no test. Reads tokens and keeps the path to each value, so the layout of the JSON does not matter.

{ text = text $0 "\n" }

function value(string,    path, i) {
    path = ""
    for (i = 1; i <= depth; i++) path = path "/" (list[i] ? index_in[i] : key[i])
    if (path ~ /^\/targets\/[0-9]+\/name$/) name = string
    if (path ~ /^\/targets\/[0-9]+\/type$/) type = string
    if (path ~ /^\/targets\/[0-9]+\/dependencies\/[0-9]+\/(byName|target|product)\/0$/) dependencies[++count] = string
}

function close_container(    i) {
    if (depth == 3 && key[1] == "targets") {
        if (type != "test") {
            print "target", name
            for (i = 1; i <= count; i++) print "declares", name, dependencies[i]
        }
        count = 0
    }
    depth--
}

# A string directly inside an object is a key when it stands where a key is due.
function handle(token) {
    if (token == "{" || token == "[") {
        depth++
        list[depth] = token == "["
        index_in[depth] = 0
        due[depth] = token == "{"
    } else if (token == "}" || token == "]") {
        close_container()
    } else if (token == ",") {
        if (list[depth]) index_in[depth]++
        else due[depth] = 1
    } else if (token == ":") {
        due[depth] = 0
    } else {
        gsub(/^"|"$/, "", token)
        if (!list[depth] && due[depth]) key[depth] = token
        else value(token)
    }
}

END {
    while (match(text, /"([^"\\]|\\.)*"|[][{},:]|[^][{},: \t\r\n"]+/)) {
        handle(substr(text, RSTART, RLENGTH))
        text = substr(text, RSTART + RLENGTH)
    }
}
