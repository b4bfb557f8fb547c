"""A broker in a Tencent Cloud account: CAM, COS, DNSPod, CVM and SES. Never applied to a real account."""
