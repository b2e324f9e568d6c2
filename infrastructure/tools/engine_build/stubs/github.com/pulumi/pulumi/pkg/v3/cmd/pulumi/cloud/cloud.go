// Package cloud stands for `pulumi api`, and the OpenAPI library that it is made with.
package cloud

// APIError is an error of that command, which never comes up here.
type APIError struct {
	ExitCode int
	Silent   bool
}

func (*APIError) Error() string { return "" }
