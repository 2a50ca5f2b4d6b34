-- expect: runtime: undeclared global 'debug'
debug.getregistry()
