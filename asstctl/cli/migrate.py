"""`asstctl migrate`"""

from pathlib import Path

import click

from asstctl.cli.options import format_option, shared_command
from asstctl.cli.session import Session
from asstctl.core.errors import WrongUsage
from asstctl.core.exit_codes import ExitCode


@shared_command("migrate")
@click.argument("sources", metavar="[SOURCE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--into",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="ASSTCTL_INTO",
    help="The folder of the project, which need not be there. Default: the project of this folder.",
)
@click.option(
    "--from",
    "source",
    metavar="TARGET",
    default="",
    envvar="ASSTCTL_FROM",
    help="Read a target that speaks the Assistants API too, and write what adopts its assistants.",
)
@click.option(
    "--to",
    metavar="PROVIDER|TARGET",
    default="",
    envvar="ASSTCTL_TO",
    help="Report, field by field, what this provider would make of them.",
)
@click.option("--report-only", is_flag=True, envvar="ASSTCTL_REPORT_ONLY", help="Write nothing.")
@format_option("Migrated")
def command(
    session: Session, sources: tuple[Path, ...], into: Path | None, source: str, to: str, report_only: bool, form: str
) -> ExitCode:
    """Make a project of what was saved of the Assistants API.

    Each SOURCE is a JSON file or a folder of them: assistants, one or many, and threads with their messages, runs and
    steps. Assistants become manifests, threads conversations. Nothing is overwritten, and nothing is made on any
    provider; what no file can say is reported.

    \b
    Examples:
      asstctl migrate assistants.json threads/
      asstctl migrate saved --into my-project --to openai
      asstctl migrate saved --to openai --report-only --format markdown
      asstctl migrate --from old-server
    """
    import asyncio

    from asstctl.workspace.migrate import Wanted, migrate

    if not sources and not source:
        raise WrongUsage(
            "there is nothing to read",
            detail="name the files that were saved, or a target with --from",
            hint="asstctl migrate assistants.json",
        )
    wanted = Wanted(sources, source, to, into, report_only)
    migrated = asyncio.run(migrate(session.workspace, wanted))
    session.show(migrated, form)
    return migrated.exit_code
