"""Whose credentials the run has: what AWS STS answers, and no answer where nobody can be asked."""

import http.server
import threading

import pytest

from components.checks import credentials


@pytest.fixture
def sts(monkeypatch):
    """AWS STS on loopback; the test may change its status."""
    answer = {"status": 200}

    class Sts(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(answer["status"])
            self.end_headers()
            self.wfile.write(
                b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account>"
                b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
            )

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sts)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    yield answer
    server.shutdown()
    server.server_close()


def test_the_account_is_the_one_that_sts_names(sts):
    assert credentials.account("us-east-1") == "111122223333"


def test_credentials_that_only_the_provider_can_use_are_left_to_it(sts, monkeypatch, tmp_path):
    """A profile that botocore does not know, or no credentials at all: the provider reports what is wrong."""
    sts["status"] = 403
    assert credentials.account("us-east-1") is None
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert credentials.account("us-east-1") is None
