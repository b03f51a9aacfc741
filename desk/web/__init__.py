"""The web inbox: what the owner sees and presses. Pages are made here on the server; a few small scripts make them livelier.

`desk.web.app` opens it. Nothing is imported here: mail and workers use some of these files and no web server.
"""
