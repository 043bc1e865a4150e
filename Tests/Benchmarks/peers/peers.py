"""The peers of the benchmark: job queues for PostgreSQL from PyPI, each with the settings that serve it best.

A peer is a class with: setup (schema), open/enqueue/bulk/close (a producer), work (a worker that never ends), and the
SQL that counts what is queued and what is finished.
"""

import asyncio
import dataclasses
import json
import logging
import time
from urllib.parse import parse_qs, urlparse

logging.disable(logging.WARNING)

STEP = 1000


def socket_folder(dsn):
    """Where the server's socket lies; asyncpg believes the name before the path, libpq what is asked for after it."""
    return parse_qs(urlparse(dsn).query).get("host", [None])[0]


class Tally:
    """What a worker ran: how often, and how soon after the enqueue."""

    def __init__(self):
        self.calls = 0
        self.starts = []

    def __call__(self, sent):
        if sent:
            self.starts.append((time.monotonic_ns() - sent) / 1e6)
        self.calls += 1


tally = Tally()


class Procrastinate:
    package = "procrastinate"
    jobs = 2_000
    settings = "concurrency 30, pool of 10, NOTIFY"
    queued = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
    done = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'"

    def app(self, dsn):
        import procrastinate

        app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=dsn, min_size=1, max_size=10))

        @app.task(name="bench", queue="bench")
        async def handler(number, word, sent=0):
            tally(sent)

        return app, handler

    async def setup(self, dsn):
        app, _ = self.app(dsn)
        async with app.open_async():
            await app.schema_manager.apply_schema_async()

    async def open(self, dsn):
        self.application, self.task = self.app(dsn)
        self.context = self.application.open_async()
        await self.context.__aenter__()

    async def enqueue(self, payload):
        await self.task.defer_async(**payload)

    async def bulk(self, payloads):
        for start in range(0, len(payloads), STEP):
            await self.task.batch_defer_async(*payloads[start:start + STEP])

    async def close(self):
        await self.context.__aexit__(None, None, None)

    async def work(self, dsn):
        app, _ = self.app(dsn)
        async with app.open_async():
            await app.run_worker_async(concurrency=30, install_signal_handlers=False)


class PgQueuer:
    package = "pgqueuer"
    jobs = 30_000
    settings = "asyncpg, batches of 1,000"
    queued = "SELECT count(*) FROM pgqueuer"
    done = "SELECT count(*) FROM pgqueuer_log WHERE status = 'successful'"

    async def setup(self, dsn):
        await self.open(dsn)
        await self.queries.install()
        await self.close()

    async def open(self, dsn):
        import asyncpg
        from pgqueuer.db import AsyncpgDriver
        from pgqueuer.queries import Queries

        self.connection = await asyncpg.connect(dsn, host=socket_folder(dsn))
        self.queries = Queries(AsyncpgDriver(self.connection))

    async def enqueue(self, payload):
        await self.queries.enqueue("bench", json.dumps(payload).encode())

    async def bulk(self, payloads):
        for start in range(0, len(payloads), STEP):
            part = [json.dumps(payload).encode() for payload in payloads[start:start + STEP]]
            await self.queries.enqueue(["bench"] * len(part), part, [0] * len(part))

    async def close(self):
        await self.connection.close()

    async def work(self, dsn):
        import asyncpg
        from pgqueuer import PgQueuer as Application
        from pgqueuer.db import AsyncpgDriver

        application = Application(AsyncpgDriver(await asyncpg.connect(dsn, host=socket_folder(dsn))))

        @application.entrypoint("bench")
        async def handler(job):
            tally(json.loads(job.payload).get("sent", 0))

        await application.run(batch_size=1_000)


class Oban:
    package = "oban"
    jobs = 10_000
    settings = "limit 500"
    queued = "SELECT count(*) FROM oban_jobs WHERE state IN ('available', 'executing', 'scheduled', 'retryable')"
    done = "SELECT count(*) FROM oban_jobs WHERE state = 'completed'"

    @staticmethod
    def worker():
        import oban

        @oban.worker(queue="bench")
        class Bench:
            async def process(self, job):
                tally(job.args.get("sent", 0))

        return Bench

    async def setup(self, dsn):
        import oban
        import oban.schema

        pool = await oban.Oban.create_pool(dsn)
        await oban.schema.install(pool)
        await pool.close()

    async def open(self, dsn):
        import oban

        self.kind = self.worker()
        self.pool = await oban.Oban.create_pool(dsn, min_size=1, max_size=4)
        self.oban = await oban.Oban(pool=self.pool).start()

    async def enqueue(self, payload):
        await self.oban.enqueue(self.kind.new(payload))

    async def bulk(self, payloads):
        for start in range(0, len(payloads), STEP):
            await self.oban.enqueue_many([self.kind.new(payload) for payload in payloads[start:start + STEP]])

    async def close(self):
        await self.oban.stop()
        await self.pool.close()

    async def work(self, dsn):
        import oban

        self.worker()
        pool = await oban.Oban.create_pool(dsn)
        async with oban.Oban(pool=pool, queues={"bench": 500}):
            await asyncio.Event().wait()


@dataclasses.dataclass
class BenchJob:
    number: int
    word: str
    sent: int = 0


class Awa:
    package = "awa-pg"
    jobs = 50_000
    settings = "queue storage, enqueue_many_copy, 5,000 workers"
    # Not by way of the view awa.jobs: while its tables have no statistics, that takes minutes for so many.
    queued = """
        SELECT (SELECT count(*) FROM (
                   SELECT job_id FROM awa.ready_entries
                   EXCEPT SELECT unnest(job_ids) FROM awa.receipt_completion_batches
                   EXCEPT SELECT job_id FROM awa.done_entries) AS open)
             + (SELECT count(*) FROM awa.deferred_jobs) + (SELECT count(*) FROM awa.dlq_entries)"""
    done = """
        SELECT (SELECT coalesce(sum(completed_count), 0) FROM awa.receipt_completion_batches)::bigint
             + (SELECT count(*) FROM awa.done_entries WHERE state = 'completed')"""

    async def setup(self, dsn):
        await self.open(dsn)
        await self.client.migrate()
        await self.client.install_queue_storage()
        await self.close()

    async def open(self, dsn):
        import awa

        self.client = awa.AsyncClient(dsn)

    async def enqueue(self, payload):
        await self.client.insert(BenchJob(**payload), queue="bench")

    async def bulk(self, payloads):
        for start in range(0, len(payloads), 10_000):
            await self.client.enqueue_many_copy(
                [BenchJob(**payload) for payload in payloads[start:start + 10_000]], queue="bench")

    async def close(self):
        await self.client.close()

    async def work(self, dsn):
        import awa

        client = awa.AsyncClient(dsn)

        @client.task(BenchJob, queue="bench")
        async def handler(job):
            tally(job.args.sent)

        await client.start([("bench", 5_000)], poll_interval_ms=20)
        await asyncio.Event().wait()


class Chancy:
    package = "chancy"
    jobs = 10_000
    settings = "async executor of 1,000, eager polling, outcomes written every 100 ms"
    queued = "SELECT count(*) FROM chancy_jobs WHERE state IN ('pending', 'running', 'retrying')"
    done = "SELECT count(*) FROM chancy_jobs WHERE state = 'succeeded'"

    def app(self, dsn):
        import chancy

        return chancy.Chancy(dsn, log=logging.getLogger("quiet"))

    async def setup(self, dsn):
        import chancy

        async with self.app(dsn) as app:
            await app.migrate()
            await app.delete_queue("default")  # its process pool would stand idle beside
            await app.declare(
                chancy.Queue(
                    "bench", concurrency=1_000, executor=chancy.Chancy.Executor.Async, polling_interval=1,
                    eager_polling=True))

    async def open(self, dsn):
        self.application = self.app(dsn)
        await self.application.__aenter__()

    def job(self, payload):
        import chancy

        return chancy.Job.from_func(chancy_handler, queue="bench", kwargs=payload)

    async def enqueue(self, payload):
        await self.application.push(self.job(payload))

    async def bulk(self, payloads):
        jobs = [self.job(payload) for payload in payloads]
        async for _ in self.application.push_many(jobs, batch_size=STEP):
            pass

    async def close(self):
        await self.application.__aexit__(None, None, None)

    async def work(self, dsn):
        import chancy.worker

        async with self.app(dsn) as app:
            worker = chancy.worker.Worker(app, register_signal_handlers=False)
            worker.send_outgoing_interval = 0.1
            async with worker:
                await worker.wait_for_shutdown()


async def chancy_handler(*, number, word, sent=0):
    tally(sent)


PEERS = {peer.package: peer for peer in (Procrastinate, PgQueuer, Oban, Awa, Chancy)}
