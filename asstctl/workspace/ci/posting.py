"""Puts our comment on a pull request: one for each label, edited ever after."""

from asstctl.core.forge import Comment, PullRequest
from asstctl.core.ports import Forge
from asstctl.workspace.ci.comments import Policy, posting, with_status


async def post(forge: Forge, pull: PullRequest, body: str, policy: Policy, *, worth_it: bool = True) -> Comment | None:
    """Have the pull request show a text, whose first line is our marker; the comment, None where none was sent.

    A run that the pull request has moved on from says nothing: another one is on its way.
    """
    if policy is Policy.NEVER or (await forge.pull_request(pull.number)).head != pull.head:
        return None
    existing = await forge.comments(pull.number, body.partition("\n")[0])
    wanted = posting(policy, existing, body, worth_it=worth_it)
    return await forge.write_comment(pull.number, wanted.body, over=wanted.over) if wanted else None


async def note(forge: Forge, pull: PullRequest, mark: str, status: str, instead: str, *, limit: int) -> Comment | None:
    """Say in our comment what became of its plan; None where there is no such comment.

    Where that is more than a comment holds, `instead` stands in the place of the plan, which has been carried out.
    """
    existing = await forge.comments(pull.number, mark)
    if not existing:
        return None
    body = with_status(existing[0].body, status)
    if len(body) > limit:
        body = with_status(f"{mark}\n{instead.partition(chr(10))[2]}", status)
    return await forge.write_comment(pull.number, body, over=existing[0].id)
