//go:build tools

// Package engine pins the Go modules that the Pulumi engine is built from where no release of it can be had.
package engine

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
