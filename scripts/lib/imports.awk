# Prints "imports TARGET MODULE FILE:LINE" for each import of a Swift file and "includes TARGET HEADER FILE:LINE" for
# each include of a C file. Paths are relative to Sources: ./TARGET/…

FNR == 1 {
    split(FILENAME, path, "/")
    place = "Sources" substr(FILENAME, 2)
}

FILENAME ~ /\.swift$/ && /^[ \t]*((@[A-Za-z_]+|public|package|internal|fileprivate|private)[ \t]+)*import[ \t]/ {
    module = $0
    sub(/^.*import[ \t]+/, "", module)
    sub(/^(struct|class|enum|protocol|typealias|func|let|var|actor)[ \t]+/, "", module)
    sub(/[^A-Za-z0-9_].*$/, "", module)
    print "imports", path[2], module, place ":" FNR
}

FILENAME !~ /\.swift$/ && /^[ \t]*#[ \t]*(include|import)[ \t]*[<"]/ {
    header = $0
    sub(/^[^<"]*[<"]/, "", header)
    sub(/[>"].*$/, "", header)
    sub(/^lua5\.4\//, "", header)
    print "includes", path[2], header, place ":" FNR
}
