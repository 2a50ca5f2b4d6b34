-- expect: runtime: string slice too long
utf8.codepoint(("aaaa"):rep(1 << 22), 1, -1)
