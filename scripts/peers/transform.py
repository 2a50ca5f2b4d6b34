# Parses each line, removes _internalNotes, sets debugMode to false, serialises; prints items per second.
import sys
import time

import orjson

with open(sys.argv[1], "rb") as file:
    lines = file.read().splitlines()
start = time.perf_counter()
size = 0
for line in lines:
    item = orjson.loads(line)
    item.pop("_internalNotes", None)
    item["debugMode"] = False
    size += len(orjson.dumps(item))
print(round(len(lines) / (time.perf_counter() - start)))
