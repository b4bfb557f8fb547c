"""The sandbox and the product take from each other only what is listed here."""

import ast
import sys
from importlib.metadata import packages_distributions

import pytest
from packaging.utils import canonicalize_name

from dev.locks import locked
from dev.recorder import PROJECT

#: Top-level packages and modules that an operator runs.
PRODUCT = ("__main__", "account", "clouds", "components", "gates", "hostsetup", "ops", "policypack", "settings")

#: What the sandbox takes from the product, and why.
TAKEN = {
    "hostsetup.services.BINARIES": "the names of the binaries that the stand-ins play",
    "ops.events.CHANGING": "the times of a run, which `make up` and `agentkeys report` read alike",
    "ops.events.EventLog": "the times of a run, which `make up` and `agentkeys report` read alike",
    "ops.events.Step": "the times of a run, which `make up` and `agentkeys report` read alike",
    "ops.events.longest_chain": "the times of a run, which `make up` and `agentkeys report` read alike",
    "ops.events.total": "the times of a run, which `make up` and `agentkeys report` read alike",
    "ops.options.stacks": "the stacks of a project, by the names of their files",
    "ops.page.gantt": "the times of a run, which `make up` and `agentkeys report` read alike",
}


def imports(*roots):
    """Every name that a file below ``roots`` imports, as ``module.name``, with the file."""
    for root in roots:
        path = PROJECT / root
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path.with_name(f"{root}.py")]
        for file in (found for found in files if "venv" not in found.parts):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    yield from ((file.relative_to(PROJECT), f"{node.module}.{alias.name}") for alias in node.names)
                elif isinstance(node, ast.Import):
                    yield from ((file.relative_to(PROJECT), alias.name) for alias in node.names)


@pytest.mark.parametrize("root", PRODUCT)
def test_the_product_takes_nothing_from_the_sandbox(root):
    assert [found for found in imports(root) if found[1].split(".")[0] in ("sandbox", "dev", "tests")] == []


def test_the_sandbox_takes_from_the_product_what_is_listed_and_no_more():
    taken = {name for _, name in imports("sandbox") if name.split(".")[0] in PRODUCT}
    assert taken == set(TAKEN)


def test_of_the_engineers_tools_the_sandbox_takes_the_toolchain_alone():
    assert {name.rsplit(".", 1)[0] for _, name in imports("sandbox") if name.split(".")[0] == "dev"} <= {
        "dev", "dev.toolchain", "dev.toolchain.golang", "dev.toolchain.virtualenv", "dev.toolchain.wheels",
    }  # fmt: skip


def test_the_sandbox_imports_packages_that_its_requirements_list():
    """Direct ones, and those that they need themselves."""
    packages = packages_distributions()
    own = {"sandbox", "dev", *PRODUCT}
    top = {name.split(".")[0] for _, name in imports("sandbox")} - sys.stdlib_module_names - own
    assert top, "the sandbox imports packages"
    lock = set(locked("requirements/sandbox"))
    missing = {name for name in top if not {canonicalize_name(one) for one in packages.get(name, [name])} & lock}
    assert missing == set(), "add it to requirements/sandbox.txt and run `make lock`"


def test_the_product_takes_nothing_from_the_tests():
    assert [found for found in imports("sandbox") if found[1].split(".")[0] == "tests"] == []
