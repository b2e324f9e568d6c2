// Package azureblob stands for the backend azblob://.
package azureblob

import (
	"context"
	"net/url"

	"gocloud.dev/blob"
	"psn.local/engine/leftout"
)

// Scheme is that of the backend's URLs.
const Scheme = "azblob"

// URLOpener refuses to open the backend.
type URLOpener struct {
	MakeClient        func()
	ServiceURLOptions ServiceURLOptions
}

// ServiceURLOptions has no options here.
type ServiceURLOptions struct{}

// OpenBucketURL refuses.
func (*URLOpener) OpenBucketURL(context.Context, *url.URL) (*blob.Bucket, error) {
	return nil, leftout.Error("azblob://")
}

// NewDefaultClient makes none.
func NewDefaultClient() {}

// NewDefaultServiceURLOptions gives the options that there are.
func NewDefaultServiceURLOptions() *ServiceURLOptions { return &ServiceURLOptions{} }

func init() { blob.DefaultURLMux().RegisterBucket(Scheme, &URLOpener{}) }
