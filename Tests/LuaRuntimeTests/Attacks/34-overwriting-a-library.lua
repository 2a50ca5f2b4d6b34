-- expect: runtime: this table cannot be changed (field 'rep')
string.rep = nil
