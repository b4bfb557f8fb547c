#!/usr/bin/env bash
# github.com/hashicorp/terraform-plugin-sdk/v2 2.38.1 notes a failed update as done: the state that it returns with the error has the
# new value, unless the provider called Partial(true). Terraform's refresh before the next plan repairs that. Pulumi's engine does
# not refresh by itself and saves that state (pulumi-terraform-bridge 3.120.0, Provider.Update), so the next `pulumi up` repeats
# nothing, reports success, and only the one after it makes the change. `agentkeys recover` reads such resources again.
# Guess: the old value. Seen: the new one.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
require github.com/hashicorp/terraform-plugin-sdk/v2 v2.38.1
END
cat >main.go <<'END'
package main

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/terraform"
)

func main() {
	for _, partial := range []bool{false, true} {
		role := &schema.Resource{
			Schema: map[string]*schema.Schema{"description": {Type: schema.TypeString, Optional: true}},
			UpdateContext: func(_ context.Context, data *schema.ResourceData, _ any) diag.Diagnostics {
				data.Partial(partial)
				return diag.Errorf("refused")
			},
		}
		before := &terraform.InstanceState{ID: "role", Attributes: map[string]string{"id": "role", "description": "old"}}
		change := &terraform.InstanceDiff{Attributes: map[string]*terraform.ResourceAttrDiff{
			"description": {Old: "old", New: "new"},
		}}
		after, said := role.Apply(context.Background(), before, change, nil)
		fmt.Println(said[0].Summary, after.Attributes["description"])
	}
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
[ "$seen" = $'refused new\nrefused old' ]
