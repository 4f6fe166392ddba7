package db

import "strings"

var likely = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// Contains is the condition that one of the columns holds a text, with its
// values. A to Z count as a to z on both engines. It reads every row that other
// conditions leave; what many rows must be searched for has an index of words.
func Contains(text string, columns ...string) (cond string, args []any) {
	var or []string
	for _, c := range columns {
		or = append(or, `lower(`+c+`) LIKE ? ESCAPE '!'`)
		args = append(args, `%`+strings.ToLower(likely.Replace(text))+`%`)
	}
	return `(` + strings.Join(or, ` OR `) + `)`, args
}
