"""Placeholder"""


def pipelines(maker, body):
    maker.notes.append("x")
    return iter(())
