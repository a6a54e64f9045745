package console

import (
	"time"

	"github.com/rollcall-scim/rollcall/provision"
)

// appRow is a line of the list.
type appRow struct {
	Head  appHead
	State appState
}

// appState is where an application stands.
type appState struct {
	Name       string
	On         bool
	Cycle      *cycleView // the last one, or the one that runs; nil: none has run
	NextRun    time.Time
	LastGood   time.Time
	Counts     provision.Counts
	Waiting    int
	Quarantine string
	NextTry    time.Time
	Nobody     bool // on, and nobody is assigned
}

func stateOf(v *visit, name string, setup *provision.Application, s provision.Store) (appState, error) {
	n, err := provision.StandingOf(v.r.Context(), s)
	if err != nil {
		return appState{}, err
	}
	st := appState{Name: name, On: setup != nil && setup.Status == provision.On, Cycle: viewCycle(n.Cycle), NextRun: micros(n.State.NextRun), LastGood: micros(n.State.LastGood),
		Counts: n.Counts, Waiting: n.Waiting}
	st.Nobody = st.On && setup.AssignsNobody()
	if q := n.State.Quarantined(); q != nil {
		st.Quarantine, st.NextTry = inConsole(q.Reason), micros(q.Next)
	}
	return st, nil
}

func (c *Console) showApplications(v *visit) error {
	rows, err := v.applications()
	if err != nil {
		return err
	}
	return v.show("applications.html", "Applications", rows)
}

// heldApplications is how many applications wait for an admin, or are in quarantine.
func (v *visit) heldApplications() (n int, err error) {
	if v.c.Applications == nil {
		return 0, nil
	}
	all, err := v.t.Applications(v.r.Context())
	if err != nil || len(all) == 0 {
		return 0, err
	}
	row, err := v.t.Row(v.r.Context())
	if err != nil {
		return 0, err
	}
	for _, a := range all {
		held, err := provision.Held(v.r.Context(), v.c.Applications.Stores.Application(row.ID, a.ID))
		if err != nil {
			return 0, err
		}
		if held {
			n++
		}
	}
	return n, nil
}

// liveApplications keeps the list true.
func (c *Console) liveApplications(v *visit) error {
	return v.live(2*time.Second, func() (string, any, error) {
		rows, err := v.applications()
		return "_applications.html", rows, err
	})
}

func (v *visit) applications() ([]appRow, error) {
	all, err := v.t.Applications(v.r.Context())
	if err != nil {
		return nil, err
	}
	row, err := v.t.Row(v.r.Context())
	if err != nil {
		return nil, err
	}
	rows := make([]appRow, 0, len(all))
	for _, a := range all {
		setup, _ := provision.Parse([]byte(a.Document))
		state, err := stateOf(v, a.Name, setup, v.c.Applications.Stores.Application(row.ID, a.ID))
		if err != nil {
			return nil, err
		}
		rows = append(rows, appRow{headOf(a, setup, ""), state})
	}
	return rows, nil
}
