"""How the program decides and acts (ENGINE): read, plan, apply, and an outcome for each change.

Deciding is synchronous and pure; reading and applying are async and know only the ports of `core`. Nothing here
prints, and apply never looks at a manifest. In the order in which an object comes by them:

    read             what is live: every listing, and the files of stores
    ownership        which object is which address, by its mark     identities   and what `kind: changes` makes of that
    changes          one address: `resolve` puts ids in, `classify` compares three ways, `files` those of a store,
                     `explain` says what differs inside             blocks       why a change is not made
    deletes          what goes                                      order        waves
    plan             all of it put together; `destroy` and `undo` (`history`, `restoring`, `undo_files`) likewise
    policy           what the user allows                           approval     what was agreed to
    notes            sentences beside a plan                        outside      what others did since the last apply

    apply            waves of changes                               progress     their outcomes, and who hears of them
    carrying         one change with its files, before and after    late         ids that came to be known
    writes, creates  one object                                     freshness, absences   the reads that they rest on
    proof            one object per address                         written      how a write ended
    uploads, filing  files sent, found again, brought into stores   orphans      what earlier runs left of them
    requests         what is repeated, and when it is given up      limiter      how many run at once
    recording        each write written down                        journal      on disk; `journals` reads it
"""
