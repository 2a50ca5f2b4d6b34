-- load expect: rejected: modules require one another
require "lib.one"
