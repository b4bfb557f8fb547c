"""Faults of the account as a whole: slow answers, throttling and eventual consistency.

The settings are a JSON file that is read before each request. Without it, answers are immediate and consistent. Leaves
out faults of single calls (``faults``).

Sources: EC2's token buckets, https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html; Route 53's five
requests a second, https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html; SES's one call of an
operation a second, https://docs.aws.amazon.com/ses/latest/APIReference-V2/. IAM's rates are not published. That SES is
eventually consistent: https://docs.aws.amazon.com/ses/latest/DeveloperGuide/general-issues.html.
"""

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from sandbox.aws.faults import failure, throttled
from sandbox.aws.iam import refusals
from sandbox.aws.iam.received import Received
from sandbox.aws.iam.refusals import Response


class WeatherError(ValueError):
    """The settings are invalid. The message names the setting and its allowed values."""


@dataclass(frozen=True, kw_only=True)
class Weather:
    """The settings. Durations are in seconds; 0 is off."""

    inconsistent: float = 0.0
    """How long other calls do not see a new resource."""
    throttled: bool = False
    """Whether AWS's request rates are enforced."""
    slow: float = 0.0
    """Delay of every answer."""
    boot: float = 0.0
    """Delay before an instance's host starts."""

    def __post_init__(self) -> None:
        for name in ("inconsistent", "slow", "boot"):
            if not 0 <= getattr(self, name) <= 3600:
                raise WeatherError(f"{name} is {getattr(self, name)}; it must be from 0 to 3600 seconds")


def read(path: Path) -> Weather:
    """The settings at ``path``, or the defaults without a file. Raises WeatherError."""
    try:
        given = json.loads(path.read_text())
    except FileNotFoundError:
        return Weather()
    except ValueError as error:
        raise WeatherError(f"{path} is not JSON: {error}. Correct or delete it.") from None
    known = {field.name for field in fields(Weather)}
    if not isinstance(given, dict) or not given.keys() <= known:
        raise WeatherError(f"{path} has {given!r}; its keys can be {', '.join(sorted(known))}. Correct or delete it.")
    return Weather(**given)


def write(path: Path, weather: Weather) -> None:
    """Write the settings. They apply to the next request."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".new").write_text(json.dumps(asdict(weather)))
    path.with_suffix(".new").rename(path)


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A token bucket: its size, and the tokens added per second."""

    burst: float
    per_second: float


def rate(received: Received) -> tuple[str, Rate]:
    """Name and rate of the bucket that a request takes a token from."""
    match received.service:
        case "ec2" if received.reads:
            return received.operation, Rate(burst=100, per_second=20)
        case "ec2":
            return received.operation, Rate(burst=50, per_second=5)
        case "route53":
            return "route53", Rate(burst=5, per_second=5)
        case "ses" | "sesv2":
            return f"{received.service} {received.operation}", Rate(burst=1, per_second=1)
        case "iam":
            # Not published; an estimate.
            return "iam", Rate(burst=30, per_second=15)
    return received.service, Rate(burst=1000, per_second=1000)


@dataclass(frozen=True, kw_only=True)
class Newness:
    """A create call, and the calls that do not see its resource at first. ``subject`` reads its name from each."""

    service: str
    create: str
    blind: tuple[str, ...]
    subject: Callable[[Received], str]
    code: str
    status: str = "404 Not Found"


def _form(key: str) -> Callable[[Received], str]:
    return lambda received: received.form.get(key, "")


def _profile(received: Received) -> str:
    return received.form.get("InstanceProfileName") or received.form.get("IamInstanceProfile.Name", "")


def _identity(received: Received) -> str:
    return str(received.labels.get("EmailIdentity") or received.members.get("EmailIdentity", ""))


NEWNESSES = (
    Newness(
        service="iam", create="CreateRole", subject=_form("RoleName"), code="NoSuchEntity",
        blind=("iam GetRole", "iam ListRolePolicies", "iam ListAttachedRolePolicies"),
    ),
    Newness(
        service="iam", create="CreateUser", subject=_form("UserName"), code="NoSuchEntity",
        blind=("iam GetUser", "iam ListUserPolicies", "iam ListAttachedUserPolicies"),
    ),
    Newness(
        service="iam", create="CreateInstanceProfile", subject=_profile, code="NoSuchEntity",
        blind=("iam GetInstanceProfile",),
    ),
    Newness(
        service="iam", create="CreateInstanceProfile", subject=_profile, code="InvalidParameterValue",
        blind=("ec2 RunInstances",), status="400 Bad Request",
    ),
    Newness(
        service="sesv2", create="CreateEmailIdentity", subject=_identity, code="NotFoundException",
        blind=("sesv2 GetEmailIdentity",),
    ),
)  # fmt: skip

#: The text in EC2's rejection of a new instance profile that makes the provider retry.
_MESSAGES = {
    "InvalidParameterValue": "Value ({}) for parameter iamInstanceProfile.name is invalid. "
    "Invalid IAM Instance Profile name"
}


#: The new key in IAM's answer.
_KEY = re.compile(rb"<AccessKeyId>(\w+)</AccessKeyId>")


class Sky:
    """The current settings and the state of their effects."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._weather = Weather()
        self._tokens: dict[str, tuple[float, float]] = {}
        self._made: dict[tuple[str, str, str], float] = {}

    @property
    def weather(self) -> Weather:
        """The current settings. Raises WeatherError."""
        with self._lock:
            try:
                now = self._path.stat()
            except FileNotFoundError:
                self._seen, self._weather = None, Weather()
                return self._weather
            if (now.st_ino, now.st_mtime_ns) != self._seen:
                self._weather, self._seen = read(self._path), (now.st_ino, now.st_mtime_ns)
            return self._weather

    def before(self, received: Received) -> Response | None:
        """Return an answer that replaces the call, or None. It may wait, so do not call it with a lock held."""
        weather = self.weather
        if weather.slow:
            time.sleep(weather.slow)
        if weather.throttled and not self._token(*rate(received)):
            return throttled(received)
        return self._unseen(received, weather.inconsistent) if weather.inconsistent else None

    def after(self, received: Received, answer: Response) -> None:
        """Record what an executed call created."""
        if not self.weather.inconsistent or not answer[0].startswith("2"):
            return
        if received.operation == "CreateAccessKey" and (key := _KEY.search(answer[2])):
            with self._lock:
                self._made["iam", "CreateAccessKey", key[1].decode()] = self._clock()
        for newness in NEWNESSES:
            if (received.service, received.operation) == (newness.service, newness.create):
                with self._lock:
                    self._made[newness.service, newness.create, newness.subject(received)] = self._clock()

    def _unseen(self, received: Received, seconds: float) -> Response | None:
        key = received.credential.access_key_id if received.credential else ""
        with self._lock:
            made = self._made.get(("iam", "CreateAccessKey", key))
        if made is not None and self._clock() - made < seconds:
            message = "The security token included in the request is invalid."
            return refusals.answer(refusals.Refusal(code="InvalidClientTokenId", message=message), received)
        call = f"{received.service} {received.operation}"
        for newness in NEWNESSES:
            if call not in newness.blind or not (subject := newness.subject(received)):
                continue
            with self._lock:
                made = self._made.get((newness.service, newness.create, subject))
            if made is not None and self._clock() - made < seconds:
                message = _MESSAGES.get(newness.code, "{} cannot be found").format(subject)
                return failure(newness.status, newness.code, message, received)
        return None

    def _token(self, name: str, limit: Rate) -> bool:
        with self._lock:
            now = self._clock()
            left, then = self._tokens.get(name, (limit.burst, now))
            left = min(limit.burst, left + (now - then) * limit.per_second)
            self._tokens[name] = (left - 1 if left >= 1 else left, now)
            return left >= 1
