"""The checks of a preview that ask Google: project, region, zone, image and DNS zone are as the settings say."""

from collections.abc import Callable
from http.client import NOT_FOUND
from typing import Any

import google.auth
import pulumi
import pulumi_gcp as gcp
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from requests.exceptions import RequestException

from clouds.gcp.settings import GcpSettings
from components.checks.answers import reason
from components.checks.zone import Found, Keeper
from gates.dns import without_netrc

_DNS, _IAM = "https://dns.googleapis.com/dns/v1", "https://iam.googleapis.com/v1"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform.read-only"

#: Cloud DNS refuses a second record set, and Terraform's provider therefore replaces the one that is there.
CLOUD_DNS = Keeper(
    lists="`gcloud dns record-sets list --zone <managed zone>` shows them",
    second="Google's provider would replace them. Remove them (`gcloud dns record-sets delete`).",
)


def require(settings: GcpSettings, provider: gcp.Provider) -> None:
    """Raises RunError, before the first resource, for a place that does not exist or that the caller cannot read."""
    options = pulumi.InvokeOptions(provider=provider)

    project = _asked(
        f"projectId: Google refused to return the project {settings.project_id!r}",
        "Check projectId, and the application default credentials (`gcloud auth application-default login`).",
        lambda: gcp.organizations.get_project(project_id=settings.project_id, opts=options),
    )
    if str(project.number) != settings.project_number:
        raise pulumi.RunError(
            f"projectNumber: {settings.project_number} is not the number of {settings.project_id!r}, which is "
            f"{project.number}. Nothing was created. Correct projectNumber or projectId."
        )
    zones = _asked(
        f"region: Google refused to list the zones of {settings.region!r}",
        "Check region, and that the Compute Engine API is enabled.",
        lambda: gcp.compute.get_zones(project=settings.project_id, region=settings.region, opts=options),
    ).names
    if not zones:
        raise pulumi.RunError(
            f"region: there is no region {settings.region!r}. Nothing was created. `gcloud compute regions list` shows "
            "the regions."
        )
    if settings.compute_zone not in zones:
        raise pulumi.RunError(
            f"computeZone: there is no zone {settings.compute_zone!r}; {settings.region} has "
            f"{', '.join(sorted(zones))}. Nothing was created. Correct computeZone."
        )
    publisher, family = settings.image.split("/")
    _asked(
        f"image: Google has no image of the family {family!r} in {publisher!r} for this project",
        "Choose another image; `gcloud compute images list` shows the families.",
        lambda: gcp.compute.get_image(family=family, project=publisher, opts=options),
    )
    if settings.dns != "clouddns":
        return
    zone = _asked(
        f"managedZone: Google refused to return the managed zone {settings.managed_zone!r}",
        "Check managedZone (`gcloud dns managed-zones list`).",
        lambda: gcp.dns.get_managed_zone(name=settings.managed_zone, project=settings.project_id, opts=options),
    )
    if zone.dns_name != f"{settings.zone}.":
        raise pulumi.RunError(
            f"managedZone: {settings.managed_zone!r} is the zone {zone.dns_name!r}, not {settings.zone + '.'!r}. "
            "Nothing was created. Correct zone or managedZone."
        )


def require_pool(settings: GcpSettings) -> None:
    """Raises RunError for a pool that was deleted: its id is not free for 30 days."""
    names = settings.names
    found = _got(
        f"{_IAM}/projects/{settings.project_id}/locations/global/workloadIdentityPools/{names.pool}",
        f"poolEpoch: Google refused to return the workload identity pool {names.pool!r}",
        "Use credentials that may read it (iam.workloadIdentityPools.get), and check that the IAM API is enabled.",
    )
    if found.get("state") == "DELETED":
        raise pulumi.RunError(
            f"poolEpoch: the workload identity pool {names.pool!r} was deleted, and its id is not free for 30 days. "
            f"Nothing was created. Run `pulumi config set -s {pulumi.get_stack()} poolEpoch "
            f"{settings.pool_epoch + 1}`, and enrol the actors again after the `up`."
        )


def records(settings: GcpSettings) -> list[Found]:
    """The record sets of the managed zone, by Cloud DNS's own API: the provider cannot list them. Raises RunError."""
    found: list[Found] = []
    page = ""
    while True:
        shown = _got(
            f"{_DNS}/projects/{settings.project_id}/managedZones/{settings.managed_zone}/rrsets",
            f"managedZone: Google refused to list the records of {settings.managed_zone!r}",
            "Use credentials that may list them (dns.resourceRecordSets.list).",
            pageToken=page,
        )
        found += [
            Found(name=one["name"].lower().rstrip("."), type=one["type"], values=one.get("rrdatas", []))
            for one in shown.get("rrsets", [])
        ]
        page = shown.get("nextPageToken", "")
        if not page:
            return found


def _got(url: str, what: str, remedy: str, **parameters: str) -> dict[str, Any]:
    """The JSON at a URL of Google's, empty if nothing is there. Raises RunError."""
    given = {key: value for key, value in parameters.items() if value}
    try:
        credentials, _ = google.auth.default(scopes=[_SCOPE])
        session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
        session.auth = without_netrc
        answer = session.get(url, params=given, timeout=30)
        if answer.status_code == NOT_FOUND:
            return {}
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
    except (GoogleAuthError, RequestException) as error:
        raise pulumi.RunError(f"{what}: {reason(error)}. Nothing was created. {remedy}") from None
    return found


def _asked(what: str, remedy: str, ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Exception as error:
        raise pulumi.RunError(f"{what}: {reason(error)}. Nothing was created. {remedy}") from None
