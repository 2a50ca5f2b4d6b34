-- load expect: rejected: not found
require "normal"
