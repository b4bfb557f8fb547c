"""Carries the host's steps over SSH, in their order, once the machine answers and its names resolve.

Leaves out what the steps do (``hostsetup/``). A changed file or script shows as a changed input and runs its step
again in place; only another instance replaces the steps, so that a new machine is set up from zero. No step has an
``update`` or a ``delete``: every step can be run again, and what is on a machine goes with it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_command as command

import gates
from hostsetup.services import STAGED_ARCHIVE, STAGED_SOURCE, Site
from hostsetup.steps import authorized_keys, steps

#: Name of the step that asks the certificate authority, which looks the names up: it waits for DNS, nothing earlier
#: does.
NEEDS_DNS = "certificates"

#: Tries to open a connection, the later ones five seconds apart; the gate before has seen the port open.
DIAL_ERROR_LIMIT = 20
DIAL_SECONDS = 15


@dataclass(frozen=True, kw_only=True)
class HostSetupArgs:
    """``copied`` is the local archive or git bundle that the step ``release`` uses, None when the host fetches a URL.
    ``addresses`` are the A records, ``reachable`` is what connects the address to the instance; ``login_user`` takes
    ``private_key`` and may use sudo. ``public_keys`` are the keys that he is to have of this program; without any his
    file is left alone.
    """

    site: Site
    copied: Path | None
    address: pulumi.Output[str]
    instance_id: pulumi.Output[str]
    private_key: pulumi.Output[str]
    public_keys: Sequence[pulumi.Output[str]]
    login_user: str
    reachable: pulumi.Resource
    addresses: Sequence[pulumi.Resource]
    doh_urls: Sequence[str]


class HostSetup(pulumi.ComponentResource):
    """Runbook sections 5, 5b and 10. ``done`` is the last step: every service answers. ``release`` is what runs on the
    host, in the host's own words: ``sha256:`` and an archive's digest, or ``commit:`` and the commit it was built from.
    ``host_key`` is the pinned one, as a known_hosts line has it behind the name.
    """

    done: pulumi.Resource
    release: pulumi.Output[str]
    host_key: pulumi.Output[str]

    def __init__(self, name: str, args: HostSetupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:hostsetup:HostSetup", name, None, opts)

        def child(*after: pulumi.Resource, seconds: int = 600) -> pulumi.ResourceOptions:
            limit = f"{seconds}s"
            return pulumi.ResourceOptions(
                parent=self,
                depends_on=list(after),
                custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit),
            )

        host_key = command.local.Command(
            f"{name}-host-key",
            create=args.address.apply(lambda address: gates.command("host-key", address)),
            triggers=[args.instance_id],
            # Of the same instance behind another address: it must show the same key.
            add_previous_output_in_env=True,
            opts=child(args.reachable),
        )
        self.host_key = host_key.stdout
        connection = command.remote.ConnectionArgs(
            host=args.address,
            user=args.login_user,
            private_key=args.private_key,
            # Trust on first use: pinned for as long as this instance lives.
            host_key=host_key.stdout,
            dial_error_limit=DIAL_ERROR_LIMIT,
            per_dial_timeout=DIAL_SECONDS,
        )

        def over_ssh(
            what: str, create: str, stdin: pulumi.Input[str], options: pulumi.ResourceOptions
        ) -> command.remote.Command:
            return command.remote.Command(
                f"{name}-{what}",
                connection=connection,
                create=create,
                stdin=stdin or None,
                triggers=[args.instance_id],
                add_previous_output_in_env=False,
                logging=command.remote.Logging.STDOUT_AND_STDERR,
                opts=options,
            )

        logged_in = command.local.Command(
            f"{name}-login",
            create=pulumi.Output.all(args.address, host_key.stdout).apply(
                lambda seen: gates.command(
                    "login", "--host-key", (seen[1] or "").strip(), f"{args.login_user}@{seen[0]}"
                )
            ),
            stdin=args.private_key,
            triggers=[args.instance_id],
            add_previous_output_in_env=False,
            opts=child(),
        )
        # 2 says that the machine is up and that cloud-init had something to warn about.
        booted = over_ssh(
            "booted", "! command -v cloud-init || cloud-init status --wait --long || [ $? -eq 2 ]", "", child(logged_in)
        )
        # By step name, what it waits for beside the steps before it.
        besides: dict[str, list[pulumi.Resource]] = {}
        if args.copied is not None:
            site = args.site
            besides["release"] = [
                command.remote.CopyToRemote(
                    f"{name}-{'source' if site.source_ref else 'archive'}",
                    connection=connection,
                    source=pulumi.FileAsset(str(args.copied)),
                    remote_path=str(STAGED_SOURCE if site.source_ref else STAGED_ARCHIVE),
                    triggers=[args.instance_id, site.source_sha256 or site.release_sha256],
                    opts=child(booted),
                )
            ]
        besides[NEEDS_DNS] = [
            command.local.Command(
                f"{name}-dns",
                create=args.address.apply(
                    lambda address: gates.command(
                        "dns",
                        "--address",
                        address,
                        *gates.resolvers(args.doh_urls),
                        *args.site.public_names.values(),
                    )
                ),
                add_previous_output_in_env=False,
                opts=child(*args.addresses, seconds=900),
            )
        ]

        made: dict[str, command.remote.Command] = {}
        for step in steps(args.site):
            before: list[pulumi.Resource] = [made[earlier] for earlier in step.after] or [booted]
            made[step.name] = over_ssh(
                step.name,
                step.command,
                step.stdin,
                child(*before, *besides.get(step.name, []), seconds=step.timeout_seconds),
            )
            self.done = made[step.name]
        if args.public_keys:
            # Known once they are made; all else of the step is known before.
            step = authorized_keys([])
            over_ssh(
                step.name,
                step.command,
                pulumi.Output.all(*args.public_keys).apply(lambda keys: authorized_keys(keys).stdin),
                child(*(made[earlier] for earlier in step.after), seconds=step.timeout_seconds),
            )
        # A secret goes in with the connection, so the engine takes all that comes out for one.
        self.release = pulumi.Output.unsecret(made["units"].stdout).apply(_running_release)
        self.register_outputs({})


def _running_release(printed: str | None) -> str:
    """The last line of the step ``units``, there whenever it succeeded; empty where ``--target`` left it out."""
    found: list[str] = re.findall(r"^release (\S+)$", printed or "", re.MULTILINE)
    return found[-1] if found else ""
