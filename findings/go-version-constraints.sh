#!/usr/bin/env bash
# Helm reads ranges with github.com/Masterminds/semver 3.5.0, Terraform with github.com/hashicorp/go-version 1.9.0. ~>1.2 is
# below 1.3 for the first and below 2.0 for the second; >1 leaves 1.5.0 out for the first, as npm does, and has it for the
# second; and for the first ^1.2.3-beta.2 matches 1.2.4-beta.1, which npm's semver refuses.
# https://developer.hashicorp.com/terraform/language/expressions/version-constraints
# Guess: the same answers. Seen: three times the opposite.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe

require (
	github.com/Masterminds/semver/v3 v3.5.0
	github.com/hashicorp/go-version v1.9.0
)
END
cat >main.go <<'END'
package main

import (
	"fmt"

	"github.com/Masterminds/semver/v3"
	"github.com/hashicorp/go-version"
)

func main() {
	for _, pair := range [][2]string{{"~>1.2", "1.9.0"}, {">1", "1.5.0"}, {"<=1", "1.5.0"}, {"~>1.2.3", "1.9.0"}} {
		helm, _ := semver.NewConstraint(pair[0])
		terraform, _ := version.NewConstraint(pair[0])
		fmt.Println(pair, helm.Check(semver.MustParse(pair[1])), terraform.Check(version.Must(version.NewVersion(pair[1]))))
	}
	caret, _ := semver.NewConstraint("^1.2.3-beta.2")
	fmt.Println(caret.Check(semver.MustParse("1.2.4-beta.1")))
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
[~>1.2 1.9.0] false true
[>1 1.5.0] false true
[<=1 1.5.0] true false
[~>1.2.3 1.9.0] false false
true
END
