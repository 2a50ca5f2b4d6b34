-- expect: runtime: not found
require "a\0b"
