"""The items of a file as rows of a SQLite database, for copying them as people do without a sync engine.

    python3 tables.py make FILE STORE      one row for each line
    python3 tables.py copy STORE STORE     what `sqlite3 STORE .dump | sqlite3 STORE` does, where that shell is missing
"""

import json
import sqlite3
import sys


def make(file, store):
    with open(file, encoding="utf-8") as lines, sqlite3.connect(store) as connection:
        connection.execute("CREATE TABLE item (id TEXT PRIMARY KEY, bytes TEXT NOT NULL)")
        rows = ((json.loads(line)["_id"], line.rstrip("\n")) for line in lines)
        connection.executemany("INSERT INTO item VALUES (?, ?)", rows)


def copy(source, destination):
    to = sqlite3.connect(destination, isolation_level=None)
    for statement in sqlite3.connect(source).iterdump():
        to.execute(statement)


if __name__ == "__main__":
    {"make": make, "copy": copy}[sys.argv[1]](*sys.argv[2:])
