"""What `doctor` finds: every standing, on two targets, and a project where all is well. The troubled one has a setting
that nobody reads, so that all are shown."""

from asstctl.core.diagnostic import Where
from asstctl.core.doctor import Examination, Examined, Finding, Standing
from asstctl.core.origin import Origin, Setting, Source
from asstctl.core.plan import TargetInfo
from tests.render.samples import FAR, STAGING

_MODEL = Where("assistants/guagua.md", 4, 8, 6, "model: gpt-4o")
_LOCAL = TargetInfo("local", "local", "assistants-v2", ".asstctl/local.db", "school", local=True, default=True)

_FILE = Where("asstctl.yaml", 7, 5, 8, "    base_url: https://api.example.com/v1")
_SETTINGS = (
    Setting("base_url", "https://api.example.com/v1", Origin(Source.TARGET, "far", _FILE)),
    Setting("api_key", "set", Origin(Source.ENVIRONMENT, "OPENAI_API_KEY", _FILE), is_secret=True),
    Setting("timeout", "30", Origin(Source.DEFAULT)),
    Setting(
        "vars.region",
        "eu\x1b[31m",
        Origin(Source.FLAG, "--var"),
        (Origin(Source.VAR_FILE, "prod.yaml", Where("prod.yaml", 1)), Origin(Source.PROJECT, "", _FILE)),
    ),
)

EXAMINATIONS = {
    "doctor-fine": Examination(
        "school",
        "asstctl.yaml",
        (
            Finding("versions", Standing.FINE, "0.1.0 with pdf; Python 3.13.1; Linux x86_64"),
            Finding("configuration", Standing.FINE, "3 files are valid: 2 assistants, 1 conversation"),
            Finding("settings", Standing.FINE, "from the environment: ASSTCTL_COLOR"),
        ),
        (Examined(_LOCAL, (Finding("reachability", Standing.FINE, "it answers, and lists 2 assistants"),), _SETTINGS),),
        _SETTINGS,
    ),
    "doctor-troubled": Examination(
        "school",
        "",
        (
            Finding(
                "configuration",
                Standing.WRONG,
                "error[unknown-key]: there is no field `temprature` (and 2 more)",
                "See all of it: asstctl validate",
                where=Where("assistants/a.yaml", 3, 1, 10, "temprature: 1"),
            ),
            Finding(
                "settings",
                Standing.WARNING,
                "ASSTCTL_TARGT is set, and nothing reads it",
                "Did you mean ASSTCTL_TARGET?",
            ),
        ),
        (
            Examined(
                FAR,
                (
                    Finding("key", Standing.FINE, "OPENAI_API_KEY is set"),
                    Finding("reachability", Standing.FINE, "api.example.com answers, and lists 12 assistants"),
                    Finding("dialect", Standing.FINE, "Agents API (agents-v1)"),
                    Finding("dialect", Standing.NOTE, "Instructions are appended to built-in ones there."),
                    Finding(
                        "models",
                        Standing.WARNING,
                        "gpt-4o is retired by OpenAI on 2027-01-14, in 53 days; known as of 2026-11-22",
                        "Name another model in time.",
                        "assistant.guagua, assistant.tutor",
                        _MODEL,
                    ),
                    Finding(
                        "models",
                        Standing.WRONG,
                        "gpt-9\x1b[31m is not among the models that api.example.com lists",
                        "Name another model, or use another key.",
                        "assistant.tutor",
                        _MODEL,
                    ),
                ),
                _SETTINGS,
            ),
            Examined(
                STAGING,
                (
                    Finding(
                        "reachability",
                        Standing.UNKNOWN,
                        "cannot reach 127.0.0.1:8000",
                        "Is the server running? Start it or correct base_url in asstctl.yaml, then run the command "
                        "again.",
                        "connection refused, 3 tries in 1.2 s",
                    ),
                ),
            ),
        ),
    ),
}
