"""All rules, in the order in which they are told."""

from policypack import buckets, documents, network, ownership

RULES = (*documents.RULES, *buckets.RULES, *network.RULES, *ownership.RULES)
