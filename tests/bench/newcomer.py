"""How long a newcomer waits: from a clone to a conversation that passed, and the same from a wheel.

Once each: what takes the time is the installation, and how far away its packages are.
"""

from pathlib import Path

from tests.repository.newcomer import Step, clone, demo, in_three, installed, wheel_of


def newcomer(folder: Path) -> None:
    checkout = clone(folder / "asstctl")
    print("newcomer: from a clone to a conversation that passed")
    _told(demo(checkout))
    for name in ("built", "project"):
        (folder / name).mkdir()
    asstctl, install = installed(wheel_of(checkout, folder / "built"), folder / "venv")
    print("newcomer: from a wheel to a conversation that passed")
    for step in (install, *in_three(asstctl, folder / "project")):
        _told(step)


def _told(step: Step) -> None:
    name = " ".join(Path(word).name for word in step.typed.split())
    print(f"  {step.seconds:6.1f} s  exit {step.code}  {name}")
