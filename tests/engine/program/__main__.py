"""Resources whose form differs between pulumi-aws 7 and the bridge, secrets, and commands; see test_engine_run.py."""

import json

import pulumi
import pulumi_aws as aws
import pulumi_command as command
import pulumi_tls as tls

config = pulumi.Config()
provider = aws.Provider(
    "explicit",
    region="eu-west-1",
    allowed_account_ids=["429071895007"],
    default_tags={"tags": {"project": "enginetest"}},
    skip_metadata_api_check=True,
    s3_use_path_style=True,
    max_retries=2,
)
opts = pulumi.ResourceOptions(provider=provider)
invoke = pulumi.InvokeOptions(provider=provider)

bucket = aws.s3.Bucket("inbox", bucket="enginetest-inbox", force_destroy=True, opts=opts)
aws.s3.BucketPublicAccessBlock("inbox", bucket=bucket.id, block_public_acls=True, opts=opts)
aws.s3.BucketOwnershipControls("inbox", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts)
aws.s3.BucketServerSideEncryptionConfiguration(
    "inbox",
    bucket=bucket.id,
    rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
    opts=opts,
)
aws.s3.BucketVersioning("inbox", bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=opts)
aws.s3.BucketLifecycleConfiguration(
    "inbox",
    bucket=bucket.id,
    rules=[
        {
            "id": "expire",
            "status": "Enabled",
            "filter": {"prefix": "mail/"},
            "expiration": {"days": 30},
            "noncurrent_version_expiration": {"noncurrent_days": 7},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
        }
    ],
    opts=opts,
)

user = aws.iam.User("worker", name="enginetest-worker", tags={"role": "worker"}, opts=opts)
key = aws.iam.AccessKey("worker", user=user.name, opts=opts)
trust = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}],
}
role = aws.iam.Role("host", assume_role_policy=json.dumps(trust), opts=opts)
allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
policy = aws.iam.RolePolicy("host", role=role.name, policy=json.dumps(allow), opts=opts)
aws.iam.RolePoliciesExclusive("host", role_name=role.name, policy_names=[policy.name], opts=opts)
profile = aws.iam.InstanceProfile("host", role=role.name, opts=opts)
aws.iam.OpenIdConnectProvider(
    "issuer",
    url="https://issuer.example.org",
    client_id_lists=["sts.amazonaws.com"],
    thumbprint_lists=["06b25927c42a721631c1efd9431e648fa62e1e39"],
    opts=opts,
)

ssh = tls.PrivateKey("ssh", algorithm="ED25519")
pair = aws.ec2.KeyPair("ssh", public_key=ssh.public_key_openssh.apply(str.strip), opts=opts)
vpc = aws.ec2.get_vpc(default=True, opts=invoke)
subnets = aws.ec2.get_subnets(filters=[{"name": "vpc-id", "values": [vpc.id]}], opts=invoke)
group = aws.ec2.SecurityGroup(
    "host",
    vpc_id=vpc.id,
    ingress=[{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["10.0.0.0/8"]}],
    egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
    opts=opts,
)
ruled = aws.ec2.SecurityGroup("ruled", vpc_id=vpc.id, opts=opts)
aws.vpc.SecurityGroupIngressRule(
    "https", security_group_id=ruled.id, ip_protocol="tcp", from_port=443, to_port=443, cidr_ipv4="0.0.0.0/0", opts=opts
)
ami = aws.ec2.get_ami(
    owners=["amazon"], most_recent=True, filters=[{"name": "name", "values": ["amzn2-ami-hvm-*"]}], opts=invoke
)
host = aws.ec2.Instance(
    "host",
    ami=ami.id,
    instance_type="t3.micro",
    subnet_id=subnets.ids[0],
    key_name=pair.key_name,
    iam_instance_profile=profile.name,
    vpc_security_group_ids=[group.id],
    metadata_options={"http_tokens": "required"},
    root_block_device={"encrypted": True, "volume_size": 8},
    tags={"Name": "enginetest"},
    opts=opts,
)
address = aws.ec2.Eip("host", domain="vpc", opts=opts)
aws.ec2.EipAssociation("host", instance_id=host.id, allocation_id=address.id, opts=opts)

rules = aws.ses.ReceiptRuleSet("inbox", rule_set_name="enginetest", opts=opts)
aws.ses.ReceiptRule(
    "inbox",
    name="inbox",
    rule_set_name=rules.rule_set_name,
    recipients=["inbox@example.org"],
    enabled=True,
    s3_actions=[{"bucket_name": bucket.bucket, "object_key_prefix": "mail/", "position": 1}],
    # Plain moto cannot delete one.
    opts=pulumi.ResourceOptions(provider=provider, retain_on_delete=True),
)
aws.ses.ActiveReceiptRuleSet("inbox", rule_set_name=rules.rule_set_name, opts=opts)

local = command.local.Command(
    "local",
    create="cat; echo said on stderr >&2",
    stdin="from stdin",
    triggers=[user.name, pulumi.Config().get("again") or ""],
    environment={"A": "b"},
)

pulumi.export("accountId", aws.get_caller_identity(opts=invoke).account_id)
pulumi.export("region", aws.get_region(opts=invoke).region)
pulumi.export("bucketRegion", bucket.bucket_region)
pulumi.export("local", local.stdout)
pulumi.export("secret", key.secret)
pulumi.export("key", ssh.private_key_openssh)
