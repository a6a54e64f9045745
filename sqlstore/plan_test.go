package sqlstore

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
)

// Among a million people a statement that walks a tenant takes a second. What
// SQLite plans is asked of SQLite, for the statements as they are sent.
func TestPlans(t *testing.T) {
	no := false
	for name, c := range map[string]struct {
		read func(directory.Reader) error
		want string
	}{
		"by id":                 {user("x"), "USING INDEX sqlite_autoindex_users_1 (tenant=? AND id=?)"},
		"by userName":           {found(directory.ByUserName), "USING INDEX users_name (tenant=? AND name_key=?)"},
		"by a removed userName": {found(directory.ByGoneName), "USING INDEX users_gone (tenant=? AND gone_key=?)"},
		"by displayName":        {found(directory.ByDisplayName), "USING INDEX users_display (tenant=? AND display_key=?)"},
		"by e-mail":             {found(directory.ByEmail), "USING PRIMARY KEY (tenant=? AND key=?)"},
		"by externalId":         {found(directory.ByExternalID), "USING COVERING INDEX links_external (tenant=? AND external_id=?)"},
		"by alias":              {found(directory.ByAlias), "USING COVERING INDEX links_alias (tenant=? AND alias_key=?)"},
		"page":                  {listed(directory.List{After: "x", Limit: 9}), "u USING INDEX sqlite_autoindex_users_1 (tenant=? AND id>?)"},
		"page of a group":       {listed(directory.List{After: "x", Limit: 9, Group: "g"}), "USING INDEX users_group (tenant=? AND group_id=? AND id>?)"},
		"page of a team":        {listed(directory.List{After: "x", Limit: 9, Team: "t"}), "u USING INDEX sqlite_autoindex_users_1 (tenant=? AND id=?)"},
		"unmatched":             {listed(directory.List{After: "x", Limit: 9, Matched: &no}), "USING INDEX users_unmatched (tenant=? AND id>?)"},
		"removed":               {listed(directory.List{States: []directory.State{directory.Removed}, Limit: 9}), "USING INDEX users_removed (tenant=? AND removed_at>?)"},
		"to be forgotten":       {listed(directory.List{States: []directory.State{directory.Removed}, RemovedBefore: 5, Limit: 9}), "USING INDEX users_removed (tenant=? AND removed_at>? AND removed_at<?)"},
		"size of a group":       {counted(directory.List{Group: "g"}), "USING INDEX users_group (tenant=? AND group_id=?)"},
		"size of a team":        {counted(directory.List{Team: "t"}), "USING PRIMARY KEY (tenant=? AND team_id=?)"},
		"company admins":        {counted(directory.List{Role: directory.RoleCompanyAdmin}), "USING INDEX users_admins (tenant=? AND role>?)"},
		"people by name":        {walked(directory.Set{Kind: directory.SetShown}), "u USING INDEX users_shown (tenant=? AND (shown_key,id)>(?,?))"},
		"people backwards":      {walked(directory.Set{Kind: directory.SetShown, Backwards: true}), "u USING INDEX users_shown (tenant=? AND (shown_key,id)<(?,?))"},
		"people by userName":    {walked(directory.Set{Kind: directory.SetUserName}), "u USING INDEX users_name (tenant=? AND name_key>?)"},
		"people by word":        {walked(directory.Set{Kind: directory.SetWord, Value: "anna"}), "w USING PRIMARY KEY (tenant=? AND (word,shown,user_id)>(?,?,?) AND word<?)"},
		"people of a group":     {walked(directory.Set{Kind: directory.SetGroup, Value: "g"}), "u USING INDEX users_group (tenant=? AND group_id=? AND id>?)"},
		"people of a team":      {walked(directory.Set{Kind: directory.SetTeam, Value: "t"}), "memberships USING PRIMARY KEY (tenant=? AND team_id=? AND user_id>?)"},
		"unmatched people":      {walked(directory.Set{Kind: directory.SetUnmatched}), "u USING INDEX users_unmatched (tenant=? AND id>?)"},
		"people by hand":        {walked(directory.Set{Kind: directory.SetByHand}), "u USING INDEX users_by_hand (tenant=? AND id>?)"},
		"inactive people":       {walked(directory.Set{Kind: directory.SetInactive}), "u USING INDEX users_inactive (tenant=? AND id>?)"},
		"linked people":         {walked(directory.Set{Kind: directory.SetConnection, Value: "c"}), "x USING COVERING INDEX links_connection (tenant=? AND connection=? AND user_id>?)"},
		"people left alone":     {walked(directory.Set{Kind: directory.SetLeftAlone}), "x USING PRIMARY KEY (tenant=? AND user_id>?)"},
		"removed people":        {walked(directory.Set{Kind: directory.SetRemoved}), "u USING INDEX users_removed (tenant=? AND removed_at>? AND removed_at<?)"},
		"how many have a word":  {sized(directory.Set{Kind: directory.SetWord, Value: "anna"}), "w USING PRIMARY KEY (tenant=? AND word>? AND word<?)"},
		"how many in a team":    {sized(directory.Set{Kind: directory.SetTeam, Value: "t"}), "memberships USING PRIMARY KEY (tenant=? AND team_id=?)"},
		"how many unmatched":    {sized(directory.Set{Kind: directory.SetUnmatched}), "u USING INDEX users_unmatched (tenant=?"},
		"waiting in a task":     {aboutTasks, "task_people USING INDEX task_people_outcome (tenant=? AND task=? AND outcome=? AND user_id>?)"},
		"activity of a person":  {told(directory.ActivityQuery{Subjects: []string{"a", "b"}, Failed: true, Since: 3, Limit: 9}), "USING INDEX activity_subject (tenant=? AND subject=?)"},
		"applications":          {aboutApplications(directory.Reader.Applications), "applications USING INDEX applications_name (tenant=? AND name_key>?)"},
		"an application":        {aboutApplications(by(directory.Reader.Application)), "applications USING INDEX sqlite_autoindex_applications_1 (tenant=? AND id=?)"},
		"application by name":   {aboutApplications(by(directory.Reader.ApplicationNamed)), "applications USING INDEX applications_name (tenant=? AND name_key=?)"},
		"is it changed":         {aboutApplications(by(directory.Reader.ApplicationSeq)), "applications USING INDEX sqlite_autoindex_applications_1 (tenant=? AND id=?)"},
		"a password":            {aboutSignIn(func(ctx context.Context, r directory.Reader) error { _, err := r.Password(ctx, "x"); return err }), "passwords USING INDEX sqlite_autoindex_passwords_1 (tenant=? AND user_id=?)"},
		"a person's sessions":   {aboutSignIn(func(ctx context.Context, r directory.Reader) error { _, err := r.Sessions(ctx, "x"); return err }), "s USING INDEX sessions_user (tenant=? AND user_id=?)"},
		"a person's link":       {aboutSignIn(func(ctx context.Context, r directory.Reader) error { _, err := r.SignInLink(ctx, "x"); return err }), "sign_in_links USING INDEX sign_in_links_user (tenant=? AND user_id=?)"},
		"does a session stand":  {aboutSignIn(func(ctx context.Context, r directory.Reader) error { return r.SessionStands(ctx, "x") }), "sessions USING INDEX sqlite_autoindex_sessions_1 (hash=?)"},
		"activity by id":        {watched(directory.Reader.ActivityByID), "activity USING PRIMARY KEY (tenant=? AND id=?)"},
		"detail":                {watched(directory.Reader.Detail), "activity_details USING INDEX sqlite_autoindex_activity_details_1 (tenant=? AND id=?)"},
		"refusal":               {watched(directory.Reader.Refusal), "refusals USING INDEX sqlite_autoindex_refusals_1 (tenant=? AND subject=?)"},
		"who waits":             {func(r directory.Reader) error { _, err := r.Refusals(context.Background(), "c", "x", 9); return err }, "refusals USING INDEX refusals_cause (tenant=? AND cause=? AND subject>?)"},
		"causes":                {func(r directory.Reader) error { _, err := r.Causes(context.Background(), 9); return err }, "causes USING INDEX causes_waiting (tenant=?)"},
		"tallies":               {func(r directory.Reader) error { _, err := r.Tallies(context.Background(), 5); return err }, "tallies USING PRIMARY KEY (tenant=? AND hour>?)"},
		"strays":                {func(r directory.Reader) error { _, err := r.CountMarks(context.Background(), "stray", 9); return err }, "marks USING PRIMARY KEY (tenant=? AND kind=?)"},
		"held removals":         {func(r directory.Reader) error { _, err := r.CountHeld(context.Background(), "c", 9); return err }, "USING COVERING INDEX removals_window (tenant=? AND connection=? AND kind=? AND state=?)"},
		"tokens of a tenant":    {func(r directory.Reader) error { _, err := r.Tokens(context.Background()); return err }, "tokens USING INDEX tokens_seq (tenant=? AND seq>?)"},
		"failed activity":       {told(directory.ActivityQuery{Failed: true, Before: "x", Since: 3, Limit: 9}), "USING INDEX activity_failed (tenant=? AND id<?)"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "rollcall.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := s.CreateTenant(t.Context(), directory.TenantRow{Name: "acme"}, func(directory.Tx) error { return nil }); err != nil {
				t.Fatal(err)
			}
			if err := c.read(s.Reader(1)); err != nil {
				t.Fatal(err)
			}
			if plan := plans(t, s); !strings.Contains(plan, c.want) {
				t.Errorf("planned\n%swant %s", plan, c.want)
			}
		})
	}
}

func user(id string) func(directory.Reader) error {
	return func(r directory.Reader) error { _, _, err := r.User(context.Background(), id); return err }
}

func found(k directory.Key) func(directory.Reader) error {
	return func(r directory.Reader) error { _, _, err := r.FindUsers(context.Background(), k, "x"); return err }
}

func listed(l directory.List) func(directory.Reader) error {
	return func(r directory.Reader) error { _, _, err := r.ListUsers(context.Background(), l); return err }
}

func counted(l directory.List) func(directory.Reader) error {
	return func(r directory.Reader) error { _, err := r.CountUsers(context.Background(), l); return err }
}

func walked(set directory.Set) func(directory.Reader) error {
	return func(r directory.Reader) error {
		_, err := r.WalkSet(context.Background(), set, directory.Mark{}, 9)
		return err
	}
}

func sized(set directory.Set) func(directory.Reader) error {
	return func(r directory.Reader) error { _, err := r.CountSet(context.Background(), set, 9); return err }
}

func aboutTasks(r directory.Reader) error {
	_, err := r.TaskPeople(context.Background(), directory.TaskPeopleQuery{Task: "x", Limit: 9})
	return err
}

func told(q directory.ActivityQuery) func(directory.Reader) error {
	return func(r directory.Reader) error { _, err := r.Activity(context.Background(), q); return err }
}

func watched[T any](read func(directory.Reader, context.Context, string) (*T, error)) func(directory.Reader) error {
	return func(r directory.Reader) error { _, err := read(r, context.Background(), "x"); return err }
}

func aboutApplications[T any](read func(directory.Reader, context.Context) (T, error)) func(directory.Reader) error {
	return func(r directory.Reader) error { _, err := read(r, context.Background()); return err }
}

func by[T any](read func(directory.Reader, context.Context, string) (T, error)) func(directory.Reader, context.Context) (T, error) {
	return func(r directory.Reader, ctx context.Context) (T, error) { return read(r, ctx, "x") }
}

// aboutSignIn lets the look-up find nobody.
func aboutSignIn(read func(context.Context, directory.Reader) error) func(directory.Reader) error {
	return func(r directory.Reader) error {
		if err := read(context.Background(), r); !errors.Is(err, directory.ErrNotFound) {
			return err
		}
		return nil
	}
}

// Opening a session is what every page of the console waits for.
func TestPlanOfASession(t *testing.T) {
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "rollcall.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.OpenSession(t.Context(), "x"); !errors.Is(err, directory.ErrNotFound) {
		t.Fatal(err)
	}
	plan := plans(t, s)
	for _, want := range []string{"s USING INDEX sqlite_autoindex_sessions_1 (hash=?)", "t USING INDEX sqlite_autoindex_tenants_1 (id=?)", "u USING INDEX sqlite_autoindex_users_1 (tenant=? AND id=?)"} {
		if !strings.Contains(plan, want) {
			t.Errorf("planned\n%swant %s", plan, want)
		}
	}
}

// plans explains every statement that was prepared for reading.
func plans(t *testing.T, s *Store) string {
	t.Helper()
	var out strings.Builder
	s.read.stmts.Range(func(query, _ any) bool {
		out.WriteString(explained(t, s, query.(string)))
		return true
	})
	return out.String()
}

func explained(t *testing.T, s *Store, query string) string {
	t.Helper()
	text := s.dialect.rebind(query)
	rows, err := s.read.db.QueryContext(t.Context(), "explain query plan "+text, make([]any, strings.Count(text, "?"))...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out strings.Builder
	for rows.Next() {
		var id, parent, cost int
		var step string
		if err := rows.Scan(&id, &parent, &cost, &step); err != nil {
			t.Fatal(err)
		}
		out.WriteString(step + "\n")
	}
	return out.String()
}
