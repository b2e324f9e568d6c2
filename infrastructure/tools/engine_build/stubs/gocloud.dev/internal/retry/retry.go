// Package retry stands for the repetition of calls to message queues.
package retry

// ContextError is an error of that repetition, which never comes up here.
type ContextError struct{}

func (*ContextError) Error() string { return "" }
