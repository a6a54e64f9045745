package sqlstore

import (
	"context"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/source"
)

// TestProvisionPlans: what a cycle asks often has its index, for reading and
// for writing.
func TestProvisionPlans(t *testing.T) {
	key := provision.Key{Type: source.User, Anchor: "a"}
	objects := []*provision.Object{{Key: key}}
	for name, c := range map[string]struct {
		act  func(context.Context, provision.Store) error
		want []string
	}{
		"by key": {func(ctx context.Context, a provision.Store) error {
			return err(a.ObjectsByKey(ctx, []provision.Key{key}))
		}, []string{"(tenant=? AND app=? AND type=? AND anchor=?)"}},
		"by ref": {func(ctx context.Context, a provision.Store) error { return err(a.ObjectsByRef(ctx, []string{"a"})) }, []string{"app_objects_ref (tenant=? AND app=? AND ref_key=?)", "(tenant=? AND app=? AND type=? AND anchor=?)"}},
		"by target": {func(ctx context.Context, a provision.Store) error {
			return err(a.ObjectsByTarget(ctx, source.User, []string{"a"}))
		}, []string{"app_objects_target (tenant=? AND app=? AND type=? AND target=?)"}},
		"page":          {listedObjects(provision.ObjectQuery{After: key, Limit: 9}), []string{"(tenant=? AND app=? AND (type,anchor)>(?,?))"}},
		"page of users": {listedObjects(provision.ObjectQuery{Type: source.User, After: key, Limit: 9}), []string{"(tenant=? AND app=? AND type=? AND anchor>?)"}},
		"dirty":         {listedObjects(provision.ObjectQuery{Dirty: true, After: key, Limit: 9}), []string{"app_objects_dirty (tenant=? AND app=? AND (type,anchor)>(?,?))"}},
		"dirty users":   {listedObjects(provision.ObjectQuery{Dirty: true, Type: source.User, After: key, Limit: 9}), []string{"app_objects_dirty (tenant=? AND app=? AND type=? AND anchor>?)"}},
		"search":        {listedObjects(provision.ObjectQuery{Search: "a", Limit: 9}), []string{"app_objects USING INDEX sqlite_autoindex_app_objects_1 (tenant=? AND app=? AND type=? AND anchor=?)", "app_objects_name (tenant=? AND app=? AND name_key=?)", "app_objects_target (tenant=? AND app=? AND type=? AND target=?)"}},
		"left":          {listedObjects(provision.ObjectQuery{LeftBefore: 5, Limit: 9}), []string{"app_objects_left (tenant=? AND app=? AND left_at>? AND left_at<?)"}},
		"rejected":      {listedObjects(provision.ObjectQuery{Rejected: true, After: key, Limit: 9}), []string{"app_objects_held (tenant=? AND app=? AND (type,anchor)>(?,?))"}},
		"escrow":        {listedObjects(provision.ObjectQuery{Escrow: true, Limit: 9}), []string{"app_objects_escrow (tenant=? AND app=? AND retry>?)"}},
		"counts":        {func(ctx context.Context, a provision.Store) error { return err(a.CountObjects(ctx)) }, []string{"COVERING INDEX app_objects_scope", "COVERING INDEX app_objects_target", "COVERING INDEX app_objects_dirty", "COVERING INDEX app_objects_escrow", "COVERING INDEX app_objects_left", "app_objects_held"}},
		"match": {func(ctx context.Context, a provision.Store) error {
			return err(a.MatchTargets(ctx, 1, source.User, provision.MatchKey{Path: "p", Value: "v"}, 2))
		}, []string{"k USING PRIMARY KEY (tenant=? AND app=? AND type=? AND path=? AND value=?)", "t USING INDEX sqlite_autoindex_app_targets_1 (tenant=? AND app=? AND type=? AND id=?)"}},
		"orphans":       {func(ctx context.Context, a provision.Store) error { return err(a.Targets(ctx, source.User, "a", 9)) }, []string{"(tenant=? AND app=? AND type=? AND id>?)"}},
		"waiting":       {func(ctx context.Context, a provision.Store) error { return err(a.Waiting(ctx, []string{"a"})) }, []string{"(tenant=? AND app=? AND ref_key=?)"}},
		"planned":       {askedOps(provision.OpQuery{Cycle: 1, States: []string{"planned"}, After: 5, Limit: 9}), []string{"app_ops_state (tenant=? AND app=? AND cycle=? AND state=? AND number>?)"}},
		"counts of ops": {func(ctx context.Context, a provision.Store) error { return err(a.CountOps(ctx, 1)) }, []string{"COVERING INDEX app_ops_state (tenant=? AND app=? AND cycle=?)"}},
		"losses":        {func(ctx context.Context, a provision.Store) error { return err(a.Losses(ctx, "clear", 5)) }, []string{"app_ops_losing (tenant=? AND app=? AND losing=? AND time>?)"}},
		"log":           {askedOps(provision.OpQuery{Log: true, Before: 9, Limit: 9}), []string{"app_ops_time (tenant=? AND app=? AND time>? AND time<?)"}},
		"failures":      {askedOps(provision.OpQuery{Log: true, Failed: true, Before: 9, Limit: 9}), []string{"app_ops_failed (tenant=? AND app=? AND time>? AND time<?)"}},
		"log of one":    {askedOps(provision.OpQuery{Log: true, Person: "a", Limit: 9}), []string{"app_ops_anchor (tenant=? AND app=? AND anchor=?)", "app_ops_name (tenant=? AND app=? AND name_key=?)", "app_ops_target (tenant=? AND app=? AND target=?)", "p USING INDEX app_objects_name (tenant=? AND app=? AND name_key=?)", "app_ops USING INDEX sqlite_autoindex_app_ops_1 (tenant=? AND app=? AND cycle=? AND number=?)"}},
		"put links":     {func(ctx context.Context, a provision.Store) error { return a.PutLinks(ctx, objects) }, []string{"app_objects USING COVERING INDEX sqlite_autoindex_app_objects_1 (tenant=? AND app=? AND type=? AND anchor=?)"}},
		"finish": {func(ctx context.Context, a provision.Store) error {
			return a.Finish(ctx, []*provision.Op{{Cycle: 1}}, nil)
		}, []string{"app_ops USING COVERING INDEX sqlite_autoindex_app_ops_1 (tenant=? AND app=? AND cycle=? AND number=?)"}},
		"seen":           {func(ctx context.Context, a provision.Store) error { return a.MarkSeen(ctx, 1, []provision.Key{key}) }, []string{"(tenant=? AND app=? AND type=? AND anchor=?)"}},
		"stage":          {func(ctx context.Context, a provision.Store) error { return err(a.StageOps(ctx, 1, "clear", "g")) }, []string{"(tenant=? AND app=? AND cycle=? AND state=?)"}},
		"supersede":      {func(ctx context.Context, a provision.Store) error { return a.SupersedeBefore(ctx, 5) }, []string{"app_ops_open (tenant=? AND app=? AND cycle<?)"}},
		"prune":          {func(ctx context.Context, a provision.Store) error { return err(a.Prune(ctx, 5)) }, []string{"app_ops_time (tenant=? AND app=? AND time>? AND time<?)"}},
		"forget targets": {func(ctx context.Context, a provision.Store) error { return a.DeleteTargetsBefore(ctx, 5) }, []string{"app_targets_seen (tenant=? AND app=? AND seen<?)"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "rollcall.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := c.act(t.Context(), s.Provision().Application(1, "app")); err != nil {
				t.Fatal(err)
			}
			plan := plans(t, s) + writePlans(t, s)
			for _, want := range c.want {
				if !strings.Contains(plan, want) {
					t.Errorf("planned\n%swant %s", plan, want)
				}
			}
			if walk := regexp.MustCompile(`(?m)^(SCAN (app_|t).*|.* \(tenant=\? AND app=\?\))$`).FindString(plan); walk != "" && !slices.Contains([]string{"counts", "prune"}, name) {
				t.Errorf("walks all: %s\n%s", walk, plan)
			}
		})
	}
}

func err[T any](_ T, err error) error { return err }

func listedObjects(q provision.ObjectQuery) func(context.Context, provision.Store) error {
	return func(ctx context.Context, a provision.Store) error { return err(a.Objects(ctx, q)) }
}

func askedOps(q provision.OpQuery) func(context.Context, provision.Store) error {
	return func(ctx context.Context, a provision.Store) error { return err(a.Ops(ctx, q)) }
}

// writePlans explains every statement that was prepared for writing.
func writePlans(t *testing.T, s *Store) string {
	t.Helper()
	w := <-s.writers
	defer func() { s.writers <- w }()
	var out strings.Builder
	if w == nil {
		return ""
	}
	for query := range w.stmts {
		out.WriteString(explained(t, s, query))
	}
	return out.String()
}
