"""`explain`: where a value comes from, since when, what is live of it, and what the next apply would do.

`explanation` is the use case, `addresses` says what was asked for, `since` asks git, `standing` holds it against the
target.
"""
