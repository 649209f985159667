"""`asstctl doctor`"""

from asstctl.cli.options import format_option, shared_command
from asstctl.cli.session import Session
from asstctl.core.exit_codes import ExitCode


@shared_command("doctor", several_targets=True)
@format_option("Examination")
def command(session: Session, targets: tuple[str, ...], form: str) -> ExitCode:
    """Say what keeps the project and its targets from working. Sends nothing but reads, and writes nothing.

    Looks at the machine, the files, .asstctl/ and git; and, for every target or those that are named, at its key or
    database, whether it answers, how it is spoken to, what of the files it cannot hold, what is there twice or no
    longer declared, whether the models that assistants name are there and stay, and which tapes no longer fit. With -v
    every setting is shown with where it came from; secrets never are. Exits 1 where something is wrong, 3 where a
    target could not be asked.

    \b
    Examples:
      asstctl doctor
      asstctl doctor --target prod -v
      asstctl doctor --format json
    """
    import asyncio

    from asstctl.cli.environment import read_names
    from asstctl.workspace.doctor.examine import examine

    found = asyncio.run(examine(session.workspace, tuple(dict.fromkeys(targets)), read_names()))
    session.show(found, form)
    return found.exit_code
