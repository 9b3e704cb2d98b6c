// Package web holds the front end.
package web

import "embed"

//go:embed all:dist
var Files embed.FS
