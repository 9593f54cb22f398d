"""Looking back: past nights listed, replayed and compared, and other policies held against them.

Everything here reads a HOME and leaves its state as it is. How a night is made belongs to the
rooms; why one case is there to ``publish.explain``.
"""
