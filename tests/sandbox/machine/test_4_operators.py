"""What an operator has added to a host: it stays, or the step names it and says what to do."""

import dataclasses

import pytest

WIKI, DEFAULT, MINE = (
    f"/etc/nginx/{place}" for place in ("sites-enabled/agentkeys-wiki", "sites-enabled/default", "conf.d/mine.conf")
)
SSHD = "/etc/ssh/sshd_config.d/20-mine.conf"


@pytest.fixture
def operator(machine):
    """Writes a file of the operator's on the machine; all are gone and the steps run again at the end."""
    written = []

    def write(path, text):
        machine.sudo(f"cat >{path} <<'TEXT'\n{text}\nTEXT")
        written.append(path)

    yield write
    machine.sudo(f"rm -f {' '.join(written)}; systemctl reload ssh; sleep 1")
    machine.set_up(only=("instance-connect", "nginx-http", "nginx-https"))
    # After the steps: what they put together may need what was removed until then.
    machine.sudo("systemctl reload nginx; sleep 1")


def answer(machine, name):
    return machine.said(f"curl -s -o /dev/null -w '%{{http_code}}' -H 'Host: {name}' http://127.0.0.1/")


def test_sites_of_other_names_stay_whatever_they_are_called(machine, operator):
    for path, name in ((WIKI, "wiki.example.org"), (DEFAULT, "shop.example.org")):
        operator(path, f"server {{ listen 80; server_name {name}; return 204; }}")
    machine.set_up(only=("nginx-http", "nginx-https", "health"))
    machine.sudo("systemctl reload nginx; sleep 1")
    assert [answer(machine, name) for name in ("wiki.example.org", "shop.example.org")] == ["204", "204"]


def test_a_default_server_is_named_and_the_packaged_site_goes(machine, operator):
    operator(DEFAULT, "server { listen 80 default_server; server_name shop.example.org; return 204; }")
    done = machine.run(machine.steps()["nginx-http"])
    assert done.returncode == 1
    assert f"{DEFAULT} takes the default server" in done.stderr
    machine.sudo(f"rm {DEFAULT}; ln -s /etc/nginx/sites-available/default {DEFAULT}")
    assert f"changed {DEFAULT} (removed)" in machine.set_up(only=("nginx-http",))["nginx-http"]


@pytest.mark.parametrize("own", [False, True])
def test_a_long_host_name_is_served(machine, operator, own):
    """nginx's own limit is 46 characters; the operator's value counts if there is one."""
    if own:
        operator(MINE, "server_names_hash_bucket_size 128;")
    name = f"{'m' * 50}.{machine.names.zone}"
    site = dataclasses.replace(machine.site, public_names={**machine.site.public_names, "memory": name})
    done = machine.run(machine.steps(site)["nginx-http"])
    assert done.returncode == 0, done.stderr
    assert f"{name}: http until its certificate is there" in done.stdout


def test_a_directive_that_keeps_operators_out_is_named(machine, operator):
    operator(SSHD, "AllowUsers ubuntu root@10.0.0.0/8")
    done = machine.run(machine.steps()["instance-connect"])
    assert done.returncode == 1
    assert "sshd does not let operators log in as agentkey: 'allowusers ubuntu root@10.0.0.0/8'" in done.stderr
    operator(SSHD, "AllowUsers ubuntu agent*")
    assert machine.run(machine.steps()["instance-connect"]).returncode == 0
