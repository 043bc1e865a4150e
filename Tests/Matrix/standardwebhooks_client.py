#!/usr/bin/env python3
"""A stranger's scan client: tells siyu-redeem of scans, signed by the PyPI package `standardwebhooks` as it is.

    standardwebhooks_client.py URL SOURCE SECRET CODES

URL is where siyu-redeem listens (http://127.0.0.1:8102), SOURCE the name of a hook source, SECRET its secret (whsec_...),
CODES a file that `siyu codes mint` wrote, of a batch that is active and whose first codes nobody has scanned yet.
Exit code 0 only if every answer is as promised, 1 if one is not, 69 if the package is missing.
"""

import base64
import csv
import datetime
import json
import sys
import time
import urllib.error
import urllib.request
import uuid

try:
    from standardwebhooks import Webhook
except ImportError as missing:
    sys.exit(print(f"{missing.name} is missing: pip install standardwebhooks", file=sys.stderr) or 69)

CODES = 20
FLOOR_SECONDS = 0.020


class Answer:
    def __init__(self, status, body, seconds):
        self.status = status
        self.body = body
        self.seconds = seconds
        self.json = json.loads(body)


class Client:
    def __init__(self, url, source, secret):
        self.url = f"{url.rstrip('/')}/v1/hooks/{source}/scans"
        self.webhook = Webhook(secret)

    def scan(self, code, openid, delivery=None, webhook=None, age=0):
        delivery = delivery or str(uuid.uuid4())
        body = json.dumps({"code": code, "openid": openid})
        at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age)
        signature = (webhook or self.webhook).sign(msg_id=delivery, timestamp=at, data=body)
        request = urllib.request.Request(
            self.url,
            data=body.encode(),
            headers={
                "content-type": "application/json",
                "webhook-id": delivery,
                "webhook-timestamp": str(int(at.timestamp())),
                "webhook-signature": signature,
            },
        )
        begun = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return Answer(response.status, response.read(), time.monotonic() - begun)
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read(), time.monotonic() - begun)


failures = []


def expect(holds, what, answer):
    if not holds:
        failures.append(f"{what}: {answer.status} {answer.body.decode(errors='replace')}")


def scan_each(client, codes):
    """Each code by its finder: once, the same delivery again, a new one, and then somebody else."""
    run = uuid.uuid4().hex[:8]
    for number, code in enumerate(codes):
        finder, other = f"finder-{run}-{number}", f"other-{run}-{number}"
        delivery = f"{run}-{number}"
        first = client.scan(code, finder, delivery)
        expect(first.status == 200 and first.json["outcome"] in ("won", "no_prize"), "first scan", first)
        expect(("prize" in first.json) == (first.json.get("outcome") == "won"), "a prize goes with winning", first)
        expect(len(first.json.get("rules_hash", "")) == 64, "the rules are named", first)

        replay = client.scan(code, finder, delivery)
        expect(replay.status == first.status and replay.body == first.body, "same delivery, same bytes", replay)

        again = client.scan(code.lower(), finder)
        expect(again.json.get("outcome") == "redeemed_by_you", "same person", again)
        expect(
            all(again.json.get(name) == first.json.get(name) for name in ("prize", "redeemed_at", "rules_hash")),
            "same person, same prize and instant",
            again,
        )

        taken = client.scan(code, other)
        expect(taken.json.get("outcome") == "already_redeemed" and "prize" not in taken.json, "another person", taken)

    mismatch = client.scan(codes[0], f"other-{run}", f"{run}-0")
    expect(mismatch.status == 409 and mismatch.json["code"] == "idempotency_mismatch", "other body", mismatch)


def refuse_each(client, codes):
    """What must not pass: other secrets, old and early timestamps, codes that nobody minted."""
    stranger = Webhook(base64.b64encode(b"another secret of 24 byte").decode())
    for what, answer in (
        ("another secret", client.scan(codes[0], "p", webhook=stranger)),
        ("an old timestamp", client.scan(codes[0], "p", age=301)),
        ("an early timestamp", client.scan(codes[0], "p", age=-302)),
    ):
        expect(answer.status == 401, what, answer)

    bodies = set()
    for number, code in enumerate((codes[0][:4] + "0" * 16, "Z" * 20, "no code at all", codes[0][:19])):
        forged = client.scan(code, f"guesser-{uuid.uuid4().hex}")
        expect(forged.status == 404 and forged.seconds >= FLOOR_SECONDS, f"forged code {number}", forged)
        bodies.add(forged.body)
    expect(len(bodies) == 1, "one body for every wrong code", forged)


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    _, url, source, secret, path = sys.argv
    with open(path, encoding="ascii", newline="") as file:
        codes = [row["code"] for _, row in zip(range(CODES), csv.DictReader(file))]
    client = Client(url, source, secret)
    scan_each(client, codes)
    refuse_each(client, codes)
    for failure in failures:
        print(failure, file=sys.stderr)
    if failures:
        sys.exit(1)
    print(f"{len(codes)} codes, scanned as promised.")


if __name__ == "__main__":
    main()
