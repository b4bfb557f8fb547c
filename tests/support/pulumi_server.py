"""Pulumi's download servers on loopback: their layout, checksum files and ranges, and how they fail."""

import hashlib
import io
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: What arrives of an answer that is cut.
CUT = 5 * (1 << 16)

#: A host that only a proxy knows.
BEHIND_PROXY = "http://get.pulumi.invalid"


def archive(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz", compresslevel=1) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            tar.addfile(member, io.BytesIO(content))
    return made.getvalue()


class PulumiServer:
    """Serves files with ranges.

    ``spoil`` says what becomes of the next answers to a path: a status, or "cut", "stall", "slow" or "whole".
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.spoil: dict[str, list[str]] = {}
        #: Path and the Range header of each request.
        self.requests: list[tuple[str, str | None]] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def put(self, folder: str, sums: str, files: dict[str, bytes], algorithm: str = "sha256", prefix: str = "") -> None:
        lines = [f"{hashlib.new(algorithm, content).hexdigest()}  {prefix}{name}" for name, content in files.items()]
        self.files |= {f"{folder}/{name}": content for name, content in files.items()}
        self.files[f"{folder}/{sums}"] = "\n".join([f"{'0' * 64}  other.tar.gz", *lines, ""]).encode()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                # A proxy gets the whole URL.
                path = self.path.replace(BEHIND_PROXY, "")
                wanted = self.headers.get("Range")
                server.requests.append((self.path, wanted))
                waiting = server.spoil.get(path, [])
                how = waiting.pop(0) if waiting else ""
                content = server.files.get(path)
                if how.isdigit() or content is None:
                    self.send_response(int(how or 404))
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and how != "whole" else 0
                if start >= len(content):
                    self.send_response(416)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(content) - start))
                self.end_headers()
                if how == "cut":
                    self.wfile.write(content[start : start + CUT])
                    self.close_connection = True
                elif how == "stall":
                    self.wfile.write(content[start : start + CUT])
                    self.wfile.flush()
                    time.sleep(1)
                    self.close_connection = True
                elif how == "slow":
                    for at in range(start, len(content), CUT):
                        self.wfile.write(content[at : at + CUT])
                        time.sleep(0.1)
                else:
                    self.wfile.write(content[start:])

        return Handler
