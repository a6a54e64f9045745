package directory_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

// Who may call a method at all. Company admins may call every one.
const (
	forAdmins = 0
	forGroup  = 1 << iota
	forUsers
	forInvited
	forAll = forGroup | forUsers | forInvited
)

// methods has a row for every exported method of a tenant's handle: whom it is
// for, and a call that changes nothing of note. A new method needs a row, so
// that somebody has thought of who may call it.
var methods = map[string]struct {
	whom int
	call func(w *world, h *directory.Tenant) error
}{
	"Name":   {forAll, func(w *world, h *directory.Tenant) error { h.Name(); return nil }},
	"Self":   {forAll, func(w *world, h *directory.Tenant) error { h.Self(); return nil }},
	"Caller": {forAll, func(w *world, h *directory.Tenant) error { h.Caller(); return nil }},
	"Offers": {forAll, func(w *world, h *directory.Tenant) error { h.Offers("User"); return nil }},
	"Me":     {forAll, func(w *world, h *directory.Tenant) error { _, _, err := h.Me(w.t.Context()); return err }},
	"Failed": {forAll, func(w *world, h *directory.Tenant) error {
		h.Failed(directory.Failure{ID: "x", Status: 400})
		return nil
	}},
	"Projected":  {forAdmins, throughSCIM(func(h *directory.Tenant) scim.ServiceProvider { return h.Projected(scim.Projection{}) })},
	"Operation":  {forAdmins, throughSCIM(func(h *directory.Tenant) scim.ServiceProvider { return h.Operation("GET") })},
	"Row":        {forAll, func(w *world, h *directory.Tenant) error { _, err := h.Row(w.t.Context()); return err }},
	"Settings":   {forAll, func(w *world, h *directory.Tenant) error { _, err := h.Settings(w.t.Context()); return err }},
	"Verify":     {forAll, func(w *world, h *directory.Tenant) error { return h.Verify(w.t.Context()) }},
	"Display":    {forAll, func(w *world, h *directory.Tenant) error { h.Display(); return nil }},
	"SetDisplay": {forAdmins, func(w *world, h *directory.Tenant) error { return h.SetDisplay(w.t.Context(), "") }},
	"Set":        {forAdmins, func(w *world, h *directory.Tenant) error { return h.Set(w.t.Context(), "scim", "true") }},

	"Get": {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.Get(w.t.Context(), "User", "x"); return err }},
	"Query": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, err := h.Query(w.t.Context(), "User", scim.Query{Count: 1})
		return err
	}},
	"Create": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, err := h.Create(w.t.Context(), "User", parse(w.t, `{}`))
		return err
	}},
	"Replace": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, err := h.Replace(w.t.Context(), "User", "x", parse(w.t, `{}`), "")
		return err
	}},
	"Patch": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, err := h.Patch(w.t.Context(), "User", "x", &scim.Patch{}, "")
		return err
	}},
	"Delete": {forAdmins, func(w *world, h *directory.Tenant) error { return h.Delete(w.t.Context(), "User", "x", "") }},

	"Users": {forGroup, func(w *world, h *directory.Tenant) error {
		_, err := h.Users(w.t.Context(), directory.UserQuery{})
		return err
	}},
	"User":       {forGroup | forUsers, func(w *world, h *directory.Tenant) error { _, err := h.User(w.t.Context(), "x"); return err }},
	"CreateUser": {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.CreateUser(w.t.Context(), "", nil); return err }},
	"SetUser":    {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.SetUser(w.t.Context(), "x", nil); return err }},
	"MoveUser": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, err := h.MoveUser(w.t.Context(), "x", "Sweden")
		return err
	}},
	"SetRole": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, err := h.SetRole(w.t.Context(), "x", "company admin")
		return err
	}},
	"RemoveUser":  {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.RemoveUser(w.t.Context(), "x"); return err }},
	"RestoreUser": {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.RestoreUser(w.t.Context(), "x"); return err }},
	"AddToTeam": {forGroup, func(w *world, h *directory.Tenant) error {
		_, err := h.AddToTeam(w.t.Context(), "x", directory.TeamRef{Name: "x"})
		return err
	}},
	"RemoveFromTeam": {forGroup, func(w *world, h *directory.Tenant) error {
		_, err := h.RemoveFromTeam(w.t.Context(), "x", directory.TeamRef{Name: "x"})
		return err
	}},
	"Entries": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, err := h.Entries(w.t.Context(), directory.EntryQuery{Type: "User", Limit: 1})
		return err
	}},
	"ProfileAgain": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, err := h.ProfileAgain(w.t.Context(), nil, true, nil)
		return err
	}},
	"UndoProfiling": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, _, err := h.UndoProfiling(w.t.Context(), "x")
		return err
	}},

	"Find": {forGroup, func(w *world, h *directory.Tenant) error {
		_, err := h.Find(w.t.Context(), directory.PeopleQuery{})
		return err
	}},
	"Chosen": {forGroup, func(w *world, h *directory.Tenant) error {
		_, err := h.Chosen(w.t.Context(), directory.PeopleQuery{}, 10)
		return err
	}},
	"EachPerson": {forGroup, func(w *world, h *directory.Tenant) error {
		return h.EachPerson(w.t.Context(), directory.PeopleQuery{}, func(directory.User) error { return nil })
	}},
	"Do": {forGroup, func(w *world, h *directory.Tenant) error {
		_, err := h.Do(w.t.Context(), directory.Bulk{Kind: directory.TaskRemove, People: []string{"x"}})
		return err
	}},
	"LeaveAlone":   {forGroup, func(w *world, h *directory.Tenant) error { return h.LeaveAlone(w.t.Context(), "x", true) }},
	"LookAgain":    {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.LookAgain(w.t.Context(), nil); return err }},
	"ProfileFound": {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.ProfileFound(w.t.Context(), "x"); return err }},
	"UndoProfiled": {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.UndoProfiled(w.t.Context(), "x"); return err }},
	"Tasks":        {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.Tasks(w.t.Context()); return err }},
	"Task":         {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.Task(w.t.Context(), "x"); return err }},
	"TaskPeople": {forGroup, func(w *world, h *directory.Tenant) error {
		_, err := h.TaskPeople(w.t.Context(), "x", directory.TaskDid, "", 1)
		return err
	}},
	"StopTask":     {forGroup, func(w *world, h *directory.Tenant) error { return h.StopTask(w.t.Context(), "x") }},
	"ContinueTask": {forGroup, func(w *world, h *directory.Tenant) error { return h.ContinueTask(w.t.Context(), "x") }},
	"History": {forGroup, func(w *world, h *directory.Tenant) error {
		_, err := h.History(w.t.Context(), "x", 0, 1)
		return err
	}},
	"Origins": {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.Origins(w.t.Context(), "x"); return err }},
	"Links":   {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.Links(w.t.Context(), "x"); return err }},
	"TeamsOf": {forAll, func(w *world, h *directory.Tenant) error {
		h.TeamsOf(w.t.Context(), directory.User{})
		return nil
	}},
	"TaskFound":       {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.TaskFound(w.t.Context(), "x"); return err }},
	"ConnectionNames": {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.ConnectionNames(w.t.Context()); return err }},
	"GroupNames":      {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.GroupNames(w.t.Context()); return err }},
	"SizedGroups":     {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.SizedGroups(w.t.Context()); return err }},
	"Group":           {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.Group(w.t.Context(), "x"); return err }},
	"FindTeams": {forGroup, func(w *world, h *directory.Tenant) error {
		_, err := h.FindTeams(w.t.Context(), directory.TeamQuery{Limit: 1})
		return err
	}},
	"Team": {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.Team(w.t.Context(), "x"); return err }},
	"RemoveTeamName": {forGroup, func(w *world, h *directory.Tenant) error {
		return h.RemoveTeamName(w.t.Context(), directory.TeamRef{Name: "x"}, "y")
	}},
	"IdPMembers": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, err := h.IdPMembers(w.t.Context(), "x", "", 1)
		return err
	}},
	"OneIdPGroup":    {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.OneIdPGroup(w.t.Context(), "x"); return err }},
	"RenameIdPGroup": {forAdmins, func(w *world, h *directory.Tenant) error { return h.RenameIdPGroup(w.t.Context(), "x", "y") }},
	"TeamsMadeBy":    {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.TeamsMadeBy(w.t.Context(), "x"); return err }},
	"Held":           {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.Held(w.t.Context()); return err }},
	"Forgotten":      {forAll, func(w *world, h *directory.Tenant) error { h.Forgotten(directory.User{}); return nil }},
	"OtherNames":     {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.OtherNames(w.t.Context(), "x"); return err }},

	"Figures":         {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.Figures(w.t.Context()); return err }},
	"Groups":          {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.Groups(w.t.Context()); return err }},
	"CreateGroup":     {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.CreateGroup(w.t.Context(), ""); return err }},
	"RenameGroup":     {forAdmins, func(w *world, h *directory.Tenant) error { return h.RenameGroup(w.t.Context(), "x", "y") }},
	"AddGroupName":    {forAdmins, func(w *world, h *directory.Tenant) error { return h.AddGroupName(w.t.Context(), "x", "y") }},
	"RemoveGroupName": {forAdmins, func(w *world, h *directory.Tenant) error { return h.RemoveGroupName(w.t.Context(), "x", "y") }},
	"DeleteGroup":     {forAdmins, func(w *world, h *directory.Tenant) error { return h.DeleteGroup(w.t.Context(), "x") }},
	"Teams":           {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.Teams(w.t.Context(), ""); return err }},
	"CreateTeam":      {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.CreateTeam(w.t.Context(), "x", "y"); return err }},
	"RenameTeam": {forGroup, func(w *world, h *directory.Tenant) error {
		return h.RenameTeam(w.t.Context(), directory.TeamRef{Name: "x"}, "y")
	}},
	"AddTeamName": {forGroup, func(w *world, h *directory.Tenant) error {
		return h.AddTeamName(w.t.Context(), directory.TeamRef{Name: "x"}, "y")
	}},
	"DeleteTeam": {forGroup, func(w *world, h *directory.Tenant) error {
		return h.DeleteTeam(w.t.Context(), directory.TeamRef{Name: "x"})
	}},
	"MergeTeams": {forGroup, func(w *world, h *directory.Tenant) error {
		return h.MergeTeams(w.t.Context(), directory.TeamRef{Name: "x"}, directory.TeamRef{Name: "y"})
	}},

	"IdPGroups":          {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.IdPGroups(w.t.Context()); return err }},
	"IdPGroup":           {forAdmins, func(w *world, h *directory.Tenant) error { _, _, err := h.IdPGroup(w.t.Context(), "x"); return err }},
	"CreateIdPGroup":     {forAdmins, func(w *world, h *directory.Tenant) error { return h.CreateIdPGroup(w.t.Context(), "") }},
	"AddToIdPGroup":      {forAdmins, func(w *world, h *directory.Tenant) error { return h.AddToIdPGroup(w.t.Context(), "x", nil) }},
	"RemoveFromIdPGroup": {forAdmins, func(w *world, h *directory.Tenant) error { return h.RemoveFromIdPGroup(w.t.Context(), "x", nil) }},
	"DeleteIdPGroup":     {forAdmins, func(w *world, h *directory.Tenant) error { return h.DeleteIdPGroup(w.t.Context(), "x") }},

	"Sent":             {forAdmins, throughSCIM(func(h *directory.Tenant) scim.ServiceProvider { return h.Sent("/Users", "") })},
	"Traffic":          {forInvited, func(w *world, h *directory.Tenant) error { _, err := h.Traffic(w.t.Context(), w.now); return err }},
	"ConnectionHealth": {forInvited, func(w *world, h *directory.Tenant) error { _, err := h.ConnectionHealth(w.t.Context()); return err }},
	"Knocks":           {forInvited, func(w *world, h *directory.Tenant) error { _, err := h.Knocks(w.now); return err }},
	"Attention":        {forInvited, func(w *world, h *directory.Tenant) error { _, err := h.Attention(w.t.Context()); return err }},
	"AttentionCount":   {forInvited, func(w *world, h *directory.Tenant) error { _, err := h.AttentionCount(w.t.Context()); return err }},
	"WaitingFor": {forInvited, func(w *world, h *directory.Tenant) error {
		_, _, err := h.WaitingFor(w.t.Context(), "x", "", 1)
		return err
	}},
	"Mend": {forInvited, func(w *world, h *directory.Tenant) error {
		_, err := h.Mend(w.t.Context(), "x", directory.CureDismiss, "")
		return err
	}},

	"Connections":      {forInvited, func(w *world, h *directory.Tenant) error { _, err := h.Connections(w.t.Context()); return err }},
	"CreateConnection": {forAdmins, func(w *world, h *directory.Tenant) error { return h.CreateConnection(w.t.Context(), "") }},
	"SetConnection":    {forAdmins, func(w *world, h *directory.Tenant) error { return h.SetConnection(w.t.Context(), "x", "name", "y") }},
	"DeleteConnection": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, err := h.DeleteConnection(w.t.Context(), "x")
		return err
	}},
	"CreateConnectionToken": {forInvited, func(w *world, h *directory.Tenant) error {
		_, err := h.CreateConnectionToken(w.t.Context(), "x", "y", time.Time{})
		return err
	}},
	"HandOver": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, err := h.HandOver(w.t.Context(), "x", []string{"y"})
		return err
	}},
	"Unlink": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, err := h.Unlink(w.t.Context(), "x", []string{"y"})
		return err
	}},
	"Removals":        {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.Removals(w.t.Context()); return err }},
	"ConfirmRemovals": {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.ConfirmRemovals(w.t.Context(), "x"); return err }},
	"BringBack": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, _, err := h.BringBack(w.t.Context(), []string{"x"})
		return err
	}},

	"Tokens": {forInvited, func(w *world, h *directory.Tenant) error { _, err := h.Tokens(w.t.Context()); return err }},
	"CreateToken": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, err := h.CreateToken(w.t.Context(), "x", "y", time.Time{})
		return err
	}},
	"RevokeToken": {forAdmins, func(w *world, h *directory.Tenant) error { return h.RevokeToken(w.t.Context(), "x") }},
	"RotateToken": {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.RotateToken(w.t.Context(), "x"); return err }},
	"Clients":     {forInvited, func(w *world, h *directory.Tenant) error { _, err := h.Clients(w.t.Context()); return err }},
	"CreateClient": {forInvited, func(w *world, h *directory.Tenant) error {
		_, _, err := h.CreateClient(w.t.Context(), directory.NewClient{Name: "x", Connection: "y"})
		return err
	}},
	"RevokeClient": {forAdmins, func(w *world, h *directory.Tenant) error { return h.RevokeClient(w.t.Context(), "x") }},

	"Activity": {forInvited, func(w *world, h *directory.Tenant) error {
		_, err := h.Activity(w.t.Context(), directory.ActivityFilter{Limit: 1})
		return err
	}},
	"SearchActivity": {forInvited, func(w *world, h *directory.Tenant) error {
		_, err := h.SearchActivity(w.t.Context(), directory.ActivityFilter{Limit: 1})
		return err
	}},
	"EachActivity": {forInvited, func(w *world, h *directory.Tenant) error {
		return h.EachActivity(w.t.Context(), directory.ActivityFilter{}, func(directory.Activity) error { return nil })
	}},
	"ActivityByID": {forInvited, func(w *world, h *directory.Tenant) error { _, err := h.ActivityByID(w.t.Context(), "x"); return err }},
	"Changes": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, err := h.Changes(w.t.Context(), directory.ChangeQuery{Limit: 1})
		return err
	}},

	"Applications":    {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.Applications(w.t.Context()); return err }},
	"Application":     {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.Application(w.t.Context(), "x"); return err }},
	"ApplicationByID": {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.ApplicationByID(w.t.Context(), "x"); return err }},
	"ApplicationSeq":  {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.ApplicationSeq(w.t.Context(), "x"); return err }},
	"ApplicationSecrets": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, err := h.ApplicationSecrets(w.t.Context(), "x")
		return err
	}},
	"ApplicationVersions": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, err := h.ApplicationVersions(w.t.Context(), "x")
		return err
	}},
	"PutApplication": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, err := h.PutApplication(w.t.Context(), "x", "source: {}", nil, 0)
		return err
	}},
	"DeleteApplication": {forAdmins, func(w *world, h *directory.Tenant) error {
		_, err := h.DeleteApplication(w.t.Context(), "x")
		return err
	}},

	"Sessions":         {forAll, func(w *world, h *directory.Tenant) error { _, err := h.Sessions(w.t.Context()); return err }},
	"SignOut":          {forAll, func(w *world, h *directory.Tenant) error { return h.SignOut(w.t.Context()) }},
	"EndSession":       {forAll, func(w *world, h *directory.Tenant) error { return h.EndSession(w.t.Context(), "x") }},
	"EndOtherSessions": {forAll, func(w *world, h *directory.Tenant) error { _, err := h.EndOtherSessions(w.t.Context()); return err }},
	"SignOutPerson":    {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.SignOutPerson(w.t.Context(), "x"); return err }},
	"GivePassword": {forAdmins, func(w *world, h *directory.Tenant) error {
		if err := h.GivePassword(w.t.Context(), "user@acme.test", passphrase); !beyondReach(err) {
			w.t.Errorf("a session gave a password: %v", err)
		} else if h.Self().Role < directory.RoleCompanyAdmin {
			return err
		}
		return nil
	}},
	"SignInState": {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.SignInState(w.t.Context(), "x"); return err }},
	"HasPassword": {forAll, func(w *world, h *directory.Tenant) error { _, err := h.HasPassword(w.t.Context()); return err }},
	"SetPassword": {forAll, func(w *world, h *directory.Tenant) error { return h.SetPassword(w.t.Context(), "", "") }},
	"SignInLink":  {forGroup, func(w *world, h *directory.Tenant) error { _, err := h.SignInLink(w.t.Context(), "x"); return err }},
	"BreakGlass": {forAdmins, func(w *world, h *directory.Tenant) error {
		if _, _, err := h.BreakGlass(w.t.Context(), "user@acme.test"); !beyondReach(err) {
			w.t.Errorf("a session broke the glass: %v", err)
		} else if h.Self().Role < directory.RoleCompanyAdmin {
			return err
		}
		return nil
	}},
	"Invite":           {forAdmins, func(w *world, h *directory.Tenant) error { _, _, err := h.Invite(w.t.Context(), ""); return err }},
	"Invitations":      {forAdmins, func(w *world, h *directory.Tenant) error { _, err := h.Invitations(w.t.Context()); return err }},
	"RevokeInvitation": {forAdmins, func(w *world, h *directory.Tenant) error { return h.RevokeInvitation(w.t.Context(), "x") }},
}

// throughSCIM tries what a copy of the handle can do.
func throughSCIM(copied func(*directory.Tenant) scim.ServiceProvider) func(*world, *directory.Tenant) error {
	return func(w *world, h *directory.Tenant) error {
		_, err := copied(h).Query(w.t.Context(), "User", scim.Query{Count: 1})
		return err
	}
}

func beyondReach(err error) bool {
	var e *scim.Error
	return errors.As(err, &e) && e.Code == "403.5"
}

func TestWhoMayCallWhat(t *testing.T) {
	typ := reflect.TypeFor[*directory.Tenant]()
	for m := range typ.Methods() {
		if _, ok := methods[m.Name]; !ok {
			t.Errorf("nobody has said who may call Tenant.%s: give it a row here", m.Name)
		}
	}
	each(t, func(w *world) {
		w.groups("Finland", "Sweden")
		for name, role := range map[string]string{"group@acme.test": "group-admin", "user@acme.test": "user"} {
			_, err := w.admin.CreateUser(t.Context(), name, map[string]string{"country": "Finland"})
			w.must(err)
			_, err = w.admin.SetRole(t.Context(), name, role)
			w.must(err)
		}
		for kind, c := range map[string]struct {
			may  int
			open func() *directory.Tenant
		}{
			"company admin": {-1, func() *directory.Tenant { return w.session(w.enter("admin@acme.test")) }},
			"group admin":   {forGroup, func() *directory.Tenant { return w.session(w.enter("group@acme.test")) }},
			"user":          {forUsers, func() *directory.Tenant { return w.session(w.enter("user@acme.test")) }},
			"invitation": {forInvited, func() *directory.Tenant {
				_, link, err := w.admin.Invite(t.Context(), "Ida")
				w.must(err)
				s, err := w.d.RedeemLink(t.Context(), link, "acme", browser)
				w.must(err)
				return w.session(s)
			}},
		} {
			for name, m := range methods {
				may := c.may == -1 || m.whom&c.may != 0
				if err := m.call(w, c.open()); beyondReach(err) == may {
					t.Errorf("%s calls %s: %v", kind, name, err)
				}
			}
		}
	})
}

// A group admin's tenant is his group (behaviour.md 2.3).
func TestGroupAdmin(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		w.groups("Finland", "Sweden")
		for name, country := range map[string]string{"gea@acme.test": "Finland", "anna@acme.test": "Finland", "sven@acme.test": "Sweden", "boss@acme.test": "Finland", "peer@acme.test": "Finland"} {
			_, err := w.admin.CreateUser(ctx, name, map[string]string{"country": country})
			w.must(err)
		}
		for name, role := range map[string]string{"gea@acme.test": "group-admin", "peer@acme.test": "group-admin", "boss@acme.test": "company-admin"} {
			_, err := w.admin.SetRole(ctx, name, role)
			w.must(err)
		}
		_, err := w.admin.CreateTeam(ctx, "Sweden", "Fika")
		w.must(err)
		gea := w.session(w.enter("gea@acme.test"))

		users, err := gea.Users(ctx, directory.UserQuery{})
		w.must(err)
		if len(users) != 4 {
			t.Errorf("sees %d people, and 4 are in the group", len(users))
		}
		if users, err := gea.Users(ctx, directory.UserQuery{Group: "Sweden"}); len(users) > 0 {
			t.Errorf("sees Sweden: %v %v", users, err)
		}
		for _, q := range []directory.PeopleQuery{{}, {Text: "acme"}, {Text: "sven"}, {State: "removed"}, {Group: w.user("sven@acme.test").GroupID}} {
			page, err := gea.Find(ctx, q)
			if got := locals(page.People); strings.Contains(got, "sven") {
				t.Errorf("%+v finds %s: %v", q, got, err)
			}
		}
		if f, err := gea.Figures(ctx); err != nil || f != (directory.Figures{People: 4, Groups: 1}) {
			t.Errorf("figures %+v, %v", f, err)
		}
		if f, err := w.admin.Figures(ctx); err != nil || f != (directory.Figures{People: 6, Groups: 3, Teams: 1}) {
			t.Errorf("all figures %+v, %v", f, err)
		}
		groups, err := gea.Groups(ctx)
		w.must(err)
		teams, err := gea.Teams(ctx, "")
		w.must(err)
		if len(groups) != 1 || groups[0].Name != "Finland" || groups[0].Users != 4 || len(teams) != 0 {
			t.Errorf("groups %+v, teams %+v", groups, teams)
		}

		// Of his group: all of it.
		_, err = gea.CreateTeam(ctx, "Finland", "Sauna")
		w.must(err)
		w.must(gea.RenameTeam(ctx, directory.TeamRef{Name: "Sauna"}, "Sauna club"))
		u, err := gea.CreateUser(ctx, "new@acme.test", map[string]string{"department": "Sales"})
		w.must(err)
		if u.Group != "Finland" || u.Role != "user" || len(u.Teams) != 1 {
			t.Errorf("made %+v", u)
		}
		_, err = gea.AddToTeam(ctx, "new@acme.test", directory.TeamRef{Name: "Sauna club"})
		w.must(err)
		_, err = gea.SetUser(ctx, "anna@acme.test", map[string]string{"title": "Cook"})
		w.must(err)
		_, err = gea.SignInLink(ctx, "anna@acme.test")
		w.must(err)
		_, err = gea.RemoveUser(ctx, "new@acme.test")
		w.must(err)

		// Beyond it, and above himself: nothing.
		for what, try := range map[string]func() error{
			"see a Swede": func() error { _, err := gea.User(ctx, "sven@acme.test"); return err },
			"change a Swede": func() error {
				_, err := gea.SetUser(ctx, "sven@acme.test", map[string]string{"title": "x"})
				return err
			},
			"remove a Swede":      func() error { _, err := gea.RemoveUser(ctx, w.user("sven@acme.test").ID); return err },
			"take a Swede's name": func() error { _, err := gea.CreateUser(ctx, "sven@acme.test", nil); return err },
			"make a Swede": func() error {
				_, err := gea.CreateUser(ctx, "x@acme.test", map[string]string{"country": "Sweden"})
				return err
			},
			"send to Sweden": func() error {
				_, err := gea.SetUser(ctx, "anna@acme.test", map[string]string{"country": "Sweden"})
				return err
			},
			"move": func() error { _, err := gea.MoveUser(ctx, "anna@acme.test", "Sweden"); return err },
			"go to Sweden himself": func() error {
				_, err := gea.SetUser(ctx, "gea@acme.test", map[string]string{"country": "Sweden"})
				return err
			},
			"a Swedish team":     func() error { _, err := gea.CreateTeam(ctx, "Sweden", "x"); return err },
			"rename Fika":        func() error { return gea.RenameTeam(ctx, directory.TeamRef{Name: "Fika"}, "x") },
			"rename Fika, named": func() error { return gea.RenameTeam(ctx, directory.TeamRef{Name: "Fika", Group: "Sweden"}, "x") },
			"move many": func() error {
				_, err := gea.Do(ctx, directory.Bulk{Kind: directory.TaskMove, Argument: "Sweden", People: []string{w.user("anna@acme.test").ID}})
				return err
			},
			"remove many": func() error {
				done, err := gea.Do(ctx, directory.Bulk{Kind: directory.TaskRemove, People: []string{w.user("sven@acme.test").ID}})
				if err == nil && len(done.Problems) > 0 {
					err = errors.New(done.Problems[0].Detail)
				}
				return err
			},
			"read a Swede's history": func() error { _, err := gea.History(ctx, "sven@acme.test", 0, 5); return err },
			"rise":                   func() error { _, err := gea.SetRole(ctx, "gea@acme.test", "company-admin"); return err },
			"change a company admin": func() error {
				_, err := gea.SetUser(ctx, "boss@acme.test", map[string]string{"userName": "gea2@acme.test"})
				return err
			},
			"remove a company admin": func() error { _, err := gea.RemoveUser(ctx, "boss@acme.test"); return err },
			"be a company admin":     func() error { _, err := gea.SignInLink(ctx, "boss@acme.test"); return err },
			"be another admin":       func() error { _, err := gea.SignInLink(ctx, "peer@acme.test"); return err },
		} {
			if try() == nil {
				t.Errorf("a group admin could: %s", what)
			}
		}
		changes, err := w.admin.Changes(ctx, directory.ChangeQuery{Object: w.user("anna@acme.test").ID})
		w.must(err)
		if last := changes[len(changes)-1]; last.Actor != "user "+w.user("gea@acme.test").ID {
			t.Errorf("the log says that it was %s", last.Actor)
		}
		if u := w.user("anna@acme.test"); u.Group != "Finland" {
			t.Errorf("anna is in %s", u.Group)
		}
	})
}

func TestPlainUserSeesHimself(t *testing.T) {
	each(t, func(w *world) {
		for _, name := range []string{"anna@acme.test", "bo@acme.test"} {
			_, err := w.admin.CreateUser(t.Context(), name, map[string]string{"department": "Sales"})
			w.must(err)
		}
		anna := w.session(w.enter("anna@acme.test"))
		me, err := anna.User(t.Context(), anna.Self().ID)
		w.must(err)
		if me.UserName != "anna@acme.test" || len(me.Teams) != 1 {
			t.Errorf("sees %+v", me)
		}
		for _, other := range []string{"bo@acme.test", w.user("bo@acme.test").ID} {
			if _, err := anna.User(t.Context(), other); err == nil || !strings.Contains(err.Error(), "nobody here") {
				t.Errorf("sees %s: %v", other, err)
			}
		}
	})
}
