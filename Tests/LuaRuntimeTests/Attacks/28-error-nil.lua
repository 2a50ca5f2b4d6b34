-- expect: runtime: (error object is nil)
error(nil)
