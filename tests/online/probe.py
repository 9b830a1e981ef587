"""A webhook handler: `probe.py VENDOR BEHAVIOR SECRET`. It checks signatures with Python's own library, as the vendors document.

right       verifies the signature and, where the vendor signs it, the time
remembers   the same, and answers 409 to a delivery that it knows
open        accepts everything
optional    accepts what has no signature
timeless    verifies the signature, but not the time
reencoded   verifies the signature of the body after it was parsed and written again
timestamped asks for a signed time that the vendor does not sign
closed      refuses everything
failing     fails for a signature that is wrong
missing     has no such page
moved       redirects to another address
"""

import base64
import hashlib
import hmac
import http.server
import json
import sys
import time

vendor, behavior, secret = sys.argv[1:4]
known = set()


def digest(key, message):
    return hmac.new(key, message, hashlib.sha256)


def signature(headers, body):
    """The expected and the given signature, the signed time, and the id."""
    if vendor == "attio":
        expected = digest(secret.encode(), body).hexdigest()
        return expected, headers["Attio-Signature"], time.time(), headers["Idempotency-Key"]
    if vendor == "stripe":
        given = headers["Stripe-Signature"]
        parts = dict(part.split("=", 1) for part in (given or "t=0").split(","))
        expected = digest(secret.encode(), parts["t"].encode() + b"." + body).hexdigest()
        return expected, parts.get("v1"), int(parts["t"]), json.loads(body)["id"]
    number, sent, given = (headers["svix-" + name] for name in ("id", "timestamp", "signature"))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(digest(key, f"{number}.{sent}.".encode() + body).digest()).decode()
    return expected, given, int(sent), number


def status(headers, body):
    fixed = {"open": 200, "closed": 401, "missing": 404, "moved": 307}
    if behavior in fixed:
        return fixed[behavior]
    if behavior == "timestamped":
        return 200 if headers["X-Attio-Timestamp"] else 400
    if behavior == "reencoded":
        body = json.dumps(json.loads(body)).encode()
    expected, given, sent, number = signature(headers, body)
    if behavior == "optional" and not given:
        return 200
    if not hmac.compare_digest(expected, given or ""):
        return 500 if behavior == "failing" else 400
    if behavior != "timeless" and abs(time.time() - sent) > 300:
        return 400
    if behavior == "remembers" and number in known:
        return 409
    known.add(number)
    return 204


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(status(self.headers, body))
        if len(sys.argv) > 4:
            self.send_header("Location", sys.argv[4])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
