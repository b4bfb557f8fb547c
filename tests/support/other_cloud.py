"""The life of a stack of another cloud, beside one of AWS, and what the cloud's provider lacks of its SDK."""

import json
import subprocess
import sys

from sandbox import layout, rehearsal
from sandbox.engine import build
from sandbox.engine.bridge import Bridge
from sandbox.engine.source import SOURCES
from sandbox.rehearsal import say
from tests.support.live import LiveSandbox


class OtherCloud(LiveSandbox):
    """Both stacks. ``folder`` is the emulator's."""

    def __init__(self, cloud, folder):
        super().__init__()
        self.cloud, self.folder = cloud, folder
        self.project = rehearsal.deployment("test", cloud)
        self.there_engine = rehearsal.Engine(rehearsal.prepare(say, cloud))

    def there(self, *arguments, check=True):
        """What an engine command on the cloud's stack prints."""
        done = self.there_engine.run(self.project, *arguments, capture=True, check=check)
        return done.stdout + done.stderr

    def output(self, key):
        """An output of the cloud's stack; secrets are masked."""
        return self.there_engine.outputs(self.project)[key]

    def agentkeys(self, command, *arguments):
        environment = {**self.there_engine.environment, "PULUMI_OPTION_CONFIG_FILE": str(self.project.file)}
        done = subprocess.run(
            [sys.executable, "-m", "ops", command, "--cloud", self.cloud, "-s", "test", *arguments],
            cwd=layout.CHECKOUT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def kept(self, table):
        """What the emulator holds."""
        (file,) = (self.folder / name for name in ("project.json", "account.json") if (self.folder / name).exists())
        return json.loads(file.read_text()).get(table, {})


def schema(plugin, folder):
    """What the bridge says of a provider's resources and functions."""
    from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

    engine = build.ready()
    assert engine is not None, "the engine is not built"
    name = "pulumi-resource-terraform-provider"
    (folder / name).symlink_to((engine.bin_dir / name).resolve())
    (folder / f"terraform-provider-{plugin}").symlink_to(SOURCES[plugin].ensure(print))
    bridge = Bridge(plugin, folder, 1)
    bridge.start()
    asked = provider_pb2_grpc.ResourceProviderStub(bridge.channel).GetSchema(provider_pb2.GetSchemaRequest())
    bridge.stop()
    return json.loads(asked.schema)


def unknown(schema, properties, given, path=""):
    """Properties that the program gives and the provider does not have, with the path of each."""
    for key, value in given.items():
        if key.startswith("__"):
            continue
        if key not in properties:
            yield f"{path}{key}"
            continue
        declared = properties[key]
        for inner in value if isinstance(value, list) else [value]:
            reference = declared.get("$ref") or declared.get("items", {}).get("$ref", "")
            if isinstance(inner, dict) and reference:
                named = schema["types"][reference.removeprefix("#/types/")]["properties"]
                yield from unknown(schema, named, inner, f"{path}{key}.")
