-- expect: runtime: module '../../etc/passwd' not found
require "../../etc/passwd"
