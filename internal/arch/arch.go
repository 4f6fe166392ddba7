// Package arch (架构) holds the house to its drawing: docs/design.md, "The
// folders" and "Arrows". Its tests parse all sources of the module in-process,
// so that they can never be answered from a stale build or test cache: which
// package may import which, how long a file and a package may be, where SQL
// and the machine's clock may stand, and which libraries the product leans on.
//
// An exception is a row of a table in rules_test.go with its reason. A row
// that is no longer needed fails too, so the tables never say more than is so.
package arch
