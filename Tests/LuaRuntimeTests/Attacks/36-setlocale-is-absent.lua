-- expect: runtime: attempt to call a nil value (field 'setlocale')
os.setlocale("de_DE")
