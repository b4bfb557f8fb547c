"""The setup of the broker host: its services, rendered files, and the ordered steps that install them over SSH.

Contains everything that is installed on the host. How a step reaches the host is in ``components/hostsetup.py``. The
package has no AWS types: it takes identifiers as strings, so the same steps can set up a host of another cloud.
"""
