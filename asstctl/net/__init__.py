"""HTTP: the JSON client, the in-process transport and what can be observed of them. The only owner of httpx2.

It knows requests, answers and how they fail, in the terms of `core.errors`. What a path or a body means is
for `providers`.
"""
