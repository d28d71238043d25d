"""What runs in the test image: answers on its port, unless told to fail."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAILS_AT_START = os.environ.get("FAIL_AT_START") == "1"
UNHEALTHY = os.environ.get("UNHEALTHY") == "1"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        healthy = not (UNHEALTHY and self.path == "/health")
        self.send_response(200 if healthy else 503)
        self.end_headers()
        self.wfile.write(json.dumps({"environment": dict(os.environ), "arguments": sys.argv[1:]}).encode())

    def log_message(self, _format: str, *_args: object) -> None:
        """Requests are not logged."""


def main() -> None:
    if FAILS_AT_START:
        print("cannot start", flush=True)
        sys.exit(3)
    time.sleep(float(os.environ.get("START_SECONDS", "0")))
    server = ThreadingHTTPServer((os.environ["BIND"], int(os.environ.get("PORT", "8080"))), Handler)
    print("listening", flush=True)
    threading.Thread(target=server.serve_forever).run()


if __name__ == "__main__":
    main()
