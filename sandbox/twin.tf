# What `make bench ROWS=plan` has Terraform plan: about a third of a stack's resources, in the same account.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {}

data "aws_caller_identity" "current" {}

data "aws_route53_zone" "zone" {
  name = "litentry.org"
}

locals {
  classes = toset(["vault", "memory", "mail"])
}

resource "aws_iam_user" "twin" {
  name = "twin-daemon"
}

resource "aws_iam_user_policy" "twin" {
  name = "assume"
  user = aws_iam_user.twin.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Resource = [for role in aws_iam_role.twin : role.arn] }]
  })
}

resource "aws_iam_role" "twin" {
  for_each = local.classes
  name     = "twin-${each.key}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root" }
    }]
  })
}

resource "aws_iam_role_policy" "twin" {
  for_each = local.classes
  name     = "objects"
  role     = aws_iam_role.twin[each.key].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "${aws_s3_bucket.twin[each.key].arn}/*" }]
  })
}

resource "aws_s3_bucket" "twin" {
  for_each = local.classes
  bucket   = "twin-${each.key}-${data.aws_caller_identity.current.account_id}"
}

resource "aws_s3_bucket_ownership_controls" "twin" {
  for_each = local.classes
  bucket   = aws_s3_bucket.twin[each.key].id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "twin" {
  for_each                = local.classes
  bucket                  = aws_s3_bucket.twin[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "twin" {
  for_each = local.classes
  bucket   = aws_s3_bucket.twin[each.key].id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "twin" {
  for_each = local.classes
  bucket   = aws_s3_bucket.twin[each.key].id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_route53_record" "twin" {
  for_each = toset(["one", "two", "three", "four", "five", "six"])
  zone_id  = data.aws_route53_zone.zone.zone_id
  name     = "twin-${each.key}.${data.aws_route53_zone.zone.name}"
  type     = "TXT"
  ttl      = 300
  records  = ["twin"]
}
