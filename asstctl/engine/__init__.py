"""How the program decides and acts (ENGINE), in four rooms that the data passes from the first to the last.

    read           what is live: every listing, and the files of stores
    planning/      (desired, live, decisions, policy) to Plan; pure
    applying/      a plan and a store to outcomes; async, and knows only the ports of `core`
    runs/          what was written down of that, and the way back

Nothing here prints, and apply never looks at a manifest. Planning knows nothing of applying; import-linter sees to it.
"""
