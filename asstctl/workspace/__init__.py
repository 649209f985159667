"""The composition root and the library's front door: one file per use case.

Only this package constructs providers and knows both sides of every port. A use case returns a value of
`core` (`init`, which has no other side, one of its own); it prints nothing and asks nobody (what needs an
answer is given as a function).
"""
