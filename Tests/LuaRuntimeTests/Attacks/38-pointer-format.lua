-- expect: runtime: '%p' is not available
string.format("%p", {})
