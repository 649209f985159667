"""Text to checked documents: YAML with positions, front matter, templates, schemas, regexes, models.

The owner of PyYAML, jinja2 and jsonschema-rs, and of the bridge from pydantic's errors to diagnostics.
It knows no kind and no project: what a document means is for the layers above.
"""
