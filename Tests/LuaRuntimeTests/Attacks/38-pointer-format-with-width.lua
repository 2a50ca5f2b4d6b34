-- expect: runtime: '%p' is not available
string.format("%-20p", {})
