"""A stand-in for the instance metadata service: the files of a folder behind IMDSv2's token, on loopback.

Run it as ``python3 metadata_service.py PORT FOLDER``. It uses only the standard library, because it runs on hosts too.
Port 0 chooses a free port. It prints the port when it is ready.
"""

import secrets
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOLDER = Path(sys.argv[2]) if len(sys.argv) > 2 else Path()
TOKEN = secrets.token_hex(16)


class Metadata(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        known = self.path == "/latest/api/token" and self.headers.get("X-aws-ec2-metadata-token-ttl-seconds")
        self._answer(200 if known else 400, TOKEN.encode() if known else b"")

    def do_GET(self) -> None:
        file = FOLDER / self.path.strip("/")
        if self.headers.get("X-aws-ec2-metadata-token") != TOKEN:
            self._answer(401, b"")
        elif file.is_file():
            self._answer(200, file.read_bytes())
        else:
            self._answer(404, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Quiet."""


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Metadata) as server:
        print(server.server_port, flush=True)
        server.serve_forever()
