"""Measures the peers on a server: `measure.py DATABASE_URL [--rounds N] [--only NAME,…] [--ours COMMAND] [--json FILE]`.

In each round every peer takes its turn, and ours before or after them: what the machine does in between meets all alike.
Each peer gets a database of its own, which is dropped at the end. Every step is verified in the database: what was
enqueued is there; after a drain nothing is left, as many are finished as were enqueued, and the handlers were called as
often. A step that fails is told and left out; one that stands still is ended after a time, told with what it was doing,
and not tried again.
"""

import argparse
import importlib.metadata
import json
import math
import os
import queue
import shlex
import signal
import statistics
import subprocess
import sys
import threading
import time

import psycopg
from psycopg import conninfo

import peers

HERE = os.path.dirname(os.path.abspath(__file__))
STEP_LIMIT = 60
STATEMENT_LIMIT = 20
OURS_LIMIT = 600
SAMPLES = 300
STEPS = ("enqueue", "drain 1", "drain 2", "idle")


class StoodStill(Exception):
    """A step had its time."""


def stop(signal_number, frame):
    raise StoodStill


class Child:
    """A process of child.py."""

    def __init__(self, name, role, dsn, *numbers):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "child.py"), name, role, dsn, *map(str, numbers)], cwd=HERE,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.calls, self.starts, self.took = 0, [], None
        self.news, self.errors = queue.Queue(), []
        threading.Thread(target=self.read, daemon=True).start()
        threading.Thread(target=lambda: self.errors.extend(self.process.stderr), daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            word, *rest = line.split()
            if word == "count":
                self.calls = int(rest[0])
            elif word == "start":
                self.starts.append(float(rest[0]))
            elif word == "took":
                self.took = float(rest[0])
                self.news.put("took")
            elif word == "ready":
                self.news.put("ready")
        self.news.put("end")

    def wait(self, news):
        got = self.news.get(timeout=STEP_LIMIT)
        if got != news:
            raise RuntimeError("ended early: " + "".join(self.errors[-3:]).strip()[-300:])

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def end(self):
        try:
            self.process.stdin.close()
            self.process.wait(3)
        except (OSError, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # with whatever it started
        except ProcessLookupError:
            pass
        self.process.wait()


class Bench:
    def __init__(self, name, server):
        self.name, self.peer, self.server = name, peers.PEERS[name], server
        self.figures, self.failures = {}, []
        self.children, self.given_up = [], set()
        self.database = f"siyu_peer_{name.replace('-', '_')}"
        parts = conninfo.conninfo_to_dict(server)
        where = f"{parts.get('user', 'postgres')}@localhost"
        self.dsn = f"postgresql://{where}/{self.database}?host={parts.get('host', '')}"

    def fresh(self):
        """A database with the peer's schema."""
        self.doing = "making its schema"
        self.drop()
        self.run(f"CREATE DATABASE {self.database}", on=self.server)
        self.run("CREATE EXTENSION pgstattuple")
        subprocess.run(
            [sys.executable, "-c",
             "import asyncio, sys, peers; asyncio.run(peers.PEERS[sys.argv[1]]().setup(sys.argv[2]))", self.name,
             self.dsn], cwd=HERE, check=True, capture_output=True, text=True, timeout=STEP_LIMIT)

    def drop(self):
        self.run(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)", on=self.server)

    def connect(self, to=None):
        return psycopg.connect(
            to or self.dsn, autocommit=True, connect_timeout=10, options=f"-c statement_timeout={STATEMENT_LIMIT}s")

    def run(self, sql, on=None):
        with self.connect(on) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchone()[0] if cursor.description else None

    def expect(self, what, sql, count):
        self.doing = f"counting what is {what}"
        found = self.run(sql)
        if found != count:
            raise RuntimeError(f"{what}: {found} instead of {count}")

    def note(self, figure, value):
        self.figures[figure][-1] = value

    def child(self, role, *numbers):
        child = Child(self.name, role, self.dsn, *numbers)
        self.children.append(child)
        child.wait("ready")
        return child

    # The steps

    def enqueue(self):
        self.fresh()
        self.doing = "enqueueing"
        each = 250
        children = [self.child("produce", 4 * each, 4) for _ in range(2)]
        for child in children:
            child.go()
        for child in children:
            child.wait("took")
        longest = max(child.took for child in children)
        self.end_children()
        self.expect("enqueued", self.peer.queued, 8 * each + 2)
        self.note("enqueue 8", 8 * each / longest)

    def drain(self, workers):
        self.fresh()
        self.doing = "enqueueing in bulk"
        count = self.peer.jobs
        producer = self.child("bulk", count)
        producer.go()
        producer.wait("took")
        self.end_children()
        self.run("VACUUM ANALYZE")
        self.expect("enqueued", self.peer.queued, count)
        if workers == 1:
            self.note("bulk", count / producer.took)
        self.doing = "draining"
        children = [self.child("work") for _ in range(workers)]
        position = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"
        wal, start = self.run(position), time.monotonic()
        for child in children:
            child.go()
        while sum(child.calls for child in children) < count:
            self.doing = f"draining: {sum(child.calls for child in children)} of {count} jobs ran"
            time.sleep(0.002)
        self.doing = "draining: the handlers ran, the database does not say so"
        with self.connect() as connection:
            while connection.execute(self.peer.done).fetchone()[0] < count:
                time.sleep(0.002)
        seconds = time.monotonic() - start
        written = self.run(position) - wal
        self.doing = "counting dead tuples"
        dead = self.run(
            "SELECT coalesce(sum((pgstattuple(c.oid::regclass)).dead_tuple_count), 0)::bigint FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' "
            "AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'")
        calls = sum(child.calls for child in children)
        if calls != count:
            raise RuntimeError(f"{calls} handler calls for {count} jobs")
        self.run("ANALYZE")
        self.expect("left", self.peer.queued, 0)
        self.expect("finished", self.peer.done, count)
        self.note(f"drain {workers}", count / seconds)
        if workers == 1:
            self.note("WAL per job", written / count)
            self.note("dead tuples per 100,000", dead * 100_000 / count)

    def idle(self):
        self.fresh()
        self.doing = "starting jobs when idle"
        worker = self.child("work")
        worker.go()
        time.sleep(2)
        producer = self.child("idle", SAMPLES)
        producer.go()
        producer.wait("took")
        until = time.monotonic() + 10
        while len(worker.starts) < SAMPLES:
            if time.monotonic() > until:
                raise RuntimeError(f"{len(worker.starts)} of {SAMPLES} samples came")
            time.sleep(0.01)
        starts = sorted(worker.starts)
        self.note("start p50 ms", starts[len(starts) // 2])
        self.note("start p99 ms", starts[math.ceil(len(starts) * 0.99) - 1])

    # Their order

    def end_children(self):
        while self.children:
            self.children.pop().end()

    def step(self, name):
        self.doing = "beginning"
        signal.alarm(STEP_LIMIT)
        try:
            if name == "enqueue":
                self.enqueue()
            elif name == "idle":
                self.idle()
            else:
                self.drain(int(name[-1]))
        except (StoodStill, queue.Empty, subprocess.TimeoutExpired, psycopg.errors.QueryCanceled):
            self.given_up.add(name)
            return f"stood still {self.doing} and was ended"
        except Exception as error:
            return str(getattr(error, "stderr", None) or str(error) or repr(error)).strip()[-300:]
        finally:
            signal.alarm(0)
            self.end_children()
        return None

    def turn(self, number):
        """All the steps once; what they find is the last value of each figure, which stays None without."""
        for figure in ("enqueue 8", "bulk", "drain 1", "drain 2", "WAL per job", "dead tuples per 100,000",
                       "start p50 ms", "start p99 ms"):
            self.figures.setdefault(figure, []).append(None)
        for name in STEPS:
            if name in self.given_up:
                continue
            failure = self.step(name)
            if failure:
                self.failures.append(f"round {number}, {name}: {failure}")
                print(f"{self.name}: {self.failures[-1]}", file=sys.stderr, flush=True)
        self.drop()
        cells = [f"{key} {values[-1]:,.1f}" for key, values in self.figures.items() if values[-1] is not None]
        print(f"{self.name}, round {number}: {'; '.join(cells)}", file=sys.stderr, flush=True)

    def answer(self):
        return {
            "version": importlib.metadata.version(self.name), "settings": self.peer.settings, "jobs": self.peer.jobs,
            "figures": self.figures, "failures": self.failures}


def measure_ours(command):
    """What `siyu bench jobs --pairs 1 --json` answers; None if it fails."""
    try:
        done = subprocess.run(shlex.split(command), stdout=subprocess.PIPE, text=True, check=True, timeout=OURS_LIMIT)
        return json.loads(done.stdout)
    except (subprocess.SubprocessError, json.JSONDecodeError) as error:
        print(f"ours: {error}", file=sys.stderr, flush=True)
        return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default=",".join(peers.PEERS))
    parser.add_argument("--ours")
    parser.add_argument("--json")
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, stop)
    benches = [Bench(name, options.server) for name in options.only.split(",")]
    ours = []
    for number in range(1, options.rounds + 1):
        # Every other round goes backwards, so that nobody always comes after the same neighbour.
        turns = [lambda bench=bench: bench.turn(number) for bench in benches]
        if options.ours:
            turns.insert(0, lambda: ours.append(measure_ours(options.ours)))
        for turn in turns if number % 2 else reversed(turns):
            turn()
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"ours": ours, "peers": {bench.name: bench.answer() for bench in benches}}, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
