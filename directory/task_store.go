package directory

import "context"

// TaskReader is the part of a Reader about long work.
type TaskReader interface {
	// Task returns nil, and no error, for an id that is not there.
	Task(ctx context.Context, id string) (*TaskRow, error)
	// Tasks lists those started since then, the newest first.
	Tasks(ctx context.Context, since int64) ([]TaskRow, error)
	// TaskPeople lists people of a task who have that outcome, in the order of
	// their ids.
	TaskPeople(ctx context.Context, q TaskPeopleQuery) ([]TaskPersonRow, error)
	CountTaskPeople(ctx context.Context, task string, outcome TaskOutcome) (int, error)
	// TaskPerson returns nil, and no error, for somebody whom the task is not about.
	TaskPerson(ctx context.Context, task, user string) (*TaskPersonRow, error)
}

// TaskTx is the part of a Tx about long work.
type TaskTx interface {
	PutTask(ctx context.Context, t *TaskRow) error
	PutTaskPeople(ctx context.Context, task string, people []TaskPersonRow) error
	// DeleteTasks deletes the tasks that were started before, with their people.
	DeleteTasks(ctx context.Context, before int64) error
}

// TaskRow is long work on people.
type TaskRow struct {
	ID       string // the request id of its changes too
	Kind     string
	Argument string // the id of a group, a team or another task
	Title    string
	Actor    string
	Worker   string // whoever works on it; another one takes it over by writing itself here
	State    string // running, done, failed, interrupted
	Started  int64
	Beat     int64 // the last sign of life
	Ended    int64
	Total    int64
	Done     int64 // with Problems
	Problems int64
	Error    string
}

// TaskOutcome is what came of one person of a task.
type TaskOutcome int8

const (
	TaskWaits   TaskOutcome = 0
	TaskDid     TaskOutcome = 1
	TaskProblem TaskOutcome = 2
	TaskNothing TaskOutcome = 3 // there was nothing to do
)

// TaskPersonRow is one person of a task.
type TaskPersonRow struct {
	User    string
	Outcome TaskOutcome
	Detail  string
}

// TaskPeopleQuery asks for people of a task.
type TaskPeopleQuery struct {
	Task    string
	Outcome TaskOutcome
	After   string
	Limit   int
}
