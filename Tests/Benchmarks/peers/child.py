"""A process of the benchmark: `child.py PEER work|produce|bulk|idle DSN [COUNT [PRODUCERS]]`.

Says `ready`, begins at a line on its standard input, and tells what it did; a worker until the input ends.
"""

import asyncio
import os
import sys
import threading
import time

import peers

try:
    import uvloop
except ImportError:
    uvloop = None


def say(*words):
    print(*words, flush=True)


def watch_input(go):
    sys.stdin.readline()
    go()
    sys.stdin.read()
    os._exit(0)


def report():
    told, told_starts = 0, 0
    while True:
        time.sleep(0.01)
        starts = peers.tally.starts[told_starts:]
        told_starts += len(starts)
        for start in starts:
            say("start", f"{start:.4f}")
        calls = peers.tally.calls
        if calls != told:
            say("count", calls)
            told = calls


def payload(number, sent=0):
    return {"number": number, "word": "tea", **({"sent": sent} if sent else {})}


async def produce(peer, dsn, count, producers, begin):
    opened = [peer() for _ in range(producers)]
    for one in opened:
        await one.open(dsn)
    await opened[0].enqueue(payload(-1))
    say("ready")
    await begin.wait()
    start = time.monotonic()

    async def run(one):
        for number in range(count // producers):
            await one.enqueue(payload(number))

    await asyncio.gather(*(run(one) for one in opened))
    say("took", time.monotonic() - start)
    for one in opened:
        await one.close()


async def bulk(peer, dsn, count, begin):
    one = peer()
    await one.open(dsn)
    jobs = [payload(number) for number in range(count)]
    say("ready")
    await begin.wait()
    start = time.monotonic()
    await one.bulk(jobs)
    say("took", time.monotonic() - start)
    await one.close()


async def idle(peer, dsn, count, begin):
    one = peer()
    await one.open(dsn)
    say("ready")
    await begin.wait()
    start = time.monotonic()
    for number in range(count):
        await asyncio.sleep(0.02)
        await one.enqueue(payload(number, time.monotonic_ns()))
    say("took", time.monotonic() - start)
    await one.close()


async def main():
    name, role, dsn, *numbers = sys.argv[1:]
    peer = peers.PEERS[name]
    numbers = [int(number) for number in numbers]
    begin, loop = asyncio.Event(), asyncio.get_running_loop()
    threading.Thread(target=watch_input, args=(lambda: loop.call_soon_threadsafe(begin.set),), daemon=True).start()
    if role == "produce":
        await produce(peer, dsn, *numbers, begin)
    elif role == "bulk":
        await bulk(peer, dsn, *numbers, begin)
    elif role == "idle":
        await idle(peer, dsn, *numbers, begin)
    else:
        threading.Thread(target=report, daemon=True).start()
        say("ready")
        await begin.wait()
        await peer().work(dsn)


if __name__ == "__main__":
    (uvloop.run if uvloop else asyncio.run)(main())
