// Package cli stands for `pulumi env`.
package cli

import (
	"github.com/pulumi/pulumi/sdk/v3/go/common/esc"
	"psn.local/engine/leftout"
)

// PrepareOptions is how an environment is shown.
type PrepareOptions struct {
	Pretend bool
	Redact  bool
}

// PrepareEnvironment refuses: the project's stacks import no environment.
func PrepareEnvironment(*esc.Environment, *PrepareOptions) (
	files, environ, secrets []string, filesByKey map[string]string, err error,
) {
	return nil, nil, nil, nil, leftout.Error("a stack's environment")
}
