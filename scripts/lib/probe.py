"""Reads and writes a store beside those who work on it, and tells how long it had to wait.

    python3 probe.py STORE ID          until SIGTERM; then prints one JSON object, times in milliseconds

    writeGap     longest time in which the write lock could not be had: at least as long as the longest transaction
    readLongest  longest read of the row ID; readInGap: of those during that time
    noiseLongest, noiseInGap           the same reads of a database that nobody else uses: what the machine itself adds

Everything is looked at from outside, with connections of its own. The lock is given back at once whenever it was had.
"""

import array
import gc
import json
import multiprocessing
import os
import pathlib
import signal
import sqlite3
import sys
import tempfile
import time

PAUSE = 0.001  # seconds between two attempts


def connect(path, mode):
    uri = pathlib.Path(path).absolute().as_uri() + "?mode=" + mode
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0.002)


def is_busy(error):
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def longest_gap(store, stopped, answer):
    """Takes the write lock again and again; answers when the longest time without it began and ended."""
    gc.disable()
    parent = os.getppid()
    connection = connect(store, "rw")
    last, longest = time.monotonic(), (0.0, 0.0)
    while not stopped.is_set() and os.getppid() == parent:
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
        else:
            now = time.monotonic()
            if now - last > longest[1] - longest[0]:
                longest = (last, now)
            last = now
        time.sleep(PAUSE)
    # A lock that is still held counts as far as it was seen.
    now = time.monotonic()
    answer.send((last, now) if now - last > longest[1] - longest[0] else longest)


class Reader:
    """Reads one row by its key, and remembers when each read began and how long it took."""

    def __init__(self, connection, identifier):
        self.connection = connection
        self.key = connection.execute("SELECT kid, bucket, id FROM head WHERE id = ?", (identifier,)).fetchone()
        if self.key is None:
            sys.exit(f"probe: no item {identifier} in the store")
        self.reads = array.array("d")

    def read(self):
        begin = time.monotonic()
        rows = self.connection.execute(
            "SELECT bytes FROM head JOIN body USING (rid) WHERE kid = ? AND bucket = ? AND id = ?", self.key
        ).fetchall()
        took = time.monotonic() - begin
        if len(rows) != 1:
            sys.exit("probe: the row that is read was not found any more")
        self.reads.extend((begin, took))

    def longest(self):
        return max(self.reads[1::2])

    def longest_during(self, gap):
        reads = zip(self.reads[::2], self.reads[1::2])
        return max((took for begin, took in reads if begin < gap[1] and begin + took > gap[0]), default=0.0)


def undisturbed(folder, identifier):
    """A small database of the same shape."""
    path = folder + "/undisturbed.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode = WAL;"
        "CREATE TABLE body (rid INTEGER PRIMARY KEY, bytes BLOB);"
        "CREATE TABLE head (kid, bucket, id, rid, PRIMARY KEY (kid, bucket, id)) WITHOUT ROWID;"
        "INSERT INTO body VALUES (1, '{}');")
    connection.execute("INSERT INTO head VALUES (1, 1, ?, 1)", (identifier,))
    return connection


def read_until(asked, store, identifier):
    """Reads the store and the undisturbed database in turn."""
    gc.disable()
    with tempfile.TemporaryDirectory() as folder:
        reader = Reader(connect(store, "ro"), identifier)
        noise = Reader(undisturbed(folder, identifier), identifier)
        print("ready", file=sys.stderr, flush=True)
        while not asked:
            reader.read()
            noise.read()
            time.sleep(PAUSE)
    return reader, noise


def main(store, identifier):
    stopped = multiprocessing.Event()
    ours, theirs = multiprocessing.Pipe(duplex=False)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the writer is told by the event
    writer = multiprocessing.Process(target=longest_gap, args=(store, stopped, theirs), daemon=True)
    writer.start()
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
    try:
        reader, noise = read_until(asked, store, identifier)
    finally:
        stopped.set()
    if not ours.poll(10):
        sys.exit("probe: the writer gave no answer")
    gap = ours.recv()
    writer.join()
    seconds = {
        "writeGap": gap[1] - gap[0],
        "readLongest": reader.longest(), "readInGap": reader.longest_during(gap),
        "noiseLongest": noise.longest(), "noiseInGap": noise.longest_during(gap),
    }
    print(json.dumps({name: round(value * 1000, 2) for name, value in seconds.items()}))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: probe.py STORE ID")
    main(*sys.argv[1:])
