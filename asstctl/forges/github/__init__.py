"""GitHub, and GitHub Enterprise Server: what its runner says (`pipeline`), what it is told (`runner`), its REST API
(`forge`, with the zips of `artifacts` and what a run did by `workflows`)."""
