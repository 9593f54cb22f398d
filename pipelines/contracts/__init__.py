"""What departments promise to deliver and what this project promises to publish: `schemas/` read.

Contracts (`load`, `model`, `roles`, `check`, `odcs`, `headers`, `codes`) describe what goes in;
promises describe what comes out. Nothing here touches a row of data.
"""
