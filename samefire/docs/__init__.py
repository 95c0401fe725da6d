"""Pages about rules, for people who read and do not write them: static HTML and Markdown.

`page.py` gathers what is told of a rule, `html.py` and `markdown.py` write it, `guide.py` renders the Markdown of
rules without letting markup through, `queries.py` colours queries. Nothing here touches a disk.
"""
