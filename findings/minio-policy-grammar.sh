#!/usr/bin/env bash
# The Go module github.com/minio/pkg/v3/policy 3.1.3 decides by policies in the language of IAM. It does not replace the
# variable ${aws:PrincipalTag/actor} and default values of variables, so such a policy allows nothing; it cannot parse
# operators with IfExists, ArnLike, dates without a time or in seconds, a Statement that is no list, and actions of other
# services.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html, reference_policies_grammar.html and
# reference_policies_elements_condition_operators.html
# Guess: all nine are allowed. Seen: the plain policy is, the next two are not, the others are errors.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
go 1.24
require github.com/minio/pkg/v3 v3.1.3
END
cat >main.go <<'END'
package main

import (
	"fmt"
	"strings"

	"github.com/minio/pkg/v3/policy"
)

var values = map[string][]string{
	"PrincipalTag/actor": {"a"}, "aws:PrincipalTag/actor": {"a"}, "CurrentTime": {"2026-11-28T10:00:00Z"},
	"EpochTime": {"1795860000"}, "prefix": {"a/"},
}

func decide(statement string) string {
	parsed, err := policy.ParseConfig(strings.NewReader(`{"Version":"2012-10-17","Statement":` + statement + `}`))
	if err != nil {
		return "error"
	}
	return fmt.Sprint(parsed.IsAllowed(policy.Args{
		AccountName: "u", Action: "s3:GetObject", BucketName: "b", ObjectName: "a/x", ConditionValues: values,
	}))
}

func allow(action, resource, condition string) string {
	text := `{"Effect":"Allow","Action":` + action + `,"Resource":"arn:aws:s3:::` + resource + `"`
	if condition != "" {
		text += `,"Condition":` + condition
	}
	return text + "}"
}

func main() {
	get := `"s3:GetObject"`
	for _, statement := range []string{
		"[" + allow(get, "b/a/*", "") + "]",
		"[" + allow(get, "b/${aws:PrincipalTag/actor}/*", "") + "]",
		"[" + allow(get, "b/${aws:userid, 'a'}/*", "") + "]",
		"[" + allow(get, "b/*", `{"StringEqualsIfExists":{"aws:UserAgent":"x"}}`) + "]",
		"[" + allow(get, "b/*", `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"}}`) + "]",
		"[" + allow(get, "b/*", `{"DateLessThan":{"aws:CurrentTime":"2030-01-01"}}`) + "]",
		"[" + allow(get, "b/*", `{"DateLessThan":{"aws:EpochTime":"1900000000"}}`) + "]",
		allow(get, "b/*", ""),
		"[" + allow(`["s3:GetObject","sqs:SendMessage"]`, "b/*", "") + "]",
	} {
		fmt.Println(decide(statement))
	}
}
END
seen=$(nice go run . 2>/dev/null | tr '\n' ' ')
printf '%s\n' "$seen"
[ "$seen" = "true false false error error error error error error " ]
