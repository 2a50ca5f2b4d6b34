-- expect: runtime: invalid conversion specifier
os.date("%Ez")
