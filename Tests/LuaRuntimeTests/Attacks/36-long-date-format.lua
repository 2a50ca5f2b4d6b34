-- expect: runtime: format too long
os.date(("%c"):rep(1000))
