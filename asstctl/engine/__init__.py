"""How the program decides and acts (ENGINE): read, classify, plan, order, apply.

Deciding is synchronous and pure; reading and applying are async and know only the ports of `core`.
Nothing here prints, and apply never looks at a manifest.
"""
