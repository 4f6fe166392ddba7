// Linli 邻里: an urban community, its street and its district govern together
// with their residents. One program, one process, one database.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// cli is every command; each has a file of its own.
type cli struct {
	Demo     demoCommand     `cmd:"" help:"Fill a demo district and serve it."`
	Serve    serveCommand    `cmd:"" help:"Serve; migrates first unless --no-migrate."`
	Setup    setupCommand    `cmd:"" help:"First run of a real installation."`
	Migrate  migrateCommand  `cmd:"" help:"Bring the schema to the newest version."`
	Doctor   doctorCommand   `cmd:"" help:"Check configuration, clock, disk and database."`
	Backup   backupCommand   `cmd:"" help:"Write one portable archive while serving."`
	Restore  restoreCommand  `cmd:"" help:"Fill an empty place of either engine with a backup."`
	Verify   verifyCommand   `cmd:"" help:"Recompute every invariant from scratch."`
	Import   importCommand   `cmd:"" help:"Take in a CSV or XLSX file, all or nothing."`
	Export   exportCommand   `cmd:"" help:"Write a CSV or XLSX file, masked unless --full."`
	Generate generateCommand `cmd:"" help:"Invent people and matters for load tests."`
	Token    tokenCommand    `cmd:"" help:"API tokens."`
	Count    countCommand    `cmd:"" help:"Count a Pabulib election."`
}

// errFound is a command that ran and found something wrong: exit 1, its lines
// already printed or in the error.
var errFound = errors.New("")

func main() {
	var c cli
	k := kong.Must(&c, kong.Name("linli"), kong.UsageOnError(), kong.ShortUsageOnError(),
		kong.Description("邻里: open-source community governance."), kong.Exit(os.Exit))
	ctx, err := k.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "linli:", err)
		fmt.Fprintln(os.Stderr, "See linli --help.")
		os.Exit(2)
	}
	if err := ctx.Run(); err != nil {
		if err.Error() != "" {
			fmt.Fprintln(os.Stderr, "linli:", strings.ReplaceAll(err.Error(), "\n\t", " ")) // PostgreSQL's driver tells a line an address
		}
		os.Exit(1)
	}
}
