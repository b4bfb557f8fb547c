"""DNS over HTTPS: what public resolvers answer for the stack's names.

Names are resolved over DNS-over-HTTPS only: a VPN client may answer 198.18.x.y to plain DNS.
"""

import re
from collections.abc import Sequence

import requests

from gates.wait import LOOK_TIMEOUT, NotYet

#: TYPE of a record in DNS answers (RFC 1035 section 3.2.2, RFC 3596, RFC 9460, RFC 8659 section 4.1).
TYPES = {"A": 1, "NS": 2, "CNAME": 5, "MX": 15, "TXT": 16, "AAAA": 28, "HTTPS": 65, "CAA": 257}


def visible(hosts: Sequence[str], address: str, doh_urls: Sequence[str]) -> str:
    """Every resolver gives exactly ``address`` for every host. Raises NotYet with what each of the others gives."""
    wrong = [
        f"{url} gives {' '.join(found) or 'nothing'} for {host}"
        for host in hosts
        for url in doh_urls
        if (found := resolve(host, url)) != [address]
    ]
    if wrong:
        raise NotYet("; ".join(wrong))
    return f"{len(hosts)} names resolve to {address}"


def published(records: Sequence[str], doh_urls: Sequence[str]) -> str:
    """Every resolver gives exactly the value of every record, each told as ``<name> <type> <value>``.

    Raises NotYet with the records that are missing, as lines of a zone file.
    """
    missing = []
    for record in records:
        name, kind, value = record.split(" ", 2)
        for url in doh_urls:
            found = [_plain(seen) for seen in resolve(name, url, kind)]
            # Others may have texts of their own at the name; everything else belongs only to this stack.
            if found != [_plain(value)] and not (kind == "TXT" and _plain(value) in found):
                missing.append(zone_line(name, kind, value))
                break
    if missing:
        raise NotYet(f"{len(missing)} of {len(records)} records are not there:\n" + "\n".join(missing))
    return f"{len(records)} records are there"


def zone_line(name: str, kind: str, value: str) -> str:
    """One record in the form of a zone file (RFC 1035 section 5), its names absolute, its TTL the file's."""
    if kind == "TXT":
        value = f'"{value}"'
    elif kind in ("CNAME", "MX"):
        value = f"{value}."
    return f"{name}. IN {kind} {value}"


def relevant_caa(host: str, doh_url: str) -> tuple[str, list[str]]:
    """The name whose CAA records decide about ``host``, and the records: the closest one upwards that has any (RFC 8659
    section 3). Both are empty where nothing restricts it. Raises NotYet when the resolver does not answer.
    """
    labels = host.split(".")
    for start in range(len(labels)):
        name = ".".join(labels[start:])
        if found := resolve(name, doh_url, "CAA"):
            return name, [_caa(value) for value in found]
    return "", []


def _caa(value: str) -> str:
    """In the form of a zone file. Some resolvers give types that they do not print in a generic one (RFC 3597 section
    5): ``\\# <octets> <hex>``.
    """
    generic = re.fullmatch(r"\\# \d+((?: [0-9A-Fa-f]+)+)", value)
    if generic is None:
        return value
    data = bytes.fromhex("".join(generic[1].split()))
    tag, text = data[2 : 2 + data[1]], data[2 + data[1] :]
    return f'{data[0]} {tag.decode("ascii", "replace")} "{text.decode("ascii", "replace")}"'


def without_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """As a request's ``auth``: keeps requests from sending what a netrc file has for the host, or by default."""
    return request


def _plain(value: str) -> str:
    """Resolvers differ in quotes, in the last dot of a name and in its case."""
    return value.strip('"').rstrip(".").lower()


def resolve(host: str, doh_url: str, kind: str = "A") -> list[str]:
    """Values of a name's records of one type, sorted, from one resolver's JSON answer; empty while there are none."""
    try:
        answer = requests.get(
            doh_url,
            params={"name": host, "type": kind},
            headers={"accept": "application/dns-json"},
            auth=without_netrc,
            timeout=LOOK_TIMEOUT,
        )
        answer.raise_for_status()
        records = answer.json().get("Answer", [])
    except (requests.RequestException, ValueError) as error:
        raise NotYet(
            f"{doh_url} does not answer for {host}: {error}",
            fix=f"Check that this computer reaches {doh_url} (a proxy is taken from HTTPS_PROXY, an authority from "
            "REQUESTS_CA_BUNDLE), or name other resolvers in dohUrls.",
        ) from error
    return sorted(record["data"] for record in records if record["type"] == TYPES[kind])
