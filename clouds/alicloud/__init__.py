"""A broker in an AliCloud account: RAM, OSS, AliDNS, ECS and DirectMail. Never applied to a real account."""
