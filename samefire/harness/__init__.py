"""The harness: fixture cases, and the verdict of every form of a rule on each of them.

It sees what a user would ship: the exported text, read back by its own converter.
"""
