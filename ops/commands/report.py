"""`agentkeys report`: one page about a stack, from the results of the other commands.

Owns the command's options and its files. ``ops/page/facts.py`` runs the other commands. The other modules of
``ops/page`` are the parts of the page.
"""

import os
from pathlib import Path

import click

from ops import options, stack
from ops.commands.env import write
from ops.commands.proof import content
from ops.page import rendering, summary
from ops.page.facts import Asked, Unseen, gather


@click.command("report")
@options.stack("Stack to show, up or not.")
@options.other_stack("--against", "Second stack: the proof runs against it, and the cost is shown beside.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write (default: report-<stack>.html, here).",
)
@click.option(
    "--summary",
    "markdown",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the summary as Markdown to this file, for a job and a pull request.",
)
@click.option(
    "--events",
    "event_logs",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="Event log of an up (timeline) or a preview (changes); several times. Without a preview's, one is run.",
)
@click.option("--proof/--no-proof", "prove", default=True, help="Run the proof with real sessions (default).")
@options.session_tokens()
@click.option("--mask", is_flag=True, help="Hide account ids, addresses and ids of keys and machines, for sharing.")
def command(
    name: str,
    against: str | None,
    out: Path | None,
    markdown: Path | None,
    event_logs: tuple[Path, ...],
    prove: bool,
    files: tuple[Path, ...],
    against_file: Path | None,
    mask: bool,
) -> None:
    """Write one self-contained HTML page about a stack.

    The page shows the state, the differences, the isolation, the expiry dates, the last up and the cost. The command
    runs the doctor, the audit, the drift of the host, a preview and the proof once each. It creates only the proof's
    own objects and removes them. A part of the page without data says why. Exit code 0: the page was written,
    whatever it shows. Exit code 3: the stack itself cannot be read.
    """
    if len(files) not in (0, 2):
        raise click.UsageError("--session-token-file takes one actor each: give it twice, or not at all")
    if against == name:
        raise click.UsageError("--against takes another stack than --stack")
    target = out or Path(f"report-{name.rpartition('/')[2]}.html")
    for path in (target, *([markdown] if markdown else [])):
        # The page takes minutes to gather.
        if not os.access(path.resolve().parent, os.W_OK | os.X_OK):
            raise click.ClickException(
                f"{path} cannot be written: there is no folder {path.parent} that you may write to. Nothing was run. "
                "Name another file."
            )
    facts = gather(
        Asked(
            name=name,
            against=against,
            event_logs=event_logs,
            prove=prove,
            sessions=[content(path) for path in files],
            other_session=content(against_file),
            say=lambda line: click.echo(line, err=True),
        )
    )
    write(target, rendering.page(facts, mask=mask))
    if markdown:
        write(markdown, rendering.markdown(facts, mask=mask))
    for judged in summary.part(facts).verdicts:
        click.echo(f"{judged.command}: {judged.state}", err=True)
    click.echo(target)
    if isinstance(facts.deployed, Unseen):
        raise stack.StackError(f"{facts.deployed.why}\nThe page says so in every part that needs the stack.")
