package main

import (
	"encoding/hex"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strconv"
)

func runMockServer(arguments []string) error {
	flags := flag.NewFlagSet("agentkeys-mock-server", flag.ExitOnError)
	port := flags.Int("port", 8090, "port to listen on")
	signerOnly := flags.Bool("signer-only", false, "serve /dev/ and /healthz alone")
	sessionKey := flags.String("broker-session-pubkey-path", "", "file of the broker's session public key")
	_ = flags.Parse(arguments)

	if _, err := secret("DEV_KEY_SERVICE_MASTER_SECRET"); err != nil {
		return err
	}
	routes := http.NewServeMux()
	routes.HandleFunc("/dev/", func(w http.ResponseWriter, r *http.Request) {
		if *signerOnly && r.Header.Get("Authorization") == "" {
			answer(w, http.StatusUnauthorized, map[string]string{"error": "a session token is needed"})
			return
		}
		answer(w, http.StatusOK, map[string]string{"stand-in": r.URL.Path})
	})
	if *signerOnly {
		content, err := os.ReadFile(*sessionKey)
		if err != nil {
			return fmt.Errorf("BOOT_FAIL: --broker-session-pubkey-path: %w", err)
		}
		if err := publicKey(string(content)); err != nil {
			return fmt.Errorf("BOOT_FAIL: --broker-session-pubkey-path %s: %w", *sessionKey, err)
		}
	}
	return serve(fmt.Sprintf("127.0.0.1:%d", *port), routes)
}

func runAuditWorker([]string) error {
	settings, err := required(
		"AGENTKEYS_WORKER_AUDIT_BIND", "AGENTKEYS_WORKER_AUDIT_LEAVES_DIR", "AGENTKEYS_WORKER_AUDIT_FLUSH_INTERVAL_SECS",
	)
	if err != nil {
		return err
	}
	if _, err := strconv.ParseUint(settings["AGENTKEYS_WORKER_AUDIT_FLUSH_INTERVAL_SECS"], 10, 32); err != nil {
		return fmt.Errorf("BOOT_FAIL: AGENTKEYS_WORKER_AUDIT_FLUSH_INTERVAL_SECS: %w", err)
	}
	if err := os.WriteFile(settings["AGENTKEYS_WORKER_AUDIT_LEAVES_DIR"]+"/.writable", nil, 0o600); err != nil {
		return fmt.Errorf("BOOT_FAIL: AGENTKEYS_WORKER_AUDIT_LEAVES_DIR: %w", err)
	}
	return serve(settings["AGENTKEYS_WORKER_AUDIT_BIND"], http.NewServeMux())
}

func runEmailWorker(arguments []string) error {
	flags := flag.NewFlagSet("agentkeys-worker-email", flag.ExitOnError)
	bucket := flags.String("inbox-bucket", "", "bucket of the inbound mail")
	_ = flags.Parse(arguments)
	if *bucket == "" {
		return fmt.Errorf("BOOT_FAIL: --inbox-bucket is not given")
	}
	settings, err := required("AGENTKEYS_WORKER_EMAIL_BIND", "AGENTKEYS_VAULT_BUCKET", "AWS_REGION")
	if err != nil {
		return err
	}
	return serve(settings["AGENTKEYS_WORKER_EMAIL_BIND"], http.NewServeMux())
}

func runCredsWorker([]string) error {
	return runEncryptingWorker("VAULT_BUCKET", "AGENTKEYS_WORKER_KEK_HEX")
}

func runMemoryWorker([]string) error {
	return runEncryptingWorker("MEMORY_BUCKET", "AGENTKEYS_MEMORY_KEK_HEX")
}

func runEncryptingWorker(bucket, keyEncryptionKey string) error {
	settings, err := required(
		"WORKER_BIND", bucket, "AWS_REGION", "AGENTKEYS_CHAIN", "AGENTKEYS_CHAIN_RPC_HTTP", "BROKER_CAP_PUBKEY_PEM",
	)
	if err != nil {
		return err
	}
	if _, err := secret(keyEncryptionKey); err != nil {
		return err
	}
	if err := publicKey(settings["BROKER_CAP_PUBKEY_PEM"]); err != nil {
		return fmt.Errorf("BOOT_FAIL: BROKER_CAP_PUBKEY_PEM: %w", err)
	}
	return serve(settings["WORKER_BIND"], http.NewServeMux())
}

// secret reads 32 bytes of hexadecimal; its error does not repeat them.
func secret(name string) ([]byte, error) {
	value, err := hex.DecodeString(os.Getenv(name))
	if err != nil || len(value) != 32 {
		return nil, fmt.Errorf("BOOT_FAIL: the environment variable %s is not 64 hexadecimal digits", name)
	}
	return value, nil
}
