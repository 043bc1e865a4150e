"""Signs the hooks that schemathesis makes up, as Standard Webhooks asks: nothing else would ever get past the signature.

Loaded by schemathesis itself (SCHEMATHESIS_HOOKS); SIYU_MATRIX_SECRET is the secret of the source that
SIYU_MATRIX_SOURCE names. Three of four hooks go to that source, the rest to whatever schemathesis thought of.
"""

import base64
import hashlib
import hmac
import os
import random
import re
import time
import uuid

import schemathesis
from requests.auth import AuthBase

KEY = base64.b64decode(os.environ["SIYU_MATRIX_SECRET"].removeprefix("whsec_"))
SOURCE = os.environ["SIYU_MATRIX_SOURCE"]


class Signature(AuthBase):
    def __call__(self, request):
        if "/v1/hooks/" not in request.url:
            return request
        if random.random() < 0.75:
            request.url = re.sub("/v1/hooks/[^/?]*", f"/v1/hooks/{SOURCE}", request.url, count=1)
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode()
        delivery = str(uuid.uuid4())
        timestamp = str(int(time.time()))
        code = hmac.new(KEY, f"{delivery}.{timestamp}.".encode() + body, hashlib.sha256).digest()
        request.headers["webhook-id"] = delivery
        request.headers["webhook-timestamp"] = timestamp
        request.headers["webhook-signature"] = "v1," + base64.b64encode(code).decode()
        return request


schemathesis.auth.set_from_requests(Signature())
