"""Where people start: a rule from a few answers, a repository from nothing.

`answers.py` turns answers into a rule's TOML, `questions.py` asks for what is missing, `repository.py` holds the files
of a new repository. Writing to a disk is up to the commands.
"""
