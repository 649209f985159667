"""Tapes: what a conversation asked and was answered, kept so that it can be played again without anybody there.

    header.py    what a tape is a tape of              staleness.py  whether that is what the files say now
    ordinals.py  ids as `thread#1`, nothing volatile   settling.py   waiting taken out
    recording.py a deck that listens                   replay.py     a deck that answers
    text.py      a tape as JSON Lines, and back        nearest.py    what a request that is missing is most like
    secrets.py   what must never be on one             naming.py     what its file is called

Everything here is pure but for the clock that a recording is given. Files are for `workspace.conversations`, HTTP for
`net.tape`.
"""
