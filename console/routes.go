package console

import "net/http"

// routes lists every page: who may open it at least, and where it is.
func (c *Console) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /static/{file}", c.static)
	mux.HandleFunc("POST /theme", c.setTheme)

	mux.HandleFunc("GET /help/{$}", c.showHelpIndex)
	mux.HandleFunc("GET /help/{page}", c.showHelp)

	c.public(mux, "GET /sign-in", c.showSignIn)
	c.public(mux, "POST /sign-in", c.signIn)
	c.public(mux, "GET /sign-in/link/{secret}", c.showLink)
	c.public(mux, "POST /sign-in/link/{secret}", c.redeemLink)
	c.public(mux, "POST /sign-out", c.signOut)

	c.operator(mux, "GET /operator", c.showTenants)
	c.operator(mux, "GET /operator/new", c.showNewTenant)
	c.operator(mux, "POST /operator/new", c.makeTenant)
	c.operator(mux, "POST /operator/sign-out", c.signOutOperator)
	c.atBareHost(mux, "GET /operator/sign-in/{secret}", c.showOperatorLink)
	c.atBareHost(mux, "POST /operator/sign-in/{secret}", c.redeemOperatorLink)

	c.on(mux, anyUser, "GET /profile", c.showProfile)
	c.on(mux, anyUser, "GET /profile/password", c.showPassword)
	c.on(mux, anyUser, "POST /profile/password", c.setPassword)
	c.on(mux, anyUser, "POST /profile/sessions", c.endSessions)
	c.on(mux, companyAdmin, "GET /profile/tokens", c.showTokens)
	c.on(mux, companyAdmin, "POST /profile/tokens", c.makeToken)
	c.on(mux, companyAdmin, "POST /profile/tokens/rotate", c.rotateToken)
	c.on(mux, companyAdmin, "POST /profile/tokens/revoke", c.revokeToken)
	c.on(mux, groupAdmin, "POST /users/sign-in-links", c.makeSignInLinks)
	c.on(mux, groupAdmin, "POST /users/{id}/sign-out", c.signOutPerson)
	c.on(mux, companyAdmin, "GET /set-up/invitations", c.showInvitations)
	c.on(mux, companyAdmin, "POST /set-up/invitations", c.invite)
	c.on(mux, companyAdmin, "POST /set-up/invitations/revoke", c.revokeInvitation)

	c.on(mux, groupAdmin, "GET /{$}", c.showHome)
	c.on(mux, groupAdmin, "GET /home/live", c.liveHome)

	c.on(mux, invited, "GET /set-up", c.showSetups)
	c.on(mux, invited, "GET /set-up/{idp}", c.showSetup)
	c.on(mux, invited, "POST /set-up/{idp}", c.makeSetupToken)
	c.on(mux, invited, "GET /set-up/{idp}/live", c.liveSetup)

	c.on(mux, invited, "GET /activity", c.showActivity)
	c.on(mux, invited, "GET /activity/live", c.liveActivity)
	c.on(mux, invited, "GET /activity/export/{format}", c.exportActivity)
	c.on(mux, invited, "GET /activity/{id}", c.showActivityDetail)

	c.on(mux, companyAdmin, "GET /connections", c.showConnections)
	c.on(mux, companyAdmin, "POST /connections", c.makeConnection)
	c.on(mux, companyAdmin, "GET /connections/{name}", c.showConnection)
	c.on(mux, companyAdmin, "POST /connections/{name}", c.changeConnection)

	c.on(mux, invited, "GET /attention", c.showAttention)
	c.on(mux, invited, "GET /attention/live", c.liveAttention)
	c.on(mux, invited, "GET /attention/{entry}", c.showWaiting)
	c.on(mux, invited, "POST /attention/{entry}", c.mend)

	c.on(mux, groupAdmin, "GET /users", c.showUsers)
	c.on(mux, groupAdmin, "GET /users/export", c.exportPeople)
	c.on(mux, groupAdmin, "POST /users/act", c.actOnPeople)
	c.on(mux, groupAdmin, "GET /users/new", c.newPerson)
	c.on(mux, groupAdmin, "POST /users/new", c.addPerson)
	c.on(mux, companyAdmin, "GET /users/removed", c.showRemoved)
	c.on(mux, groupAdmin, "GET /users/unmatched", c.showUnmatched)
	c.on(mux, groupAdmin, "POST /users/unmatched/watch", c.watchAgain)
	c.on(mux, groupAdmin, "POST /users/unmatched/export", c.exportUnmatched)
	c.on(mux, companyAdmin, "GET /users/profile-again", c.showProfileAgain)
	c.on(mux, companyAdmin, "POST /users/profile-again", c.lookAgain)
	c.on(mux, groupAdmin, "GET /users/{id}", c.showPerson)
	c.on(mux, groupAdmin, "POST /users/{id}", c.changePerson)
	c.on(mux, groupAdmin, "GET /users/{id}/edit", c.editPerson)
	c.on(mux, groupAdmin, "POST /users/{id}/edit", c.savePerson)
	c.on(mux, groupAdmin, "GET /tasks", c.showTasks)
	c.on(mux, groupAdmin, "GET /tasks/{id}", c.showTask)
	c.on(mux, groupAdmin, "GET /tasks/{id}/live", c.liveTask)
	c.on(mux, groupAdmin, "POST /tasks/{id}", c.changeTask)

	c.on(mux, groupAdmin, "GET /groups", c.showGroups)
	c.on(mux, companyAdmin, "POST /groups", c.addGroup)
	c.on(mux, groupAdmin, "GET /groups/{id}", c.showGroup)
	c.on(mux, companyAdmin, "POST /groups/{id}", c.changeGroup)
	c.on(mux, groupAdmin, "GET /teams", c.showTeams)
	c.on(mux, groupAdmin, "POST /teams", c.addTeam)
	c.on(mux, groupAdmin, "GET /teams/{id}", c.showTeam)
	c.on(mux, groupAdmin, "POST /teams/{id}", c.changeTeamPage)
	c.on(mux, companyAdmin, "GET /idp-groups", c.showIdPGroups)
	c.on(mux, companyAdmin, "POST /idp-groups", c.addIdPGroup)
	c.on(mux, companyAdmin, "GET /idp-groups/{id}", c.showIdPGroup)
	c.on(mux, companyAdmin, "POST /idp-groups/{id}", c.changeIdPGroup)

	c.on(mux, companyAdmin, "GET /settings", c.showSettings)
	c.on(mux, companyAdmin, "POST /settings", c.saveSettings)

	if c.Applications != nil {
		c.applicationRoutes(mux)
	}
}

func (c *Console) applicationRoutes(mux *http.ServeMux) {
	c.on(mux, companyAdmin, "GET /applications", c.showApplications)
	c.on(mux, companyAdmin, "GET /application-list/live", c.liveApplications)
	c.on(mux, companyAdmin, "GET /new-application", c.showNewApplication)
	c.on(mux, companyAdmin, "POST /new-application", c.createApplication)
	c.on(mux, companyAdmin, "POST /new-application/schema", c.importSchema)

	c.onApp(mux, "GET /applications/{name}", c.showApplication)
	c.onApp(mux, "GET /applications/{name}/live", c.liveApplication)
	c.onApp(mux, "POST /applications/{name}/status", c.switchApplication)
	c.onApp(mux, "POST /applications/{name}/test", c.testApplication)
	c.onApp(mux, "POST /applications/{name}/run", c.runApplication)
	c.onApp(mux, "POST /applications/{name}/stop", c.stopApplication)
	c.onApp(mux, "POST /applications/{name}/restart", c.restartApplication)
	c.onApp(mux, "POST /applications/{name}/delete", c.deleteApplication)
	c.onApp(mux, "GET /applications/{name}/plan", c.showPlan)
	c.onApp(mux, "GET /applications/{name}/plan/live", c.livePlan)
	c.onApp(mux, "POST /applications/{name}/plan", c.judgePlan)
	c.onApp(mux, "POST /applications/{name}/plan/take-back", c.takeBack)
	c.onApp(mux, "GET /applications/{name}/people", c.showAppPeople)
	c.onApp(mux, "GET /applications/{name}/person", c.showAppPerson)
	c.onApp(mux, "POST /applications/{name}/provision", c.provisionPerson)
	c.onApp(mux, "POST /applications/{name}/link", c.linkPerson)
	c.onApp(mux, "GET /applications/{name}/logs", c.showAppLogs)
	c.onApp(mux, "GET /applications/{name}/logs/export", c.exportAppLogs)
	c.onApp(mux, "GET /applications/{name}/logs/{cycle}/{number}", c.showAppLogEntry)
	c.onApp(mux, "GET /applications/{name}/set-up", c.showAppSetup)
	c.onApp(mux, "POST /applications/{name}/set-up", c.saveAppSetup)
	c.onApp(mux, "POST /applications/{name}/set-up/roll-back", c.rollBack)
}
