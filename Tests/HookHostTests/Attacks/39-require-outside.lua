-- load expect: rejected: not found
require "../../../etc/passwd"
