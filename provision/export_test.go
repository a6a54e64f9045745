package provision

import "time"

// LeaseFor shortens the engine's lease.
func LeaseFor(e *Engine, d time.Duration) { e.leased = d }
