"""What the model says in these tests, and the functions that it calls."""

from typing import Any

RULES = """\
rules:
  - tool: course_of
    say: "You have {{ output }}."
  - user: weather and course
    call:
      - weather: {city: Kunming}
      - course_of: {day: Wednesday}
  - user: course
    say: One moment.
    call: {course_of: {day: Wednesday}}
  - user: add up
    code: |
      total = sum([1, 2, 39])
      print("total", total)
  - user: fail at adding
    code: print(1 / 0)
  - tool: code_interpreter
    say: "It says: {{ output }}"
  - user: lab
    search: robotics lab
  - tool: file_search
    say: "On Wednesday{{ passages.0.marker }}."
  - say: "The answer to {{ user }} is forty-two, as everybody knows."
"""


def _function(name: str, argument: str) -> Any:
    parameters = {"type": "object", "properties": {argument: {"type": "string"}}, "required": [argument]}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


COURSE = _function("course_of", "day")
WEATHER = _function("weather", "city")
