package provision

import (
	"crypto/sha256"
	"time"
	"uuid"
)

// LogContext is what an entry of Entra's provisioning log says beside the
// operation.
type LogContext struct {
	Tenant      string
	Application string // its id
	Name        string // of the application
	Source      string // what people call the source, such as csv
	Target      string // likewise, such as its URL
	Actor       string // who asked for the cycle; empty or "schedule": nobody
}

// entraEntry is provisioningObjectSummary of Microsoft Graph. Its ids are made
// of ours, so that the same entry has the same id whenever it is exported.
type entraEntry struct {
	ID                 string          `json:"id"`
	ActivityDateTime   string          `json:"activityDateTime"`
	TenantID           string          `json:"tenantId"`
	JobID              string          `json:"jobId"`
	CycleID            string          `json:"cycleId"`
	ChangeID           string          `json:"changeId"`
	ProvisioningAction string          `json:"provisioningAction"`
	Duration           int64           `json:"durationInMilliseconds"`
	StatusInfo         entraStatus     `json:"provisioningStatusInfo"`
	Steps              []entraStep     `json:"provisioningSteps"`
	ModifiedProperties []entraProperty `json:"modifiedProperties"`
	ServicePrincipal   entraThing      `json:"servicePrincipal"`
	SourceSystem       entraThing      `json:"sourceSystem"`
	TargetSystem       entraThing      `json:"targetSystem"`
	InitiatedBy        entraInitiator  `json:"initiatedBy"`
	SourceIdentity     entraIdentity   `json:"sourceIdentity"`
	TargetIdentity     entraIdentity   `json:"targetIdentity"`
}

type entraStatus struct {
	Status           string      `json:"status"`
	ErrorInformation *entraError `json:"errorInformation"`
}

type entraError struct {
	ErrorCode         string  `json:"errorCode"`
	Reason            string  `json:"reason"`
	AdditionalDetails *string `json:"additionalDetails"`
	ErrorCategory     string  `json:"errorCategory"`
	RecommendedAction *string `json:"recommendedAction"`
}

type entraStep struct {
	Name        string            `json:"name"`
	Type        string            `json:"provisioningStepType"`
	Status      string            `json:"status"`
	Description string            `json:"description"`
	Details     map[string]string `json:"details"`
}

type entraProperty struct {
	DisplayName string  `json:"displayName"`
	OldValue    *string `json:"oldValue"`
	NewValue    *string `json:"newValue"`
}

type entraThing struct {
	ID          string            `json:"id"`
	DisplayName string            `json:"displayName"`
	Details     map[string]string `json:"details"`
}

type entraInitiator struct {
	ID            string `json:"id"`
	DisplayName   string `json:"displayName"`
	InitiatorType string `json:"initiatorType"`
}

type entraIdentity struct {
	ID           string            `json:"id"`
	DisplayName  string            `json:"displayName"`
	IdentityType string            `json:"identityType"`
	Details      map[string]string `json:"details"`
}

// EntraLog is an operation as Entra's own provisioning log has it: one JSON
// object.
func EntraLog(op *Op, c LogContext) []byte {
	job := entraID(c.Tenant, c.Application)
	cycle := entraID(c.Tenant, c.Application, op.Cycle)
	none := map[string]string{}
	return []byte(encode(entraEntry{
		ID:                 entraID(c.Tenant, c.Application, op.Cycle, op.Number),
		ActivityDateTime:   time.UnixMicro(op.Time).UTC().Format(time.RFC3339),
		TenantID:           c.Tenant,
		JobID:              job,
		CycleID:            cycle,
		ChangeID:           entraID(c.Tenant, c.Application, op.Cycle, op.Type, op.Anchor),
		ProvisioningAction: op.entraAction(),
		Duration:           op.Duration / 1000,
		StatusInfo:         op.entraStatus(),
		Steps:              op.entraSteps(),
		ModifiedProperties: op.entraProperties(),
		ServicePrincipal:   entraThing{c.Application, c.Name, none},
		SourceSystem:       entraThing{entraID(job, "source"), c.Source, none},
		TargetSystem:       entraThing{entraID(job, "target"), c.Target, map[string]string{"ApplicationId": c.Application, "ServicePrincipalDisplayName": c.Name}},
		InitiatedBy:        c.initiator(),
		SourceIdentity:     entraIdentity{op.Anchor, op.Name, op.Type, none},
		TargetIdentity:     entraIdentity{op.Target, op.Name, op.Type, none},
	}))
}

// entraID is a GUID made of what it names.
func entraID(parts ...any) string {
	var u uuid.UUID
	sum := sha256.Sum256([]byte(encode(parts)))
	copy(u[:], sum[:])
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80 // version 8 (RFC 9562): made by a rule of one's own
	return u.String()
}

func (op *Op) entraAction() string {
	if op.State == Staged && op.Losing == LosesAccess {
		return "stageddelete"
	}
	return op.Action
}

func (op *Op) entraStatus() entraStatus {
	s := entraStatus{Status: op.Status}
	if s.Status == "" {
		s.Status = "skipped" // planned, and not done
	}
	if op.Code != "" {
		s.ErrorInformation = &entraError{ErrorCode: op.Code, Reason: op.Message, ErrorCategory: errorCategory(op.Code)}
		if cure := op.Details().Cure; cure != "" {
			s.ErrorInformation.RecommendedAction = &cure
		}
	}
	return s
}

// errorCategory says whose fault it is in Graph's words: a mapping that fails is
// this service's, all else the target's or the data's.
func errorCategory(code string) string {
	if code == "InternalError" {
		return "failure"
	}
	return "nonServiceFailure"
}

func (op *Op) entraSteps() []entraStep {
	steps := []entraStep{}
	for _, s := range op.Details().Steps {
		if s.Details == nil {
			s.Details = map[string]string{}
		}
		steps = append(steps, entraStep(s))
	}
	return steps
}

func (op *Op) entraProperties() []entraProperty {
	properties := []entraProperty{}
	for _, d := range op.Differences() {
		properties = append(properties, entraProperty{d.Path, entraText(d.Old), entraText(d.New)})
	}
	return properties
}

// entraText is a value as text, which is all that Entra's log knows.
func entraText(v any) *string {
	if v == nil {
		return nil
	}
	text := textOf(v)
	switch v.(type) {
	case []any, map[string]any:
		text = encode(v)
	}
	return &text
}

func (c LogContext) initiator() entraInitiator {
	if c.Actor == "" || c.Actor == "schedule" {
		return entraInitiator{"", "Rollcall provisioning", "system"}
	}
	return entraInitiator{c.Actor, c.Actor, "user"}
}
