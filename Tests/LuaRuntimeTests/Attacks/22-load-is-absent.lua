-- expect: runtime: undeclared global 'load'
load(("("):rep(1e6))
