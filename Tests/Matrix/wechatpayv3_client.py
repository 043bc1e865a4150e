#!/usr/bin/env python3
"""The PyPI package `wechatpayv3`, as it is, against a running siyu-sandbox.

Places an order, pays it, queries it, refunds it, queries the refund, and verifies and decrypts both notifications; then the
same without the public key, by the platform certificate that it fetches itself.

    wechatpayv3_client.py --merchant STATE/merchant.json

Needs the packages `wechatpayv3` and `requests` in the Python that runs it, and siyu-sandbox running. Exits with 0 only if all of
it held, 1 if something did not, 69 if a package or the sandbox is missing.
"""

import argparse
import http.server
import json
import queue
import sys
import threading
import time
import uuid

try:
    import requests
    from wechatpayv3 import WeChatPay, WeChatPayType
except ImportError as missing:
    sys.exit(print(f"{missing.name} is missing: pip install wechatpayv3 requests", file=sys.stderr) or 69)

WAIT = 30.0


class Failed(Exception):
    pass


def hold(condition, sentence):
    if not condition:
        raise Failed(sentence)


class Receiver:
    """Takes notifications as a merchant does: what cannot be verified is answered 401."""

    def __init__(self):
        self.arrived = queue.Queue()
        self.verify = None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                event = None
                try:
                    event = outer.verify(dict(self.headers), body)
                except Exception as error:  # The package raises what it likes.
                    print(f"refused a notification: {error}", file=sys.stderr)
                self.send_response(204 if event else 401)
                self.end_headers()
                if event:
                    outer.arrived.put(event)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/notify"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, event_type, number):
        """The next notification of a type about a number; others of earlier rounds are left aside."""
        deadline = time.monotonic() + WAIT
        while True:
            try:
                event = self.arrived.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise Failed(f"no {event_type} for {number} within {WAIT:.0f} s") from None
            resource = event["resource"]
            if event["event_type"] == event_type and number in (
                resource.get("out_trade_no"), resource.get("out_refund_no")
            ):
                return resource


def client(merchant, notify_url, by_public_key):
    keys = merchant["platform_keys"]
    key_id = next(key for key in keys if key.startswith("PUB_KEY_ID_"))
    credentials = dict(
        wechatpay_type=WeChatPayType.MINIPROG, mchid=merchant["mchid"], private_key=merchant["private_key_pem"],
        cert_serial_no=merchant["serial_number"], appid=merchant["appid"], apiv3_key=merchant["api_v3_key"],
        notify_url=notify_url, timeout=(3, 15),
    )
    if by_public_key:
        pay = WeChatPay(public_key=keys[key_id], public_key_id=key_id, **credentials)
        # The package knows one address, WeChat Pay's; this is the only thing that is told otherwise.
        pay._core._gate_way = merchant["base_url"]
        return pay
    from wechatpayv3.core import Core

    fetch = Core._update_certificates

    def fetch_here(core):
        core._gate_way = merchant["base_url"]
        fetch(core)

    Core._update_certificates = fetch_here
    try:
        return WeChatPay(**credentials)
    finally:
        Core._update_certificates = fetch


def succeed(answer, what):
    code, message = answer
    hold(200 <= code < 300, f"{what}: {code} {message}")
    return json.loads(message) if message else {}


def pay_and_refund(pay, merchant, receiver, fen=12_800):
    number = uuid.uuid4().hex
    openid = "oMatrixBuyer00000000000000001"
    order = dict(description="礼物", out_trade_no=number, amount={"total": fen, "currency": "CNY"}, payer={"openid": openid})
    prepay_id = succeed(pay.pay(**order), "pay")["prepay_id"]
    hold(succeed(pay.query(out_trade_no=number), "query")["trade_state"] == "NOTPAY", "an unpaid order is NOTPAY")
    hold(pay.sign([merchant["appid"], "1", "n", f"prepay_id={prepay_id}"]), "the pay sign")

    paid = requests.post(
        merchant["base_url"] + "/sandbox/pay", json={"prepay_id": prepay_id, "openid": openid}, timeout=WAIT
    )
    hold(paid.status_code == 200, f"the shopper pays: {paid.status_code} {paid.text}")
    payment = succeed(pay.query(out_trade_no=number), "query")
    hold(payment["trade_state"] == "SUCCESS", "a paid order is SUCCESS")
    hold(payment["amount"]["total"] == fen and payment["payer"]["openid"] == openid, "the payment is ours")
    notice = receiver.wait("TRANSACTION.SUCCESS", number)
    hold(notice["transaction_id"] == payment["transaction_id"], "the notification is about the payment")

    refund_number = f"RF-{number}-1"
    refund = dict(
        out_refund_no=refund_number, out_trade_no=number, reason="礼物超时未领取", notify_url=receiver.url,
        amount={"refund": fen, "total": fen, "currency": "CNY"},
    )
    hold(succeed(pay.refund(**refund), "refund")["status"] in ("PROCESSING", "SUCCESS"), "the refund is accepted")
    hold(succeed(pay.refund(**refund), "refund again")["out_refund_no"] == refund_number, "the same number again")
    code, _ = pay.refund(**{**refund, "amount": {"refund": fen - 1, "total": fen, "currency": "CNY"}})
    hold(code == 400, f"the same number with another amount is refused, not {code}")
    notice = receiver.wait("REFUND.SUCCESS", refund_number)
    hold(notice["amount"]["refund"] == fen, "the notification is about the refund")
    hold(succeed(pay.query_refund(refund_number), "query refund")["status"] == "SUCCESS", "the refund ends as SUCCESS")

    page = requests.get(f"{merchant['base_url']}/sandbox/book/{number}", timeout=WAIT).json()
    hold(page["payouts"] == 1 and page["payouts_fen"] == fen, f"paid out once, not {page['payouts']} times")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--merchant", required=True, help="the merchant.json in the sandbox's state folder")
    with open(parser.parse_args().merchant, encoding="utf-8") as file:
        merchant = json.load(file)
    try:
        requests.get(merchant["base_url"] + "/sandbox/book", timeout=5).raise_for_status()
    except requests.RequestException as error:
        print(f"siyu-sandbox does not answer at {merchant['base_url']}: {type(error).__name__}", file=sys.stderr)
        return 69
    receiver = Receiver()
    notified = client(merchant, receiver.url, by_public_key=True)
    receiver.verify = notified.callback
    try:
        pay_and_refund(notified, merchant, receiver)
        print("public key: paid, queried, refunded, notified")
        pay_and_refund(client(merchant, receiver.url, by_public_key=False), merchant, receiver)
        print("certificate: paid, queried, refunded, notified")
    except Failed as failure:
        print(f"did not hold: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
