"""From cases to results: who plays when (`runner`), one conversation (`player`), one turn (`turn_player`).

`stage` is what whoever composes a run gives for each playing, `conduct` how the run is made.
"""
