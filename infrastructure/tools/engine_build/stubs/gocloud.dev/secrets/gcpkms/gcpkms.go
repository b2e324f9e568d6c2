// Package gcpkms stands for the secrets provider gcpkms://.
package gcpkms

import (
	"context"
	"net/url"

	"gocloud.dev/secrets"
	"psn.local/engine/leftout"
)

// Scheme is that of the provider's URLs.
const Scheme = "gcpkms"

// Client is a connection to the service, of which there is none here.
type Client struct{}

// URLOpener refuses to open the provider.
type URLOpener struct{ Client *Client }

// Dial refuses.
func Dial(context.Context, any) (*Client, func(), error) {
	return nil, nil, leftout.Error("gcpkms://")
}

// OpenKeeperURL refuses.
func (*URLOpener) OpenKeeperURL(context.Context, *url.URL) (*secrets.Keeper, error) {
	return nil, leftout.Error("gcpkms://")
}
