"""Measures the peers on a server: `measure.py DATABASE_URL [--rounds N] [--only NAME,…] [--json FILE]`.

Each peer gets a database of its own, which is dropped at the end. Every step is verified in the database: what was
enqueued is there; after a drain nothing is left, as many are finished as were enqueued, and the handlers were called as
often. A step that fails, or takes longer than a minute, is told and left out.
"""

import argparse
import importlib.metadata
import json
import math
import os
import queue
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
LIMIT = 60
SAMPLES = 500


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
        self.wait("ready")

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
        got = self.news.get(timeout=LIMIT)
        if got != news:
            raise RuntimeError("ended early: " + "".join(self.errors[-3:]).strip()[-300:])

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def end(self):
        try:
            self.process.stdin.close()
            self.process.wait(10)
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
        self.figures = {}

    def fresh(self):
        """A database with the peer's schema."""
        self.drop()
        self.database = f"siyu_peer_{self.name.replace('-', '_')}"
        self.run(f"CREATE DATABASE {self.database}", on=self.server)
        parts = conninfo.conninfo_to_dict(self.server) | {"dbname": self.database}
        host = parts.pop("host", "")
        where = f"{parts.get('user', 'postgres')}@localhost"
        self.dsn = f"postgresql://{where}/{self.database}?host={host}"
        self.run("CREATE EXTENSION pgstattuple")
        subprocess.run(
            [sys.executable, "-c",
             "import asyncio, sys, peers; asyncio.run(peers.PEERS[sys.argv[1]]().setup(sys.argv[2]))", self.name,
             self.dsn], cwd=HERE, check=True, capture_output=True, text=True, timeout=LIMIT)

    def drop(self):
        if getattr(self, "database", None):
            self.run(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)", on=self.server)

    def run(self, sql, on=None):
        with psycopg.connect(on or self.dsn, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchone()[0] if cursor.description else None

    def expect(self, what, sql, count):
        found = self.run(sql)
        if found != count:
            raise RuntimeError(f"{what}: {found} instead of {count}")

    def note(self, figure, value):
        self.figures.setdefault(figure, []).append(value)

    # The steps

    def enqueue(self):
        self.fresh()
        each = 250
        children = [Child(self.name, "produce", self.dsn, 4 * each, 4) for _ in range(2)]
        for child in children:
            child.go()
        for child in children:
            child.wait("took")
        longest = max(child.took for child in children)
        for child in children:
            child.end()
        self.expect("enqueued", self.peer.queued, 8 * each + 2)
        self.note("enqueue 8", 8 * each / longest)

    def drain(self, workers):
        self.fresh()
        count = self.peer.jobs
        producer = Child(self.name, "bulk", self.dsn, count)
        producer.go()
        producer.wait("took")
        producer.end()
        self.expect("enqueued", self.peer.queued, count)
        self.note("bulk", count / producer.took)
        self.run("VACUUM ANALYZE")
        children = [Child(self.name, "work", self.dsn) for _ in range(workers)]
        try:
            position = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"
            wal, start = self.run(position), time.monotonic()
            for child in children:
                child.go()
            while sum(child.calls for child in children) < count:
                if time.monotonic() - start > LIMIT:
                    raise RuntimeError(f"{sum(child.calls for child in children)} of {count} jobs within {LIMIT} s")
                time.sleep(0.002)
            with psycopg.connect(self.dsn, autocommit=True) as connection:
                while connection.execute(self.peer.queued).fetchone()[0] or \
                        connection.execute(self.peer.done).fetchone()[0] < count:
                    if time.monotonic() - start > LIMIT:
                        raise RuntimeError("the handlers ran, the database does not say so")
                    time.sleep(0.002)
            seconds = time.monotonic() - start
            self.note(f"drain {workers}", count / seconds)
            if workers == 1:
                self.note("WAL per job", (self.run(position) - wal) / count)
                dead = self.run(
                    "SELECT sum((pgstattuple(c.oid::regclass)).dead_tuple_count)::bigint FROM pg_class c "
                    "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' "
                    "AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'")
                self.note("dead tuples per 100,000", dead * 100_000 / count)
            time.sleep(0.1)
            calls = sum(child.calls for child in children)
            if calls != count:
                raise RuntimeError(f"{calls} handler calls for {count} jobs")
            self.expect("finished", self.peer.done, count)
        finally:
            for child in children:
                child.end()

    def idle(self):
        self.fresh()
        worker = Child(self.name, "work", self.dsn)
        try:
            worker.go()
            time.sleep(2)
            producer = Child(self.name, "idle", self.dsn, SAMPLES)
            producer.go()
            producer.wait("took")
            producer.end()
            start = time.monotonic()
            while len(worker.starts) < SAMPLES:
                if time.monotonic() - start > 10:
                    raise RuntimeError(f"{len(worker.starts)} of {SAMPLES} samples came")
                time.sleep(0.01)
            starts = sorted(worker.starts)
            self.note("start p50 ms", starts[len(starts) // 2])
            self.note("start p99 ms", starts[math.ceil(len(starts) * 0.99) - 1])
        finally:
            worker.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default=",".join(peers.PEERS))
    parser.add_argument("--json")
    options = parser.parse_args()
    answers = {}
    for name in options.only.split(","):
        bench = Bench(name, options.server)
        failures = []
        for _ in range(options.rounds):
            for step in (bench.enqueue, lambda: bench.drain(1), lambda: bench.drain(2), bench.idle):
                try:
                    step()
                except Exception as error:
                    words = getattr(error, "stderr", None) or str(error) or repr(error)
                    failures.append(str(words).strip()[-300:])
                    print(f"{name}: {failures[-1]}", file=sys.stderr, flush=True)
        bench.drop()
        answers[name] = {
            "version": importlib.metadata.version(name), "settings": bench.peer.settings, "jobs": bench.peer.jobs,
            "figures": bench.figures, "failures": failures}
        cells = [f"{key} {statistics.median(values):,.1f}" for key, values in bench.figures.items()]
        print(f"{name} {answers[name]['version']}: {'; '.join(cells)}", file=sys.stderr, flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(answers, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
