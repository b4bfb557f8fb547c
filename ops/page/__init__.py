"""The page of `agentkeys report`: the results of the other commands for a stack, as HTML and as a Markdown summary.

``facts`` calls the other commands' functions. Each part prepares its facts for the template. ``rendering`` renders the
templates. No part queries AWS, the engine or the host.
"""
