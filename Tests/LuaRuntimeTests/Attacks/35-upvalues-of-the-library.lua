-- expect: runtime: undeclared global 'debug'
local f = string.rep
debug.getupvalue(f, 1)
