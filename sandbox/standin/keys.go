package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
)

// keyPair is an ES256 key with the identifier that its JWKS entry and its tokens carry.
type keyPair struct {
	key *ecdsa.PrivateKey
	id  string
}

type keyFile struct {
	Purpose    string `json:"purpose"`
	Algorithm  string `json:"alg"`
	PrivateKey string `json:"private_key_pem"`
}

func newKeyPair(purpose string) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	content, err := json.MarshalIndent(keyFile{
		Purpose:    purpose,
		Algorithm:  "ES256",
		PrivateKey: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	}, "", "  ")
	return append(content, '\n'), err
}

func readKeyPair(path, purpose string) (*keyPair, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file keyFile
	if err := json.Unmarshal(content, &file); err != nil {
		return nil, fmt.Errorf("%s is not a key pair of keygen: %w", path, err)
	}
	block, _ := pem.Decode([]byte(file.PrivateKey))
	if file.Purpose != purpose || block == nil {
		return nil, fmt.Errorf("%s holds no key pair for the purpose %s", path, purpose)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%s holds no key on the curve P-256", path)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(point)
	return &keyPair{key: key, id: encode(digest[:16])}, nil
}

func (k *keyPair) public() map[string]string {
	// An uncompressed point: 4, x, y. readKeyPair has been through it without an error.
	point, _ := k.key.PublicKey.Bytes()
	return map[string]string{
		"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": k.id,
		"x": encode(point[1:33]), "y": encode(point[33:]),
	}
}

// sign makes a JWT; JOSE wants the two numbers of the signature side by side, not ASN.1.
func (k *keyPair) sign(claims map[string]any) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": "ES256", "typ": "JWT", "kid": k.id})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := encode(header) + "." + encode(payload)
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, k.key, digest[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + encode(signature), nil
}

// exportPublic replaces the file in one step, since the workers may be reading it.
func (k *keyPair) exportPublic(path string) error {
	der, err := x509.MarshalPKIXPublicKey(&k.key.PublicKey)
	if err != nil {
		return err
	}
	content := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	if err := os.WriteFile(path+".new", content, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func publicKey(text string) error {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return fmt.Errorf("no PEM block in it")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return err
	}
	if _, ok := parsed.(*ecdsa.PublicKey); !ok {
		return fmt.Errorf("not an EC public key")
	}
	return nil
}

func encode(data []byte) string {
	return base64.RawURLEncoding.EncodeToString(data)
}
