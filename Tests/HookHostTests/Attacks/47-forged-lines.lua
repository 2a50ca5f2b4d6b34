-- sync.push.finished expect: logged: a\n[error] forged\u{1b}[2K\u{202e}
app.on("sync.push.finished", function()
  app.log("a\n[error] forged\27[2K\u{202E}")
end)
