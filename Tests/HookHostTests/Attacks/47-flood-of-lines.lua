-- sync.push.finished expect: logged: wrote more than 1000 lines
app.on("sync.push.finished", function()
  for i = 1, 20000 do app.log("line " .. i) end
end)
