-- expect: runtime: this table cannot be changed
rawset(string, "rep", nil)
