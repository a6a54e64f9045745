package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/scim"
)

// approve approves what concerns those named, or all that the last plan showed.
func (s *appSession) approve(e *provision.Engine, only []string) error {
	if len(only) > 0 {
		n, err := s.judge(e.Approve, only)
		if err == nil {
			fmt.Fprintf(s.ErrOrStderr(), "%s approved.\n", count(n, "change"))
		}
		return err
	}
	seen, err := e.Seen(s.Context())
	if err != nil {
		return err
	}
	unseen := 0
	n, err := unleased(s, func() (n int, err error) {
		n, unseen, err = e.ApproveSeen(s.Context(), seen)
		return n, err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.ErrOrStderr(), "%s approved.\n", count(n, "change"))
	if unseen > 0 {
		fmt.Fprintf(s.ErrOrStderr(), "What came since the plan of cycle %d waits on (%s): look at it with rollcall app plan %s%s\n", seen.Plan.Number, count(unseen, "change"), s.app.Name, tenantFlag(s.tenant))
	}
	return nil
}

func newAppReject() *cobra.Command {
	var only []string
	var back bool
	c := &cobra.Command{
		Use:   "reject NAME",
		Short: "Refuse what waits for an admin",
		Long: `Reject keeps what waits from being planned again until it changes at the source. With
--take-back it ends such refusals: the next plan asks again.`,
		Example: `  rollcall app reject acme --tenant contoso
  rollcall app reject acme --only anna@contoso.test
  rollcall app reject acme --take-back --only anna@contoso.test`,
		Args: arguments("NAME"),
		RunE: onEngine(func(s *appSession, e *provision.Engine, _ []string) error {
			if back {
				return s.takeBack(e, only)
			}
			n, err := s.judge(e.Reject, only)
			if err == nil {
				fmt.Fprintf(s.OutOrStdout(), "%s rejected.\n", count(n, "change"))
			}
			return err
		}),
	}
	c.Flags().StringSliceVar(&only, "only", nil, "only what concerns these people or groups")
	c.Flags().BoolVar(&back, "take-back", false, "end earlier refusals instead")
	return withApplications(c)
}

func (s *appSession) takeBack(e *provision.Engine, only []string) error {
	n, err := unleased(s, func() (int, error) { return e.TakeBack(s.Context(), only) })
	if err != nil {
		return err
	}
	if n == 0 {
		fmt.Fprintln(s.OutOrStdout(), "Nothing was rejected of what is asked about.")
		return nil
	}
	fmt.Fprintf(s.OutOrStdout(), "The next plan asks again about %s.\n", peopleOrGroups(n))
	return nil
}

func peopleOrGroups(n int) string {
	if n == 1 {
		return "1 person or group"
	}
	return fmt.Sprintf("%d people and groups", n)
}

// judge approves or rejects what waits: all of it, or what concerns those named.
func (s *appSession) judge(word func(context.Context, []int64) (int, error), only []string) (int, error) {
	var numbers []int64
	if len(only) > 0 {
		var err error
		if numbers, err = s.waiting(only); err != nil {
			return 0, err
		}
	}
	return unleased(s, func() (int, error) { return word(s.Context(), numbers) })
}

// waiting are the operations that wait and concern those named.
func (s *appSession) waiting(names []string) (numbers []int64, err error) {
	cycle, _, err := (&provision.Engine{Store: s.state}).Waiting(s.Context())
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		found := 0
		if cycle != nil {
			ops, err := s.state.Ops(s.Context(), provision.OpQuery{Cycle: cycle.Number, States: []string{provision.Staged}, Person: scim.Fold(name), Limit: 1000})
			if err != nil {
				return nil, err
			}
			for _, op := range ops {
				numbers, found = append(numbers, op.Number), found+1
			}
		}
		if found == 0 {
			return nil, fmt.Errorf("nothing waits that concerns %q; see what does with: rollcall app plan %s%s", name, s.app.Name, tenantFlag(s.tenant))
		}
	}
	return numbers, nil
}
