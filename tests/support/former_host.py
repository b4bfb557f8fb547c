"""A host as the bash scripts leave it: secrets beside other variables, plain units, a site for each name.

Leaves out the machine, which is a ``Host`` that answers and whose names lead to it.
"""

from hostsetup.bundle import File, render_bundle
from hostsetup.environment import SECRET_FILES, environment_files
from hostsetup.services import (
    BIN_DIR,
    BINARIES,
    ETC_DIR,
    KEY_PAIRS,
    KEYS_DIR,
    SERVICES,
    SESSION_PUBLIC_KEY,
    STAGED_ARCHIVE,
)

FORMER_KEYS = "/var/lib/agentkeys/.broker-keys"
KEK = {"worker-creds.env": "AGENTKEYS_WORKER_KEK_HEX", "worker-memory.env": "AGENTKEYS_MEMORY_KEK_HEX"}

UNIT = """\
[Unit]
Description=AgentKeys {unit}
{requires}
[Service]
User=agentkeys
WorkingDirectory=/var/lib/agentkeys
{environment}ExecStart={command}
Restart={restart}
RestartSec=5s
NoNewPrivileges=true
ProtectSystem=strict
ProtectHome=true
PrivateTmp=true
ReadWritePaths=/var/lib/agentkeys

[Install]
WantedBy=multi-user.target
"""

SITE = """\
server {{
    listen 80;
    server_name {name};
    location /.well-known/acme-challenge/ {{ root /var/www/certbot; }}
    location / {{ return {answer}; }}
}}
"""
SITE_TLS = (
    SITE
    + """\
server {{
    listen 443 ssl;
    server_name {name};
    ssl_certificate /etc/letsencrypt/live/{name}/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/{name}/privkey.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    location / {{ proxy_pass http://127.0.0.1:{port}; proxy_http_version 1.1; proxy_set_header Host $host; }}
}}
"""
)


def former_files(site):
    """What the scripts wrote: secrets beside other variables, plain units."""
    files = []
    for file in environment_files(site):
        content = file.content.replace(str(KEYS_DIR), FORMER_KEYS)
        if (name := KEK.get(file.path.rsplit("/", 1)[-1])) is not None:
            content += f"{name}=@{name}@\n"
        files.append(File(path=file.path, content=content, owner=file.owner, mode=file.mode))
    files.append(
        File(
            path=f"{ETC_DIR}/dev-key-service.env",
            content="DEV_KEY_SERVICE_MASTER_SECRET=@DEV_KEY_SERVICE_MASTER_SECRET@\n",
            owner="agentkeys:agentkeys",
            mode="0600",
        )
    )
    present = {file.path for file in files}
    for service in SERVICES:
        name = service.unit.removeprefix("agentkeys-")
        environment = [f"{ETC_DIR}/{name}.env"] if f"{ETC_DIR}/{name}.env" in present else []
        if service.binary == "agentkeys-mock-server":
            environment.append(f"{ETC_DIR}/dev-key-service.env")
        command = " ".join((str(BIN_DIR / service.binary), *service.arguments)).format(site=site)
        if service.requires_broker and service.unit != "agentkeys-signer":
            read = f'BROKER_CAP_PUBKEY_PEM="$$(cat {SESSION_PUBLIC_KEY})"'
            command = f"/bin/sh -c '{read}; export BROKER_CAP_PUBKEY_PEM; exec {command}'"
        files.append(
            File(
                path=f"/etc/systemd/system/{service.unit}.service",
                content=UNIT.format(
                    unit=service.unit,
                    requires="Requires=agentkeys-broker.service\nAfter=agentkeys-broker.service\n"
                    if service.requires_broker
                    else "",
                    environment="".join(f"EnvironmentFile={path}\n" for path in environment),
                    command=command,
                    restart="always" if service.always_restart else "on-failure",
                ),
            )
        )
    return files


def where(number, name):
    """Sites are named after the unit, after the host, and one lies where Amazon Linux has them."""
    if number == 0:
        return "/etc/nginx/conf.d/" + name + ".conf"
    return "/etc/nginx/sites-enabled/" + (f"agentkeys-{number}" if number % 2 else name)


def former_sites(site, *, tls):
    ports = {service.public: service.port for service in SERVICES}
    return [
        File(
            path=where(number, name),
            content=(SITE_TLS if tls else SITE).format(
                name=name, port=ports[key], answer="301 https://$host$request_uri" if tls else "503"
            ),
        )
        for number, (key, name) in enumerate(site.public_names.items())
    ]


def as_the_scripts_leave_it(machine):
    """By this program's own way of bringing files and packages, of which nothing is left behind."""
    site = machine.site
    machine.set_up(only=("toolkit", "packages"))
    machine.sudo(f"""
useradd --system --user-group --home-dir /var/lib/agentkeys --shell /sbin/nologin --no-create-home agentkeys
useradd --user-group --home-dir /home/agentkey --shell /bin/bash --create-home --groups sudo agentkey
install -d -o agentkeys -g agentkeys -m 0700 /var/lib/agentkeys /var/lib/agentkeys/audit-leaves {FORMER_KEYS}
install -d -o root -g root -m 0755 {ETC_DIR} /var/www/certbot
tar -xzf {STAGED_ARCHIVE} -C {BIN_DIR} --no-same-owner -- {" ".join(BINARIES)}
for name in {" ".join(BINARIES)}; do cp {BIN_DIR}/$name {BIN_DIR}/$name.bak; done
for purpose in oidc session; do
  runuser -u agentkeys -- {BIN_DIR}/agentkeys-broker-server keygen --purpose $purpose \\
    --out {FORMER_KEYS}/$purpose-keypair.json >/dev/null
done
rm -f /etc/nginx/sites-enabled/default
""")

    def install(files):
        machine.said("sudo /usr/local/lib/agentkeys-setup/install-files", stdin=render_bundle(files))

    install(former_files(site))
    install(former_sites(site, tls=False))
    names = " ".join(site.public_names.values())
    machine.sudo(f"""
for name in AGENTKEYS_WORKER_KEK_HEX AGENTKEYS_MEMORY_KEK_HEX DEV_KEY_SERVICE_MASTER_SECRET; do
  sed -i "s/@$name@/$(openssl rand -hex 32)/" {ETC_DIR}/*.env
done
systemctl restart nginx
for name in {names}; do
  certbot certonly --webroot -w /var/www/certbot -d $name --agree-tos -m ops@example.org --non-interactive \\
    --server {site.acme_directory} >/dev/null 2>&1
done
""")
    install(former_sites(site, tls=True))
    units = " ".join(service.unit for service in SERVICES)
    machine.sudo(f"""
systemctl reload nginx
systemctl daemon-reload
systemctl enable --quiet {units}
for unit in {units}; do
  systemctl start $unit
  sleep 0.3
done
rm -r /usr/local/lib/agentkeys-setup /var/lib/agentkeys-setup
""")


def healthy(machine):
    """What each service answers on loopback."""
    ports = " ".join(str(service.port) for service in SERVICES)
    asked = f"for port in {ports}; do curl -s -o /dev/null -w '%{{http_code}} ' --retry 20 --retry-connrefused " \
            "--retry-delay 1 http://127.0.0.1:$port/healthz; done"  # fmt: skip
    return machine.said(asked).split()


def keys(machine):
    """What tokens are verified with, as the world gets it."""
    name = machine.site.public_names["broker"]
    return machine.said(
        f"sudo curl -s --resolve {name}:443:127.0.0.1 --cacert /etc/letsencrypt/live/{name}/chain.pem "
        f"https://{name}/.well-known/jwks.json"
    )


def values(machine, paths):
    """The secrets' digests: a test must not print one."""
    return machine.sudo("\n".join(f"{command} | sha256sum" for command in paths)).split("\n")


#: The same secret before and after, as a command that prints it.
BEFORE = [
    *(f"grep -h ^{name}= {ETC_DIR}/*.env" for name in SECRET_FILES.values()),
    *(f"cat {FORMER_KEYS}/{path.name}" for path in KEY_PAIRS.values()),
]
AFTER = [*(f"cat {path}" for path in (*SECRET_FILES, *KEY_PAIRS.values()))]


def certificates(machine):
    return machine.sudo("cd /etc/letsencrypt; find live archive -type f -o -type l | sort | xargs sha256sum")
