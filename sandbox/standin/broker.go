package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"
)

const tokenLifetime = 5 * time.Minute

var actorOmni = regexp.MustCompile(`^[0-9a-f]{64}$`)

func runBroker(arguments []string) error {
	if len(arguments) > 0 && arguments[0] == "keygen" {
		return keygen(arguments[1:])
	}
	flags := flag.NewFlagSet("agentkeys-broker-server", flag.ExitOnError)
	port := flags.Int("port", 8091, "port to listen on")
	bind := flags.String("bind", "127.0.0.1", "address to listen on")
	export := flags.String("export-session-pubkey-to", "", "file for the session public key")
	_ = flags.Parse(arguments)

	settings, err := required(
		"BROKER_OIDC_ISSUER", "BROKER_DATA_ROLE_ARN", "BROKER_OIDC_KEYPAIR_PATH", "BROKER_SESSION_KEYPAIR_PATH",
		"BROKER_AUTH_METHODS", "BROKER_AUDIT_ANCHORS",
	)
	if err != nil {
		return err
	}
	oidc, err := readKeyPair(settings["BROKER_OIDC_KEYPAIR_PATH"], "oidc")
	if err != nil {
		return fmt.Errorf("BOOT_FAIL: BROKER_OIDC_KEYPAIR_PATH: %w", err)
	}
	session, err := readKeyPair(settings["BROKER_SESSION_KEYPAIR_PATH"], "session")
	if err != nil {
		return fmt.Errorf("BOOT_FAIL: BROKER_SESSION_KEYPAIR_PATH: %w", err)
	}
	if *export != "" {
		if err := session.exportPublic(*export); err != nil {
			return fmt.Errorf("BOOT_FAIL: --export-session-pubkey-to: %w", err)
		}
	}

	if url := os.Getenv("BROKER_TOKEN_EXCHANGE_URL"); url != "" {
		// A real broker exchanges its tokens there (RFC 8693); tests of this one do it themselves.
		log.Printf("tokens are exchanged at %s for %s", url, os.Getenv("BROKER_TOKEN_EXCHANGE_AUDIENCE"))
	}
	for _, key := range []string{"DATA", "VAULT", "MEMORY"} {
		if policy := os.Getenv("BROKER_SESSION_POLICY_" + key); policy != "" {
			// A real broker passes it with every session; tests of this one do it themselves.
			log.Printf("a session policy of %d characters for %s", len(policy), key)
		}
	}
	issuer := settings["BROKER_OIDC_ISSUER"]
	routes := http.NewServeMux()
	routes.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{
			"issuer":                                issuer,
			"jwks_uri":                              strings.TrimSuffix(issuer, "/") + "/.well-known/jwks.json",
			"response_types_supported":              []string{"id_token"},
			"subject_types_supported":               []string{"public"},
			"id_token_signing_alg_values_supported": []string{"ES256"},
			"claims_supported":                      []string{"iss", "sub", "aud", "iat", "exp"},
		})
	})
	routes.HandleFunc("GET /.well-known/jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"keys": []any{oidc.public()}})
	})
	routes.HandleFunc("POST /v1/mint-oidc-jwt", func(w http.ResponseWriter, r *http.Request) {
		mint(w, r, issuer, oidc)
	})
	return serve(fmt.Sprintf("%s:%d", *bind, *port), routes)
}

// mint takes the actor from the body, where the real broker takes it from the caller's session token. A token without
// the actor's tag, which no real broker mints, is there for the isolation proof to be refused with.
func mint(w http.ResponseWriter, r *http.Request, issuer string, key *keyPair) {
	var request struct {
		ActorOmni string `json:"actor_omni"`
		Untagged  bool   `json:"standin_untagged"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&request); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": "the body is not a JSON object"})
		return
	}
	if !actorOmni.MatchString(request.ActorOmni) {
		answer(w, http.StatusBadRequest, map[string]string{"error": "actor_omni must be 64 lower-case hexadecimal digits"})
		return
	}
	now := time.Now()
	claims := map[string]any{
		"iss": issuer,
		"sub": "agentkeys:actor:" + request.ActorOmni,
		"aud": "sts.amazonaws.com",
		"iat": now.Unix(),
		"exp": now.Add(tokenLifetime).Unix(),
		"https://aws.amazon.com/tags": map[string]any{
			"principal_tags":      map[string][]string{"agentkeys_actor_omni": {request.ActorOmni}},
			"transitive_tag_keys": []string{"agentkeys_actor_omni"},
		},
	}
	if request.Untagged {
		delete(claims, "https://aws.amazon.com/tags")
	}
	token, err := key.sign(claims)
	if err != nil {
		log.Printf("signing failed: %v", err)
		answer(w, http.StatusInternalServerError, map[string]string{"error": "signing failed"})
		return
	}
	answer(w, http.StatusOK, map[string]string{"token": token})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func keygen(arguments []string) error {
	flags := flag.NewFlagSet("keygen", flag.ExitOnError)
	purpose := flags.String("purpose", "", "oidc or session")
	out := flags.String("out", "", "file to write; it must not exist")
	_ = flags.Parse(arguments)
	if *purpose != "oidc" && *purpose != "session" {
		return fmt.Errorf("keygen: --purpose is %q; use oidc or session", *purpose)
	}
	if *out == "" {
		return fmt.Errorf("keygen: name the file with --out")
	}
	content, err := newKeyPair(*purpose)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(*out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("keygen: an existing key is never overwritten: %w", err)
	}
	if _, err := file.Write(content); err != nil {
		return fmt.Errorf("keygen: %w", err)
	}
	return file.Close()
}
