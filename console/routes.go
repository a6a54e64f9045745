package console

import "net/http"

// routes lists every page: who may open it at least, and where it is.
func (c *Console) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /static/{file}", c.static)
	mux.HandleFunc("POST /theme", c.setTheme)

	mux.HandleFunc("GET /help/{$}", c.showHelpIndex)
	mux.HandleFunc("GET /help/{page}", c.showHelp)

	c.on(mux, groupAdmin, "GET /{$}", c.showHome)
	c.on(mux, groupAdmin, "GET /home/live", c.liveHome)

	c.on(mux, invited, "GET /activity", c.showActivity)
	c.on(mux, invited, "GET /activity/live", c.liveActivity)
	c.on(mux, invited, "GET /activity/export/{format}", c.exportActivity)
	c.on(mux, invited, "GET /activity/{id}", c.showActivityDetail)

	c.on(mux, invited, "GET /attention", c.showAttention)
	c.on(mux, invited, "GET /attention/live", c.liveAttention)
	c.on(mux, invited, "GET /attention/{entry}", c.showWaiting)
	c.on(mux, invited, "POST /attention/{entry}", c.mend)

	c.on(mux, companyAdmin, "GET /settings", c.showSettings)
	c.on(mux, companyAdmin, "POST /settings", c.saveSettings)
}
