"""One self-contained HTML page of a whole run: nothing is fetched, and it works without its script.

From the bottom up: `markup` makes HTML in which every text of others is escaped, `texts` shows long texts, JSON and
differences, `transcript` what was said in one conversation, `conversations` the list of them, `summary`, `charts`,
`numbers` and `coverage` the sections beside it, and `page` the document. How it looks is in `report.css`, what it does
when it is used in `report.js`.
"""
