"""nginx's sites for the services: for each public name one vhost without and one with its certificate.

Both are installed on the host. ``scripts/nginx`` chooses one for each name by the certificate on disk, so a name
without a certificate does not affect the others.
"""

from .bundle import File
from .families import SHARE
from .rendering import fill
from .services import SERVICES, Service, Site

FRAGMENTS = SHARE + "nginx/"
HOST_TABLE = SHARE + "hosts"
WEBROOT = "/var/www/certbot"

_STALE = """\
        proxy_cache agentkeys_answers;
        proxy_cache_key $uri;
        proxy_cache_valid 200 5m;
        proxy_cache_lock on;
        proxy_cache_background_update on;
        proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504;
        proxy_ignore_headers Cache-Control Expires Vary;
"""
_LIMIT = "        limit_req zone=agentkeys_clients burst=100 nodelay;\n"


def vhost_files(site: Site) -> tuple[File, ...]:
    """Return the fragments that the host assembles nginx's configuration from, and the table of public names."""
    tls = fill("nginx-tls.conf")
    public = [(service, service.public, site.public_names[service.public]) for service in SERVICES if service.public]
    return (
        File(path=SHARE, mode="0755"),
        File(path=FRAGMENTS, mode="0755"),
        File(path="/var/www/", mode="0755"),
        File(path=WEBROOT + "/", mode="0755"),
        File(path=HOST_TABLE, content="".join(f"{key} {name}\n" for _, key, name in public)),
        File(path=FRAGMENTS + "http.conf", content=fill("nginx-http.conf")),
        File(path=FRAGMENTS + "https.conf", content=fill("nginx-https.conf", tls=tls)),
        *(
            File(path=f"{FRAGMENTS}{key}.http.conf", content=fill("vhost-http.conf", name=name, webroot=WEBROOT))
            for _, key, name in public
        ),
        *(
            File(
                path=f"{FRAGMENTS}{key}.https.conf",
                content=fill("vhost-https.conf", name=name, webroot=WEBROOT, tls=tls, locations=_locations(service)),
            )
            for service, key, name in public
        ),
    )


def _locations(service: Service) -> str:
    special = [*((path, _STALE) for path in service.cached), *((path, _LIMIT) for path in service.limited)]
    proxied = [*special, *((path, "") for path in service.proxied or ("/",))]
    locations = [
        fill("location.conf", match=path if path.endswith("/") else f"= {path}", port=service.port, extra=extra)
        for path, extra in proxied
    ]
    if service.proxied:
        locations.append("    location / {\n        return 404;\n    }\n")
    return "\n".join(locations)
