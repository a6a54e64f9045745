package provision

import (
	"encoding/json/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestEntraLog(t *testing.T) {
	op := &Op{
		Cycle: 3, Number: 1_000_000_007, Key: Key{"User", "a1"}, Name: "ada@a.test", Target: "42", Action: ActionUpdate, State: Failed,
		Diff: encode([]Difference{{Path: "active", Old: true, New: false}, {Path: "title", New: "x"}, {Path: "roles", Old: []any{"a"}}, {Path: "nickName", Old: "s", New: "t", Redacted: true}}),
		Time: time.Date(2026, 11, 22, 8, 9, 10, 5e8, time.UTC).UnixMicro(), Duration: 3_236_900, Status: Failure, Code: "EntryConflict", Message: "somebody has the name",
		Detail: encode(Detail{Steps: []Step{{Name: "EntryExportUpdate", Type: "export", Status: Failure, Description: "refused"}}, Cure: "rename one of them"}),
	}
	c := LogContext{Tenant: "contoso", Application: "app-1", Name: "acme", Source: "csv", Target: "https://acme.example.com", Actor: "anna"}
	var got map[string]any
	if err := json.Unmarshal(EntraLog(op, c), &got); err != nil {
		t.Fatal(err)
	}
	names := "activityDateTime changeId cycleId durationInMilliseconds id initiatedBy jobId modifiedProperties provisioningAction provisioningStatusInfo provisioningSteps servicePrincipal sourceIdentity sourceSystem targetIdentity targetSystem tenantId"
	for _, name := range strings.Fields(names) {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if len(got) != len(strings.Fields(names)) {
		t.Errorf("there are %d members, and Graph has %d", len(got), len(strings.Fields(names)))
	}
	for path, want := range map[string]any{
		"activityDateTime":       "2026-11-22T08:09:10Z",
		"durationInMilliseconds": 3236.0,
		"provisioningAction":     "update",
		"tenantId":               "contoso",
		"initiatedBy":            map[string]any{"id": "anna", "displayName": "anna", "initiatorType": "user"},
		"targetIdentity":         map[string]any{"id": "42", "displayName": "ada@a.test", "identityType": "User", "details": map[string]any{}},
		"provisioningStatusInfo": map[string]any{"status": "failure", "errorInformation": map[string]any{"errorCode": "EntryConflict", "reason": "somebody has the name",
			"additionalDetails": nil, "errorCategory": "nonServiceFailure", "recommendedAction": "rename one of them"}},
		"provisioningSteps": []any{map[string]any{"name": "EntryExportUpdate", "provisioningStepType": "export", "status": "failure", "description": "refused", "details": map[string]any{}}},
		"modifiedProperties": []any{
			map[string]any{"displayName": "active", "oldValue": "True", "newValue": "False"},
			map[string]any{"displayName": "title", "oldValue": nil, "newValue": "x"},
			map[string]any{"displayName": "roles", "oldValue": `["a"]`, "newValue": nil},
			map[string]any{"displayName": "nickName", "oldValue": "[Redact]", "newValue": "[Redact]"},
		},
	} {
		if !reflect.DeepEqual(got[path], want) {
			t.Errorf("%s:\n got %v\nwant %v", path, got[path], want)
		}
	}
	if again := string(EntraLog(op, c)); again != string(EntraLog(op, c)) {
		t.Error("the same entry has other ids")
	}
	next := *op
	next.Number++
	var other map[string]any
	if err := json.Unmarshal(EntraLog(&next, c), &other); err != nil || other["id"] == got["id"] || other["cycleId"] != got["cycleId"] || other["changeId"] != got["changeId"] {
		t.Errorf("ids of another operation about the same object: %v", other)
	}
}

func TestEntraLogActions(t *testing.T) {
	for _, c := range []struct {
		op     Op
		action string
		status string
	}{
		{Op{Action: ActionDelete, State: Staged, Losing: LosesAccess}, "stageddelete", "skipped"},
		{Op{Action: ActionDisable, State: Staged, Losing: LosesAccess}, "stageddelete", "skipped"},
		{Op{Action: ActionUpdate, State: Staged, Losing: LosesMembers}, "update", "skipped"},
		{Op{Action: ActionDisable, State: Done, Status: Success, Losing: LosesAccess}, "disable", "success"},
		{Op{Action: ActionOther, State: Done, Status: Warning}, "other", "warning"},
	} {
		var got struct {
			Action string `json:"provisioningAction"`
			Info   struct {
				Status string `json:"status"`
			} `json:"provisioningStatusInfo"`
			By struct {
				Type string `json:"initiatorType"`
			} `json:"initiatedBy"`
		}
		if err := json.Unmarshal(EntraLog(&c.op, LogContext{Actor: "schedule"}), &got); err != nil || got.Action != c.action || got.Info.Status != c.status || got.By.Type != "system" {
			t.Errorf("%+v: %+v, %v", c.op, got, err)
		}
	}
}
