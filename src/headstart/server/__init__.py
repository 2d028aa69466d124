"""HTTP servers: what all of them share, and the one that answers with saved models.

`app.make_app` makes an application of routes, behind `shield.Shield`; `running.run` serves it until it is
interrupted. Nothing here imports starlette or uvicorn before a server is made.
"""
