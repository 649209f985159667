"""Self-contained HTML pages of a run, of plans and of drift: nothing is fetched, and they work without their script.

From the bottom up: `markup` makes HTML in which every text of others is escaped, `texts` shows long texts, JSON and
differences, `filters` stands above a list, and `frame` is the document, with what every page has in `page.css` and
`page.js`. Of a run: `transcript` is what was said in one conversation, `conversations` the list of them, `summary`,
`charts`, `numbers` and `coverage` the sections beside it, `page` all of it, and `report.css` how it looks. Of plans and
drift: `fields` is one change, `changes` the list, `plan` and `drift` the pages, and `changes.css` how they look.
"""
