"""The page of `agentkeys report`: what the other commands know about a stack, as HTML and as a Markdown summary.

``facts`` asks the other commands' functions, each part turns its facts into what the template prints, ``rendering``
writes the file. No part asks AWS, the engine or the host by itself.
"""
