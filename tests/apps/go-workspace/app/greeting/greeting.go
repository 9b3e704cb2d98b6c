// Package greeting knows what to say.
package greeting

// To greets somebody.
func To(name string) string { return "Hello, " + name }
