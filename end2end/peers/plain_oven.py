"""An oven that knows nothing of Hornero: Python's own HTTP server with one JSON document.

Prints its address. The temperature, in tenths of a degree, rises by one at each request.
"""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count

TENTHS = count(1800)


class Oven(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path != "/oven.json":
            self.send_error(404)
            return
        body = json.dumps({"chamber": {"celsius_x10": next(TENTHS)}, "state": "BAKE"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Oven)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
