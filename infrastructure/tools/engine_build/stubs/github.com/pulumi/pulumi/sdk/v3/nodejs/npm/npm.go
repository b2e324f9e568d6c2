// Package npm stands for the packing of policy packs that are written in JavaScript.
package npm

import (
	"context"
	"io"

	"psn.local/engine/leftout"
)

// PackageManagerType names npm or one like it.
type PackageManagerType string

// AutoPackageManager is the one that a project uses.
const AutoPackageManager PackageManagerType = "auto"

// Pack refuses.
func Pack(context.Context, PackageManagerType, string, io.Writer) ([]byte, error) {
	return nil, leftout.Error("publishing a policy pack")
}
