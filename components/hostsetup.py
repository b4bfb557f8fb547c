"""Runs the host's steps over SSH, in order, once the host accepts a login.

Leaves out what the steps do (``hostsetup/``). A changed file or script is a changed input and runs its step again in
place. Only another host replaces the steps, so that a new one is set up from scratch. No step has an ``update`` or
a ``delete``: every step can run again, and what it installed disappears with the instance.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_command as command

import gates
from hostsetup.services import STAGED_ARCHIVE, STAGED_SOURCE, Site
from hostsetup.steps import acme_account, authorized_keys, limited, smtp_password, steps, store_key

#: The step that waits for DNS, because the certificate authority resolves the names. No earlier step needs DNS.
NEEDS_DNS = "certificates"

#: The step that checks the bucket with the host's key, and the one after which every service answers.
READS_STORE_KEY, LAST = "mail", "health"

#: The step that starts the broker, which reads the SMTP password.
READS_SMTP_PASSWORD = "units"  # noqa: S105 - the name of a step

#: Attempts to connect; later ones are five seconds apart. The gate before has seen the port open.
DIAL_ERROR_LIMIT = 20
#: Seconds for each attempt.
DIAL_SECONDS = 15

#: Seconds that the first boot may take.
BOOT_SECONDS = 600

#: Exit code 2 of ``cloud-init status`` means that the host is up and that cloud-init logged a warning.
_BOOTED = "! command -v cloud-init || " + limited("booted", BOOT_SECONDS, "cloud-init status --wait --long", fine=(2,))


@dataclass(frozen=True, kw_only=True)
class HostSetupArgs:
    """Arguments of ``HostSetup``."""

    #: What to install and configure.
    site: Site
    #: Local release archive or git bundle for the step ``release``. None: the host downloads a URL.
    copied: Path | None
    #: IPv4 address of the host.
    address: pulumi.Output[str]
    #: Identifier of the host, like an EC2 instance id. Another host runs every step again.
    host_id: pulumi.Input[str]
    #: Private key of ``login_user``. Secret.
    private_key: pulumi.Output[str]
    #: Public keys that ``login_user`` should have. Empty: his authorized_keys file is left alone.
    public_keys: Sequence[pulumi.Output[str]]
    #: User to log in as; may use sudo without a password.
    login_user: str
    #: What gives the host its address. Empty: the host has it already.
    reachable: Sequence[pulumi.Resource]
    #: The A records of the host.
    addresses: Sequence[pulumi.Resource]
    #: Key id of the external account at the certificate authority (RFC 8555 section 7.3.4). Empty: none.
    acme_eab_kid: str
    #: MAC key of that external account, base64url. Secret.
    acme_eab_hmac_key: pulumi.Output[str]
    #: DNS-over-HTTPS resolvers that must return the host's address before certificates are issued.
    doh_urls: Sequence[str]
    #: Id of the key with which a host outside AWS writes mail to the bucket. Empty: it has none.
    store_key_id: pulumi.Input[str] = ""
    #: The secret of that key. Secret.
    store_key: pulumi.Output[str] | None = None
    #: Password of the SMTP server, if the site has one (``Elsewhere.relay``). Secret.
    smtp_password: pulumi.Output[str] | None = None


class HostSetup(pulumi.ComponentResource):
    """The setup of the host (runbook sections 5, 5b and 10)."""

    #: The last step: every service answers.
    done: pulumi.Resource
    #: What runs on the host, as it reports it: ``sha256:`` and the archive's digest, or ``commit:`` and the commit of
    #: the build. Empty in an `up` whose ``--target`` excludes the step.
    release: pulumi.Output[str]
    #: The pinned host key, as a known_hosts line without the name.
    host_key: pulumi.Output[str]

    def __init__(self, name: str, args: HostSetupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:hostsetup:HostSetup", name, None, opts)
        self._name, self._args = name, args
        self.host_key = self._pin_host_key()
        self._connection = command.remote.ConnectionArgs(
            host=args.address,
            user=args.login_user,
            private_key=args.private_key,
            # Trust on first use: pinned for the lifetime of the instance.
            host_key=self.host_key,
            dial_error_limit=DIAL_ERROR_LIMIT,
            per_dial_timeout=DIAL_SECONDS,
        )
        booted = self._over_ssh("booted", _BOOTED, None, self._child(self._log_in()))
        besides: dict[str, list[pulumi.Resource]] = {
            "release": self._copied_release(booted),
            NEEDS_DNS: [self._see_dns()],
        }
        made = self._run_steps(booted, besides)
        self._authorize_keys(made)
        # Plain with pulumi-command 1.2.1: an output is secret only if the input of the same name is. This keeps it
        # readable if the state holds it as secret.
        self.release = pulumi.Output.unsecret(made["units"].stdout).apply(_running_release)
        self.register_outputs({})

    def _child(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after))

    def _gate(self, *after: pulumi.Resource, seconds: int = 600) -> pulumi.ResourceOptions:
        """Options of a command on the operator's computer, which pulumi-command ends after ``seconds``.

        Once connected, it does not end a remote command, so those have no time limit here but one on the host.
        """
        limit = f"{seconds}s"
        return pulumi.ResourceOptions.merge(
            self._child(*after),
            pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit)),
        )

    def _over_ssh(
        self, what: str, create: str, stdin: pulumi.Input[str] | None, options: pulumi.ResourceOptions
    ) -> command.remote.Command:
        return command.remote.Command(
            f"{self._name}-{what}",
            connection=self._connection,
            create=create,
            stdin=stdin or None,
            triggers=[self._args.host_id],
            add_previous_output_in_env=False,
            logging=command.remote.Logging.STDOUT_AND_STDERR,
            opts=options,
        )

    def _pin_host_key(self) -> pulumi.Output[str]:
        """The gate that waits for SSH and reads the host key."""
        return command.local.Command(
            f"{self._name}-host-key",
            create=self._args.address.apply(lambda address: gates.command("host-key", address)),
            triggers=[self._args.host_id],
            # Behind another address, the same instance must show the same key.
            add_previous_output_in_env=True,
            opts=self._gate(*self._args.reachable),
        ).stdout

    def _log_in(self) -> command.local.Command:
        """The gate that waits until the login user is let in."""
        args = self._args
        return command.local.Command(
            f"{self._name}-login",
            create=pulumi.Output.all(args.address, self.host_key).apply(
                lambda seen: gates.command(
                    "login", "--host-key", (seen[1] or "").strip(), f"{args.login_user}@{seen[0]}"
                )
            ),
            stdin=args.private_key,
            triggers=[args.host_id],
            add_previous_output_in_env=False,
            opts=self._gate(),
        )

    def _copied_release(self, booted: pulumi.Resource) -> list[pulumi.Resource]:
        """The upload of a local archive or git bundle; nothing if the host downloads it."""
        site = self._args.site
        if self._args.copied is None:
            return []
        return [
            command.remote.CopyToRemote(
                f"{self._name}-{'source' if site.source_ref else 'archive'}",
                connection=self._connection,
                source=pulumi.FileAsset(str(self._args.copied)),
                remote_path=str(STAGED_SOURCE if site.source_ref else STAGED_ARCHIVE),
                triggers=[self._args.host_id, site.source_sha256 or site.release_sha256],
                opts=self._child(booted),
            )
        ]

    def _see_dns(self) -> command.local.Command:
        """The gate that waits until every resolver returns the host's address for every public name."""
        args = self._args
        return command.local.Command(
            f"{self._name}-dns",
            create=args.address.apply(
                lambda address: gates.command(
                    "dns", "--address", address, *gates.resolvers(args.doh_urls), *args.site.public_names.values()
                )
            ),
            add_previous_output_in_env=False,
            opts=self._gate(*args.addresses, seconds=900),
        )

    def _run_steps(
        self, booted: pulumi.Resource, besides: dict[str, list[pulumi.Resource]]
    ) -> dict[str, command.remote.Command]:
        """The steps, by name. ``besides`` is what a step waits for in addition to earlier steps. Sets ``done``."""
        made: dict[str, command.remote.Command] = {}
        for step in steps(self._args.site):
            before: list[pulumi.Resource] = [made[earlier] for earlier in step.after] or [booted]
            if step.name == NEEDS_DNS:
                before += self._bind_account(made)
            if step.name == READS_STORE_KEY:
                before += self._store_key(made)
            if step.name == READS_SMTP_PASSWORD:
                before += self._smtp_password(made)
            made[step.name] = self._over_ssh(
                step.name,
                step.command,
                step.stdin,
                self._child(*before, *besides.get(step.name, [])),
            )
        self.done = made[LAST]
        return made

    def _bind_account(self, made: dict[str, command.remote.Command]) -> list[pulumi.Resource]:
        """The step that installs the external account binding; nothing if there is none."""
        kid = self._args.acme_eab_kid
        if not kid:
            return []
        step = acme_account(kid, "")
        return [
            self._over_ssh(
                step.name,
                step.command,
                self._args.acme_eab_hmac_key.apply(lambda key: acme_account(kid, key).stdin),
                self._child(*(made[earlier] for earlier in step.after)),
            )
        ]

    def _store_key(self, made: dict[str, command.remote.Command]) -> list[pulumi.Resource]:
        """The step that installs the host's key of the bucket; nothing if there is none."""
        key_id, key = self._args.store_key_id, self._args.store_key
        if key_id == "" or key is None:
            return []
        step = store_key("", "")
        return [
            self._over_ssh(
                step.name,
                step.command,
                pulumi.Output.all(key_id, key).apply(lambda pair: store_key(*pair).stdin),
                self._child(*(made[earlier] for earlier in step.after)),
            )
        ]

    def _smtp_password(self, made: dict[str, command.remote.Command]) -> list[pulumi.Resource]:
        """The step that installs the SMTP password; nothing if the broker does not send by SMTP."""
        place = self._args.site.elsewhere
        given = self._args.smtp_password
        if place is None or place.relay is None or given is None:
            return []
        step = smtp_password("")
        return [
            self._over_ssh(
                step.name,
                step.command,
                given.apply(lambda password: smtp_password(password).stdin),
                self._child(*(made[earlier] for earlier in step.after)),
            )
        ]

    def _authorize_keys(self, made: dict[str, command.remote.Command]) -> None:
        """The step that installs the login user's keys, which are outputs."""
        if not self._args.public_keys:
            return
        step = authorized_keys([])
        self._over_ssh(
            step.name,
            step.command,
            pulumi.Output.all(*self._args.public_keys).apply(lambda keys: authorized_keys(keys).stdin),
            self._child(*(made[earlier] for earlier in step.after)),
        )


def _running_release(printed: str | None) -> str:
    """The release in the last line of the step ``units``; empty if ``--target`` excluded the step."""
    found: list[str] = re.findall(r"^release (\S+)$", printed or "", re.MULTILINE)
    return found[-1] if found else ""
