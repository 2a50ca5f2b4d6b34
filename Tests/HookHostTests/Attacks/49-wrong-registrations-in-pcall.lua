-- load expect: rejected: there is no event
for i = 1, 5000 do pcall(app.on, "x", function() end) end
