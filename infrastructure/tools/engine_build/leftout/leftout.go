// Package leftout says of a part that it is not in this engine.
package leftout

import "fmt"

// Error is what whoever asks for the part reads; it names the engine that has it.
func Error(part string) error {
	return fmt.Errorf("%s is not in this engine, which was built here with what this project uses; "+
		"the official one has it: https://www.pulumi.com/docs/install/", part)
}
