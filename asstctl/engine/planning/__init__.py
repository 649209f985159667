"""Planning: what is wanted against what is live, as one value. Pure: no clock, no network, no disk.

In the order in which an object comes by them:

    ownership      which live object is which address, by its mark
    identities     what `kind: changes` makes of that
    resolve        ids for keys and paths, as far as they are known
    classify       one object, field by field, three ways; `explain` says what differs inside a field
    files          the files of a store, path by path
    changes        what becomes of one address; `blocks` why nothing does
    deletes        what goes
    order          waves by dependency
    plan           all of it put together; `destroy` likewise
    notes          sentences beside a plan; `outside` what others did since the last apply
    policy         what the user allows
    approval       what was agreed to, its digest, and whether it still covers what is left
"""
