"""Making accounts, clients and an identity provider for the tests of this folder."""

import base64
import configparser
import contextlib
import datetime
import ipaddress
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import jwt
import pytest
from botocore import UNSIGNED  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox.aws import cbor
from sandbox.aws.probes.ground import speaking
from sandbox.aws.probes.ses import receipt_rule
from sandbox.aws.server import Account

ACCOUNT_ID = "429071895007"
ZONE = "litentry.org"
ZONE_ID = "Z09723983CGM6Y9J6EXAM"
REGION = "us-east-1"

#: The protocols of CloudWatch. Terraform's provider 6 uses the first one, boto3 the second and older SDKs the third.
PROTOCOLS = (cbor.PROTOCOL, "json", "query")

BROKER = "broker.litentry.org"
ISSUER_ADDRESS = "127.9.8.7"
TAGS_CLAIM = "https://aws.amazon.com/tags"


def make_account(home: Path, **changes: Any) -> Account:
    arguments: dict[str, Any] = {"on_change": lambda: None, "port": 0, **changes}
    return Account(home, ACCOUNT_ID, ZONE, ZONE_ID, REGION, **arguments)


def credentials(home: Path, profile: str = "agentkeys-admin") -> dict[str, str]:
    parser = configparser.ConfigParser()
    parser.read(home / "credentials.ini")
    return dict(parser[profile])


def client_of(endpoint: str, service: str, keys: dict[str, str], protocol: str = "") -> Any:
    """A client of an account; with `protocol`, one that uses it for a service that has several."""
    session = speaking(protocol) if protocol else boto3
    client = session.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        config=Config(parameter_validation=False, s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        **keys,
    )

    def without_account(request: Any, **_: Any) -> None:
        # SDKs put the account before the endpoint's host for S3 Control, which no resolver knows.
        request.url = request.url.replace(f"//{ACCOUNT_ID}.", "//")

    # Before it is signed.
    client.meta.events.register_first("request-created.s3-control", without_account)
    return client


@contextlib.contextmanager
def refused(code: str, message: str = "") -> Any:
    """The call inside is refused with this code, and a message that has `message` in it."""
    with pytest.raises(ClientError) as caught:
        yield caught
    assert caught.value.response["Error"]["Code"] == code, caught.value
    assert message in str(caught.value)


def statement(action: Any, resource: Any = "*", effect: str = "Allow", **changes: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **changes}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trusting(principal: Any, *actions: str, **changes: Any) -> str:
    return policy({"Effect": "Allow", "Principal": principal, "Action": list(actions), **changes})


def tags(**values: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


def keys_of(given: dict[str, Any]) -> dict[str, str]:
    """What STS or IAM handed out, as boto3 takes it."""
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        **({"aws_session_token": given["SessionToken"]} if "SessionToken" in given else {}),
    }


class Somebody:
    """A user of a test's own, who may do nothing yet."""

    def __init__(self, iam: Any, endpoint: str, name: str) -> None:
        self.iam = iam
        self.endpoint = endpoint
        self.name = name
        self.arn = iam.create_user(UserName=name)["User"]["Arn"]
        self.keys = keys_of(iam.create_access_key(UserName=name)["AccessKey"])

    def may(self, *statements: dict[str, Any]) -> None:
        """The statements of the user's one policy."""
        self.iam.put_user_policy(UserName=self.name, PolicyName="p", PolicyDocument=policy(*statements))

    def client(self, service: str, protocol: str = "") -> Any:
        return client_of(self.endpoint, service, self.keys, protocol)

    def assume(self, role: str, **changes: Any) -> dict[str, str]:
        """The keys of a session."""
        answer = self.client("sts").assume_role(RoleArn=role, RoleSessionName="test", **changes)
        return keys_of(answer["Credentials"])


def anonymous(endpoint: str, service: str) -> Any:
    """A client that signs nothing."""
    config = Config(signature_version=UNSIGNED, s3={"addressing_style": "path"})
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION, config=config)


def upsert(
    route53: Any, name: str, record_type: str, *values: str, action: str = "UPSERT", zone_id: str = ZONE_ID
) -> None:
    route53.change_resource_record_sets(
        HostedZoneId=zone_id,
        ChangeBatch={
            "Changes": [
                {
                    "Action": action,
                    "ResourceRecordSet": {
                        "Name": name,
                        "Type": record_type,
                        "TTL": 300,
                        "ResourceRecords": [{"Value": value} for value in values],
                    },
                }
            ]
        },
    )


def ses_policy(bucket: str, condition: dict[str, Any] | None, resource: str = "inbound/*") -> str:
    statement: dict[str, Any] = {
        "Sid": "AllowSESWriteInbound",
        "Effect": "Allow",
        "Principal": {"Service": "ses.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/{resource}",
    }
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def s3_rule(name: str, bucket: str, *recipients: str, **changes: Any) -> dict[str, Any]:
    return {**receipt_rule(name, bucket, *recipients), **changes}


def public_jwk(key: ec.EllipticCurvePrivateKey, kid: str) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    x, y = (
        base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode() for number in (numbers.x, numbers.y)
    )
    return {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid, "x": x, "y": y}


class Issuer:
    """An OIDC provider with a certificate of its own authority, as the broker is one."""

    def __init__(self, folder: Path) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.ca = folder / "issuer-ca.pem"
        self.delay = 0.0
        #: Keys beside its own, as JWKs.
        self.beside: list[dict[str, str]] = []
        self.url = f"https://{BROKER}"
        self._server = ThreadingHTTPServer((ISSUER_ADDRESS, 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate(folder))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def token(self, *, key: Any = None, kid: str = "one", **changes: Any) -> str:
        claims = {
            "iss": self.url,
            "sub": "actor:1",
            "aud": "sts.amazonaws.com",
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
            TAGS_CLAIM: {
                "principal_tags": {"agentkeys_actor_omni": ["ab" * 32]},
                "transitive_tag_keys": ["agentkeys_actor_omni"],
            },
            **changes,
        }
        kept = {claim: value for claim, value in claims.items() if value is not None}
        return jwt.encode(kept, key or self.key, algorithm="ES256", headers={"kid": kid})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                time.sleep(issuer.delay)
                document = issuer.documents().get(self.path)
                self.send_response(200 if document else 404)
                self.end_headers()
                self.wfile.write(json.dumps(document).encode())

            def log_message(self, *_args: Any) -> None:
                pass

        return Handler

    def documents(self) -> dict[str, Any]:
        return {
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            "/keys": {"keys": [*self.beside, public_jwk(self.key, "one")]},
        }

    def _certificate(self, folder: Path) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, BROKER)])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName(
                    [x509.DNSName(BROKER), x509.IPAddress(ipaddress.ip_address(ISSUER_ADDRESS))]
                ),
                critical=False,
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        self.ca.write_bytes(pem)
        both = folder / "issuer.pem"
        both.write_bytes(
            pem
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return both
