"""Ovens behind a login: Python's own HTTP server with tokens that run out.

usage: rest_ovens.py '{"port": 0, "uses": 3, "expires_in": 3600, "down": ["status"], "cert": "…", "key": "…"}'

Prints its address. A token is accepted for `uses` requests, then refused with 401. Endpoints in `down` answer 500 until
`/repair`.
`/stats` counts logins, refusals, connections and requests; `/bad/<what>` answers with `what` is wrong.
"""

import json
import secrets
import ssl
import sys
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

OPTIONS = {"port": 0, "uses": 10**9, "expires_in": 3600, "down": [], "password": "s3cret-word", **json.loads(sys.argv[1] if len(sys.argv) > 1 else "{}")}
TOKENS = {}
STATS = Counter()
TICK = iter(range(10**9))


def iso(seconds=0):
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).isoformat()


def wachtel():
    decks = [{"temperature_top": 250 + i, "temperature_bottom": 230 + i} for i in range(4)]
    return {"timestamp": iso(), "temperature": 245.5, "target_temperature": 250, "decks": decks, "status": "Backen",
            "energy_consumption_kwh": 120.5, "humidity": 40}


PATHS = {
    # RATIONAL
    "/units/12345/status": lambda _: {
        "timestamp": iso(), "temperature": 185.5, "temperature_zones": {"cabinet": 180, "core": 72}, "humidity": 65.0,
        "status": "cooking", "cleaning": {"active": False}, "energy_consumption_kwh": 12.5},
    "/haccp-service/haccps": lambda query: [
        {"id": "a", "start": "2026-01-01T05:00:00Z", "finished": True, "programName": "Done"},
        {"id": "b", "start": "2026-01-01T06:00:00Z", "finished": False, "programId": "p1", "progress": 45,
         "duration": 600, "unit": "F", "cabinetTemperature": 356, "coreTemperature": 161.6}]
        if query.get("from") and query.get("to") else [],
    "/cooking-programs": lambda _: [{"id": "p1", "name": "Baguettes", "type": "MANUAL", "status": "published"}],
    # Wachtel
    "/ovens/W-7/readings": lambda _: wachtel(),
    "/ovens/W-7/maintenance": lambda _: {
        "operation_hours": 4120, "alerts": [{"code": "M1", "message": "Brenner warten", "severity": "medium"}]},
    # SALVA
    "/api/v1/equipment/S-1/data": lambda _: {
        "timestamp": iso(), "temperature": "231,5", "temperature_zones": {"top": 240, "bottom": 220}, "power_kw": 9},
    "/api/v1/equipment/S-1/status": lambda _: {"operational_status": "Horneando", "door_status": "cerrada"},
    # A composed one
    "/o/plain": lambda _: {"chamber": {"temp_x10": 2315}, "token": "do-not-show", "time:now": iso()},
    "/o/far": lambda _: {"temperature": 200, "reading_time": iso(3600 * 24 * 365)},
    "/o/back": lambda _: {"temperature": 200, "reading_time": iso(-3600 * next(TICK))},
}

BAD = {
    "garbage": (200, b"\x00\xff\x13garbage", {}),
    "truncated": (200, b'{"temperature": 18', {}),
    "nan": (200, b'{"temperature": NaN}', {}),
    "nan_text": (200, b'{"temperature": "NaN", "humidity": "Infinity", "target_temperature": 200}', {}),
    "huge": (200, b'{"temperature": 1, "x": "' + b"x" * 2_000_000 + b'"}', {}),
    "deep": (200, b"[" * 100_000, {}),
    "busy": (429, b"{}", {"Retry-After": "120"}),
    "forbidden": (403, b"{}", {}),
    "elsewhere": (302, b"", {"Location": "http://elsewhere.example/x"}),
    "empty": (200, b"", {}),
    "list": (200, b"[1, 2, 3]", {}),
}


def fields(body):
    text = body.decode()
    return json.loads(text) if text.startswith("{") else {name: values[0] for name, values in parse_qs(text).items()}


class Oven(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        STATS["connections"] += 1
        super().setup()

    def answer(self, status, body, headers=None):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def login(self, body):
        told = fields(body)
        right = (told.get("username"), told.get("password")) == ("baker", OPTIONS["password"])
        client = (told.get("client_id"), told.get("client_secret")) == ("client", "s3cret-word")
        if not right and not (client and told.get("grant_type") == "client_credentials"):
            # Some servers repeat what they were sent.
            return self.answer(401, {"error": f"wrong password {told.get('password')}"})
        STATS["logins"] += 1
        token = secrets.token_hex(16)
        TOKENS[token] = OPTIONS["uses"]
        self.answer(
            200,
            {"token": token, "access_token": token, "expires_in": OPTIONS["expires_in"]},
            {"Set-Cookie": f"SID={token}; Path=/; HttpOnly"},
        )

    def allowed(self):
        cookie = self.headers.get("Cookie", "").removeprefix("SID=")
        token = self.headers.get("Authorization", "").removeprefix("Bearer ") or cookie
        TOKENS[token] = TOKENS.get(token, 0) - 1
        if TOKENS[token] < 0:
            STATS["refused"] += 1
            return False
        return True

    def handle_one(self, body):
        parts = urlsplit(self.path)
        path = parts.path
        if path == "/stats":
            return self.answer(200, STATS)
        if path == "/repair":
            OPTIONS["down"] = []
            return self.answer(200, {})
        if path in ("/auth/login", "/oauth/token"):
            return self.login(body)
        if path.startswith("/bad/") and path[5:] in BAD:
            return self.answer(*BAD[path[5:]])
        if path == "/bad/slow":
            time.sleep(30)
        if not path.startswith("/o/") and not self.allowed():
            return self.answer(401, {})
        STATS["asked"] += 1
        if path.rsplit("/", 1)[-1] in OPTIONS["down"]:
            return self.answer(500, {})
        if path == "/query":
            return self.answer(200, {"echo": fields(body), "method": self.command, "mode": "Reinigung"})
        if path not in PATHS:
            return self.answer(404, {})
        self.answer(200, PATHS[path]({name: values[0] for name, values in parse_qs(parts.query).items()}))

    def do_GET(self):
        self.handle_one(b"")

    def do_POST(self):
        self.handle_one(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def log_message(self, *_):
        pass


ThreadingHTTPServer.allow_reuse_address = True
ThreadingHTTPServer.daemon_threads = True
server = ThreadingHTTPServer(("127.0.0.1", OPTIONS["port"]), Oven)
scheme = "http"
if "cert" in OPTIONS:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(OPTIONS["cert"], OPTIONS["key"])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "https"
print(f"{scheme}://localhost:{server.server_port}", flush=True)
server.serve_forever()
