"""The Pulumi projects of clouds other than AWS, one folder each, with its settings and its one screen.

They share the host's setup (``hostsetup/``), the waits (``gates/``), the records (``components/dns.py``) and the rules
of the common settings (``settings.py``). Leaves out AWS, whose project is in the folder above.
"""
