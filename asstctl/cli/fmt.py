"""`asstctl fmt`"""

import sys
from pathlib import Path

import click

from asstctl.cli.options import shared_command
from asstctl.cli.session import Session
from asstctl.core.exit_codes import ExitCode

_STDIN = "-"


@shared_command("fmt")
@click.argument("paths", metavar="[FILE|FOLDER|-]...", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing, and exit 1 where a file is not laid out.")
@click.option("--diff", is_flag=True, help="Write nothing, and show what would change.")
@click.option(
    "--stdin-filename",
    metavar="FILE",
    default="",
    help="With `-`: the name of the file that stdin is the text of; .md for a manifest in Markdown.",
)
def command(session: Session, paths: tuple[str, ...], check: bool, diff: bool, stdin_filename: str) -> ExitCode:
    """Give the YAML of the project its one layout; keeps every value and every comment.

    Without paths it formats the project file, all manifests and conversations, and their stubs and replies. With `-`
    it reads stdin and prints to stdout.

    \b
    Examples:
      asstctl fmt
      asstctl fmt --check
      asstctl fmt --diff assistants/tutor.yaml
      asstctl fmt - --stdin-filename tutor.md < tutor.md
    """
    from dataclasses import replace

    from asstctl.render import TEXT
    from asstctl.workspace.fmt import fmt

    if _STDIN in paths:
        if len(paths) > 1:
            raise click.UsageError("`-` stands alone: stdin is one file.")
        return _stdin(session, stdin_filename, check=check, diff=diff)
    if stdin_filename:
        raise click.UsageError("--stdin-filename goes with `-`.")
    found = fmt(Path.cwd(), [Path(path) for path in paths], only_look=check or diff)
    found = replace(found, in_full=diff, only_check=check)
    session.show(found, TEXT)
    return found.exit_code


def _stdin(session: Session, name: str, *, check: bool, diff: bool) -> ExitCode:
    """An editor's buffer: its layout, or what would change of it. Nothing is printed of one that has errors."""
    import codecs

    from asstctl.core.errors import Refused
    from asstctl.core.formatting import Formatted
    from asstctl.core.pull import FileEdit
    from asstctl.render import TEXT
    from asstctl.workspace.fmt import fmt_text

    data = sys.stdin.buffer.read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("stdin is not UTF-8 text", hint="save the file as UTF-8") from None
    made = fmt_text(text, name)
    if check or diff:
        edits = (FileEdit(name or _STDIN, text, made),) if made != text else ()
        found = Formatted(edits, 1, in_full=diff, only_check=check)
        session.show(found, TEXT)
        return found.exit_code
    mark = "\ufeff" if data.startswith(codecs.BOM_UTF8) else ""
    session.result(mark + made, whole=False)
    return ExitCode.DONE
