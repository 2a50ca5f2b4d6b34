-- expect: cpuLimit
while true do string.format(("%99.99f"):rep(30), table.unpack({1e308, 1e308, 1e308, 1e308, 1e308, 1e308,
  1e308, 1e308, 1e308, 1e308, 1e308, 1e308, 1e308, 1e308, 1e308, 1e308, 1e308, 1e308, 1e308, 1e308, 1e308, 1e308,
  1e308, 1e308, 1e308, 1e308, 1e308, 1e308, 1e308, 1e308})) end
