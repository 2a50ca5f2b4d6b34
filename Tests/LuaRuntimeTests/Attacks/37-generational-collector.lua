-- expect: runtime: only "count" is available
collectgarbage("generational")
