// The Pulumi engine with what this project uses of it, for machines where no release of it can be had.
//
// The commands are Pulumi's own. What is missing here beside the other commands is said in docs/adr/0006.
package main

import (
	"fmt"
	"log"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/backend"
	"github.com/pulumi/pulumi/pkg/v3/backend/httpstate"
	"github.com/pulumi/pulumi/pkg/v3/backend/httpstate/client"
	"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/agentauth"
	"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/auth"
	cmdBackend "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/backend"
	"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/cancel"
	"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/cmd"
	"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/config"
	"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/operations"
	"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/plugin"
	"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/stack"
	"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/state"
	cmdVersion "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/version"
	"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/whoami"
	"github.com/pulumi/pulumi/pkg/v3/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/common/env"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/logging"
	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	"github.com/spf13/cobra"

	"psn.local/engine/leftout"
)

func main() {
	pulumi := command(time.Now())
	err := pulumi.Execute()
	if err != nil {
		cmd.DisplayErrorMessage(pulumi.Context(), err, os.Stderr)
	}
	logging.Flush()
	os.Exit(cmd.ExitCodeFor(err))
}

// command is `pulumi`, with the flags that all its commands have.
func command(started time.Time) *cobra.Command {
	var folder, color string
	var toStderr, flow bool
	var verbosity int
	pulumi := &cobra.Command{
		Use:                "pulumi",
		Short:              "The Pulumi engine with the commands that this project uses",
		Version:            version.Version,
		SilenceErrors:      true,
		SilenceUsage:       true,
		Args:               cobra.ArbitraryArgs,
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
		CompletionOptions:  cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE: func(root *cobra.Command, names []string) error {
			if len(names) == 0 {
				return root.Help()
			}
			return leftout.Error(fmt.Sprintf("`pulumi %s`", names[0]))
		},
		PersistentPreRunE: func(called *cobra.Command, _ []string) error {
			if err := cmdutil.SetGlobalColorization(color); err != nil {
				return err
			}
			if folder != "" {
				if err := os.Chdir(folder); err != nil {
					return err
				}
			}
			logging.InitLogging(toStderr, verbosity, flow)
			log.SetOutput(logged{}) // what the clients of S3 and KMS would print
			client.SetUserAgentCommand(strings.TrimPrefix(called.CommandPath(), "pulumi "))
			ctx := cmdutil.ContextWithProcessStartTime(called.Context(), started)
			ctx = httpstate.ContextWithAgentCredentialUse(ctx)
			called.SetContext(httpstate.ContextWithCommandName(ctx, called.CommandPath()))
			return nil
		},
		PersistentPostRun: func(called *cobra.Command, _ []string) {
			agentauth.MaybePrintClaimWarning(called.Context(), called.ErrOrStderr())
		},
	}
	pulumi.SetVersionTemplate("{{.Version}}\n")
	flags := pulumi.PersistentFlags()
	flags.StringVarP(&folder, "cwd", "C", "", "Run pulumi as if it had been started in another directory")
	flags.StringVar(&color, "color", "auto", "Colorize output. Choices are: always, never, raw, auto")
	flags.BoolVarP(&cmdutil.Emoji, "emoji", "e", runtime.GOOS == "darwin", "Enable emojis in the output")
	flags.BoolVarP(&cmdutil.FullyQualifyStackNames, "fully-qualify-stack-names", "Q", false,
		"Show fully-qualified stack names")
	flags.BoolVar(&cmdutil.DisableInteractive, "non-interactive", false,
		"Disable interactive mode for all commands")
	flags.BoolVar(&backend.DisableIntegrityChecking, "disable-integrity-checking", false,
		"Disable integrity checking of checkpoint files")
	flags.BoolVar(&flow, "logflow", false, "Flow log settings to child processes (like plugins)")
	flags.BoolVar(&toStderr, "logtostderr", false, "Log to stderr instead of to files")
	flags.IntVarP(&verbosity, "verbose", "v", 0, "Enable verbose logging (e.g., v=3); anything >3 is very verbose")
	pulumi.AddCommand(
		operations.NewUpCmd(), operations.NewPreviewCmd(), operations.NewRefreshCmd(),
		operations.NewDestroyCmd(), operations.NewImportCmd(), cancel.NewCancelCmd(workspace.Instance),
		stack.NewStackCmd(), state.NewStateCmd(), config.NewConfigCmd(workspace.Instance),
		plugin.NewPluginCmd(), cmdVersion.NewVersionCmd(),
		auth.NewLoginCmd(workspace.Instance, cmdBackend.DefaultLoginManager, env.Global()),
		auth.NewLogoutCmd(workspace.Instance),
		whoami.NewWhoAmICmd(workspace.Instance, cmdBackend.DefaultLoginManager),
	)
	return pulumi
}

// logged writes what is printed by Go's own log to the engine's log.
type logged struct{}

func (logged) Write(line []byte) (int, error) {
	slog.Info(string(line))
	return len(line), nil
}
