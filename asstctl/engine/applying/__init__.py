"""Applying: a plan carried out, every write safe to interrupt and safe to run again.

apply          waves in turn, and the report; `progress` outcomes as they come
carrying       one change from its start to its end; `late` ids that came to be known only now
creates        a create that cannot duplicate; `proof` that each address has one object
writes         every other write of an object; `written` how one ended
freshness      the reads that a write rests on; `absences` those that a create rests on
uploads        files sent once; `orphans` those that earlier runs left
filing         the files of one store
requests       what is repeated, and when it is given up; `limiter` how many run at once
recording      each write noted before it is sent and after it ended
"""
