package directory

import "context"

// SetNarrow says which sets are small, for tests of those that are not, and
// returns what was said before.
func SetNarrow(n int) int {
	was := narrowSet
	narrowSet = n
	return was
}

// WaitForTasks waits for those that this process works on.
func (d *Directory) WaitForTasks() { d.tasks.wait.Wait() }

// HaltTasks stops this process's tasks, those that are begun later too.
func (d *Directory) HaltTasks() { d.tasks.stop() }

// Revive makes a task look as if somebody had just worked on it.
func (d *Directory) Revive(ctx context.Context, t *Tenant, id string) {
	if err := t.changeTask(ctx, id, func(w *write, row *TaskRow) error {
		row.State, row.Worker, row.Beat = TaskRunning, "somebody", w.now
		return nil
	}); err != nil {
		panic(err)
	}
}
