-- expect: cpuLimit
string.find(("a"):rep(10000), ".-.-.-.-b$")
