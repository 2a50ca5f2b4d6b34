-- expect: runtime: undeclared global 'io'
io.popen("true")
