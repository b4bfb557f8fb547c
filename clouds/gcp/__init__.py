"""A broker on Google Cloud: its resources, its settings and how an actor is enrolled."""
