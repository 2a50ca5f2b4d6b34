-- expect: runtime: string slice too long
utf8.codepoint(("aaaa"):rep(1 << 21), 1, -1)
