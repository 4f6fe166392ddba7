package app

import "syscall"

// freeBytes is how much an ordinary user may still write at path.
func freeBytes(path string) (uint64, bool) {
	var s syscall.Statfs_t
	if syscall.Statfs(path, &s) != nil {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}
