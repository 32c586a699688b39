package main

import (
	"fmt"

	"ipclab/grader/script"

	"github.com/spf13/cobra"
)

func (a *app) verbsCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "verbs [VERB...]",
		Short:   "the language of the scripts that check exercises",
		Example: "  ipclab verbs\n  ipclab verbs expect send",
		RunE: func(_ *cobra.Command, names []string) error {
			text, err := script.Describe(names)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(a.stdout, text)
			return err
		},
	}
}
