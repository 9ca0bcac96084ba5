// Command setup writes what a new control plane starts from into the working
// directory: a certificate authority and the API server's certificate by it,
// the key of service accounts' tokens, three users and a kubeconfig with a
// context for each. It prints the port chosen for the API server.
package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"os"
	"time"
)

// users are in the order of their contexts; the first is the current one.
var users = []struct{ name, context, group string }{
	{"admin", "rig", "system:masters"},
	{"reader", "reader", ""},
	{"nobody", "nobody", ""},
}

func main() {
	port, err := freePort()
	if err == nil {
		err = write(port)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "setup:", err)
		os.Exit(1)
	}
	fmt.Println(port)
}

// freePort picks a port below those that systems hand to outgoing connections:
// one of these could take it before the API server does.
func freePort() (int, error) {
	for range 100 {
		port := 20000 + mathrand.IntN(10000)
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, listener.Close()
		}
	}
	return 0, errors.New("no free port from 20000 to 29999")
}

func write(port int) error {
	caKey, err := newKey("")
	if err != nil {
		return err
	}
	serverKey, err := newKey("apiserver.key")
	if err != nil {
		return err
	}
	if _, err := newKey("service-accounts.key"); err != nil {
		return err
	}

	ca := template("rig CA")
	ca.IsCA = true
	ca.BasicConstraintsValid = true
	ca.SubjectKeyId = []byte("rig") // strict clients want the name of its signer in a certificate
	ca.KeyUsage = x509.KeyUsageCertSign
	caPEM, err := certify("ca.crt", ca, ca, caKey, caKey)
	if err != nil {
		return err
	}
	server := template("kube-apiserver")
	server.KeyUsage = x509.KeyUsageDigitalSignature
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.DNSNames = []string{"localhost"}
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	if _, err := certify("apiserver.crt", server, ca, serverKey, caKey); err != nil {
		return err
	}

	tokens := map[string]string{}
	var list bytes.Buffer
	for _, user := range users {
		tokens[user.name] = rand.Text()
		fmt.Fprintf(&list, "%s,%s,%s", tokens[user.name], user.name, user.name)
		if user.group != "" {
			fmt.Fprintf(&list, ",%s", user.group)
		}
		fmt.Fprintln(&list)
	}
	if err := os.WriteFile("tokens.csv", list.Bytes(), 0o600); err != nil {
		return err
	}
	return os.WriteFile("kubeconfig", kubeconfig(port, caPEM, tokens), 0o600)
}

// newKey makes a private key and writes it to the file, if one is named.
func newKey(file string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil || file == "" {
		return key, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	return key, os.WriteFile(file, block, 0o600)
}

func template(name string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-time.Hour), // the clock may be set back meanwhile
		NotAfter:     now.AddDate(0, 0, 30),
	}
}

// certify signs the certificate of key and writes it to the file.
func certify(file string, cert, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, key.Public(), parentKey)
	if err != nil {
		return nil, err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return block, os.WriteFile(file, block, 0o600)
}

func kubeconfig(port int, ca []byte, tokens map[string]string) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, `apiVersion: v1
kind: Config
current-context: %s
clusters:
- name: rig
  cluster:
    server: https://127.0.0.1:%d
    certificate-authority-data: %s
users:
`, users[0].context, port, base64.StdEncoding.EncodeToString(ca))
	for _, user := range users {
		fmt.Fprintf(&out, "- name: %s\n  user: {token: %s}\n", user.name, tokens[user.name])
	}
	out.WriteString("contexts:\n")
	for _, user := range users {
		fmt.Fprintf(&out, "- name: %s\n  context: {cluster: rig, user: %s}\n", user.context, user.name)
	}
	return out.Bytes()
}
