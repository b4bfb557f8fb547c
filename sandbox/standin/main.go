// Stand-ins for the AgentKeys binaries, for the sandbox only: one program under the six names of a release, with the
// flags, ports, environment, files and health endpoints that the host setup relies on, and enough of the broker to mint
// the OIDC tokens that the cloud account trusts. Nothing here keeps anyone's data or keys safe.
package main

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
)

// A release answers to these names; argv[0] tells which one was started.
var binaries = map[string]func(arguments []string) error{
	"agentkeys-mock-server":   runMockServer,
	"agentkeys-broker-server": runBroker,
	"agentkeys-worker-audit":  runAuditWorker,
	"agentkeys-worker-email":  runEmailWorker,
	"agentkeys-worker-creds":  runCredsWorker,
	"agentkeys-worker-memory": runMemoryWorker,
}

func main() {
	log.SetFlags(0)
	name := filepath.Base(os.Args[0])
	log.SetPrefix(name + " (stand-in): ")
	run, known := binaries[name]
	if !known {
		log.Fatalf("there is no stand-in of this name; install it under the name of the binary it stands in for")
	}
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

// required reads environment variables; the error names every one that is missing.
func required(names ...string) (map[string]string, error) {
	values := make(map[string]string)
	var missing []error
	for _, name := range names {
		values[name] = os.Getenv(name)
		if values[name] == "" {
			missing = append(missing, fmt.Errorf("BOOT_FAIL: the environment variable %s is not set", name))
		}
	}
	return values, errors.Join(missing...)
}

func serve(address string, routes *http.ServeMux) error {
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	log.Printf("listening on %s", address)
	return http.ListenAndServe(address, routes)
}
