"""`asstctl destroy`"""

from asstctl.cli.options import format_option, max_deletes_option, only_option, shared_command, yes_option
from asstctl.cli.session import Session
from asstctl.core.exit_codes import ExitCode


@shared_command("destroy")
@yes_option
@only_option
@max_deletes_option
@format_option("Applied")
def command(session: Session, yes: bool, only: tuple[str, ...], max_deletes: int | None, form: str) -> ExitCode:
    """Delete what bears this project's mark on a target, and nothing else.

    A protected assistant is never deleted; set `protect: false` and apply first.

    \b
    Examples:
      asstctl destroy
      asstctl destroy --only assistant.old-bot
      asstctl destroy --target pr --max-deletes 12 --yes
    """
    from asstctl.cli.applying import Conducting, run_apply
    from asstctl.workspace.apply import destroy
    from asstctl.workspace.choices import Choices

    choices = Choices(only=only, max_deletes=max_deletes)
    return run_apply(
        session,
        lambda conduct: destroy(session.workspace, conduct, choices),
        name="destroy",
        conducting=Conducting(yes, form),
        options=choices.options,
    )
