-- expect: runtime: only "count" is available
collectgarbage("stop")
