"""The gates against servers on loopback: what they accept, what they say otherwise, and when they give up."""

import http.server
import json
import threading

import pytest

from hostsetup import gates


@pytest.fixture
def doh():
    """A DNS-over-HTTPS resolver that gives ``answers`` for every name; the test may change them."""
    answers: list[str] = []

    class Resolver(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            records = [{"name": "host.", "type": 5, "TTL": 1, "data": "alias."}] + [
                {"name": "host.", "type": 1, "TTL": 1, "data": address} for address in answers
            ]
            content = json.dumps({"Status": 0, "Answer": records} if answers else {"Status": 3}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Resolver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/dns-query", answers
    server.shutdown()
    thread.join()
    server.server_close()


def test_dns_is_visible_when_every_host_has_exactly_the_address(doh):
    url, answers = doh
    answers[:] = ["3.208.12.34"]
    assert gates.visible(["a.example", "b.example"], "3.208.12.34", [url]) == "2 names resolve to 3.208.12.34"


@pytest.mark.parametrize(
    ("given", "said"),
    [([], "gives nothing for a.example"), (["198.18.0.7"], "gives 198.18.0.7 for a.example"),
     (["3.208.12.34", "3.208.12.35"], "gives 3.208.12.34 3.208.12.35 for a.example")],
)  # fmt: skip
def test_a_missing_another_or_an_additional_address_is_told(doh, given, said):
    url, answers = doh
    answers[:] = given
    with pytest.raises(gates.NotYet, match=said):
        gates.visible(["a.example"], "3.208.12.34", [url])


def test_a_resolver_that_does_not_answer_is_told():
    with pytest.raises(gates.NotYet, match=r"http://127\.0\.0\.1:9/ does not answer for a\.example"):
        gates.resolve("a.example", "http://127.0.0.1:9/")


def test_a_gate_gives_up_with_what_it_saw_the_cure_and_how_to_go_on(doh, monkeypatch, capsys):
    url, _ = doh
    monkeypatch.setattr(gates, "PAUSE", 0.01)
    with pytest.raises(SystemExit) as given_up:
        gates.main(["dns", "--timeout", "0.1", "--address", "3.208.12.34", "--doh", url, "a.example"])
    message = str(given_up.value)
    assert "gives nothing for a.example" in message
    assert "NXDOMAIN means" in message
    assert "run `pulumi up` again" in message
    assert capsys.readouterr().err.count("waiting for") == 1


def test_a_gate_waits_until_the_answer_is_there(doh, monkeypatch, capsys):
    url, answers = doh
    monkeypatch.setattr(gates, "PAUSE", 0.01)
    threading.Timer(0.1, lambda: answers.append("3.208.12.34")).start()
    gates.main(["dns", "--timeout", "5", "--address", "3.208.12.34", "--doh", url, "a.example"])
    assert capsys.readouterr().out == "1 names resolve to 3.208.12.34\n"


def test_no_host_key_while_nothing_listens():
    with pytest.raises(gates.NotYet, match=r"127\.0\.0\.9 port 22 gives no ed25519 host key"):
        gates.host_key("127.0.0.9")


def test_the_command_of_a_gate_is_the_same_on_every_machine():
    assert gates.command("dns", "--doh", "https://a/?b=c") == (
        "venv/bin/python -m hostsetup.gates dns --doh 'https://a/?b=c'"
    )
