-- expect: runtime: attempt to call a nil value (field 'exit')
os.exit(1)
