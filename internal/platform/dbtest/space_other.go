//go:build !linux

package dbtest

import "errors"

// freeBytes has an answer on Linux only, where memoryDir exists.
func freeBytes(string) (uint64, error) { return 0, errors.ErrUnsupported }
