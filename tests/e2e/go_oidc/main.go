// Command relying-party is go-oidc and golang.org/x/oauth2 as they come, against the API at $API, as the client
// $CLIENT_ID with the secret $CLIENT_SECRET, or a public one. It prints the URL at which a user logs in, reads the one
// that the user is sent back to, and prints what came of everything after that as one line of JSON.
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/url"
	"os"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

type outcome struct {
	Algorithms     []string       `json:"algorithms"`
	Header         map[string]any `json:"header"`
	Claims         map[string]any `json:"claims"`
	SameNonce      bool           `json:"same_nonce"`
	SameUser       bool           `json:"same_user"`
	Email          string         `json:"email"`
	Verified       bool           `json:"email_verified"`
	Rotated        bool           `json:"rotated"`
	Players        int            `json:"players"`
	OtherIssuer    string         `json:"other_issuer"`
	OtherClient    string         `json:"other_client"`
	CodeAgain      string         `json:"code_again"`
	CodeAgainCode  int            `json:"code_again_status"`
	RefreshedAgain string         `json:"refreshed_again"`
}

func main() {
	log.SetFlags(0)
	api, ctx := os.Getenv("API"), context.Background()
	provider := must(oidc.NewProvider(ctx, api))
	var metadata struct {
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}
	check(provider.Claims(&metadata))
	client := oauth2.Config{
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		Endpoint:     provider.Endpoint(),
		RedirectURL:  "http://localhost:8080/callback",
		Scopes:       []string{oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess, "players:read"},
	}
	state, nonce, pkce := oauth2.GenerateVerifier(), oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	fmt.Println(client.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(pkce)))
	line := must(bufio.NewReader(os.Stdin).ReadString('\n'))
	callback := must(url.Parse(strings.TrimSpace(line))).Query()
	if callback.Get("state") != state {
		log.Fatal("the state is another")
	}
	code := callback.Get("code")
	token := must(client.Exchange(ctx, code, oauth2.VerifierOption(pkce)))
	raw, _ := token.Extra("id_token").(string)
	verifier := provider.Verifier(&oidc.Config{ClientID: client.ClientID})
	id := must(verifier.Verify(ctx, raw))
	check(id.VerifyAccessToken(token.AccessToken))
	told := outcome{Algorithms: metadata.Algorithms, SameNonce: id.Nonce == nonce, Header: header(raw)}
	check(id.Claims(&told.Claims))

	user := must(provider.UserInfo(ctx, oauth2.StaticTokenSource(token)))
	told.SameUser, told.Email, told.Verified = user.Subject == id.Subject, user.Email, user.EmailVerified

	stale := &oauth2.Token{RefreshToken: token.RefreshToken}
	fresh := must(client.TokenSource(ctx, stale).Token())
	told.Rotated = fresh.RefreshToken != token.RefreshToken
	answer := must(client.Client(ctx, fresh).Get(api + "/players"))
	told.Players = answer.StatusCode

	_, err := oidc.NewProvider(ctx, api+"/")
	told.OtherIssuer = text(err)
	_, err = provider.Verifier(&oidc.Config{ClientID: "another"}).Verify(ctx, raw)
	told.OtherClient = text(err)
	_, err = client.Exchange(ctx, code, oauth2.VerifierOption(pkce))
	told.CodeAgain, told.CodeAgainCode = refusal(err)
	_, err = client.TokenSource(ctx, &oauth2.Token{RefreshToken: fresh.RefreshToken}).Token()
	told.RefreshedAgain, _ = refusal(err)
	check(json.NewEncoder(os.Stdout).Encode(told))
}

func header(token string) map[string]any {
	decoded := map[string]any{}
	first, _, _ := strings.Cut(token, ".")
	check(json.Unmarshal(must(base64.RawURLEncoding.DecodeString(first)), &decoded))
	return decoded
}

func refusal(err error) (string, int) {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return refused.ErrorCode, refused.Response.StatusCode
	}
	return text(err), 0
}

func text(err error) string {
	if err == nil {
		return "given"
	}
	return err.Error()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}
