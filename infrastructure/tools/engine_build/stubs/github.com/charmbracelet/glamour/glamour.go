// Package glamour stands for the colouring of Markdown, which only `pulumi config env` uses.
package glamour

// TermRenderer leaves Markdown as it is.
type TermRenderer struct{}

// NewTermRenderer gives one.
func NewTermRenderer(...struct{}) (*TermRenderer, error) { return &TermRenderer{}, nil }

// WithAutoStyle asks for nothing.
func WithAutoStyle() (none struct{}) { return }

// WithWordWrap asks for nothing.
func WithWordWrap(int) (none struct{}) { return }

// Render gives its argument back.
func (*TermRenderer) Render(markdown string) (string, error) { return markdown, nil }
