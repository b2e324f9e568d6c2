// Package authhelpers stands for the credentials of Google Cloud.
package authhelpers

import (
	"context"

	"gocloud.dev/blob"
	"psn.local/engine/leftout"
)

// Credentials are never had here.
type Credentials struct{ TokenSource any }

// ResolveGoogleCredentials refuses.
func ResolveGoogleCredentials(context.Context, string) (*Credentials, error) {
	return nil, leftout.Error("gcpkms://")
}

// GoogleCredentialsMux refuses.
func GoogleCredentialsMux(context.Context) (*blob.URLMux, error) {
	return nil, leftout.Error("gs://")
}
