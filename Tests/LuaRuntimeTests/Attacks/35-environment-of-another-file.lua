-- expect: runtime: undeclared global
_ENV = setmetatable({}, { __index = _ENV })
return secret_of_another_file
