"""All rules, in the order of the documentation."""

from policypack import buckets, documents, network, ownership

RULES = (*documents.RULES, *buckets.RULES, *network.RULES, *ownership.RULES)
